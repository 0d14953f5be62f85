// Captures into an engine, a batch at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ctwin/feed.h"
#include "engine/engine.h"
#include "io/checksum_judge.h"
#include "io/merge.h"

namespace ctwin::io {

/// The interface, if one is named, and the file of "[IFACE=]FILE". A file of that very name, equals
/// sign and all, is a file.
std::pair<std::optional<std::string>, std::string> split_capture(const std::string& capture);

class CaptureFeed final : public Feed {
 public:
  struct Options {
    Checksums checksums = Checksums::kAuto;
    bool run_out = false;  ///< after the last packet, let time pass until every entry has expired
    /// Gets what is to be said of the packets, a line.
    std::function<void(std::string_view)> remark;
  };

  CaptureFeed(engine::Engine& engine, const Options& options)
      : engine_(engine), options_(options), checksums_(options.checksums) {}

  /// Adds a capture: FILE, or IFACE=FILE to name the interface of its packets; "-" is standard
  /// input.
  Status add(const std::string& capture);

  /// From now on `step` does not wait for who writes the captures: it may then do nothing, and
  /// `waits_for` is the descriptor from which more will come, else -1.
  void do_not_wait() { merger_.do_not_wait(); }
  int waits_for() const { return merger_.waits_for(); }

  bool step() override;
  Progress progress() const override;
  Status status() const override;

 private:
  void remark_offloaded();
  bool run_out();

  engine::Engine& engine_;
  Options options_;
  ChecksumJudge checksums_;
  CaptureMerger merger_;
  bool said_offloaded_ = false;
  std::vector<uint32_t> devices_;  ///< from the merger's interfaces to the engine's devices
};

}  // namespace ctwin::io
