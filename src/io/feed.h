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
#include "io/merge.h"

namespace ctwin::io {

/// What to think of transport checksums.
enum class Checksums : uint8_t {
  kAuto,    ///< unfinished ones, as offloading leaves them in captures, are right; others are
            ///< verified
  kVerify,  ///< all are verified
  kIgnore,  ///< all are right
};

/// The interface, if one is named, and the file of "[IFACE=]FILE". A file of that very name, equals
/// sign and all, is a file.
std::pair<std::optional<std::string>, std::string> split_capture(const std::string& capture);

class CaptureFeed final : public Feed {
 public:
  struct Options {
    Checksums checksums = Checksums::kAuto;
    bool run_out = false;  ///< after the last packet, let time pass until every entry has expired
  };

  CaptureFeed(engine::Engine& engine, const Options& options)
      : engine_(engine), options_(options) {}

  /// Adds a capture: FILE, or IFACE=FILE to name the interface of its packets; "-" is standard
  /// input.
  Status add(const std::string& capture);

  bool step() override;
  Progress progress() const override;
  Status status() const override;

  /// Packets whose checksum was unfinished, or that were merged from several.
  uint64_t offloaded() const { return offloaded_; }

 private:
  packet::ChecksumState checksum_of(const CapturedPacket& captured);
  bool run_out();

  engine::Engine& engine_;
  Options options_;
  CaptureMerger merger_;
  std::vector<uint32_t> devices_;  ///< from the merger's interfaces to the engine's devices
  uint64_t offloaded_ = 0;
};

}  // namespace ctwin::io
