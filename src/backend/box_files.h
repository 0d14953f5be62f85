// What a router writes into files: the packets that leave it, its log, its rules.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/box.h"
#include "io/capture_writer.h"

namespace ctwin::backend {

class BoxFiles final : public rules::LogSink {
 public:
  using Print = std::function<void(std::string_view)>;

  explicit BoxFiles(engine::Box& box);
  ~BoxFiles() override;

  /// [IFACE=]FILE for packets: those of one device, or all.
  Status write_packets(const std::string& capture);
  /// A file for log lines, or who gets them.
  Status write_log(const std::string& path);
  void print_log(Print print) { print_ = std::move(print); }

  void log(const rules::LogEntry& entry) override;
  void depart(const engine::Departure& departure);

  /// Completes the files. What could not be written is an error that names the file.
  Status finish();

 private:
  struct Capture {
    std::string device;  ///< empty: all
    std::unique_ptr<io::CaptureWriter> writer;
    std::vector<uint32_t> interfaces;  ///< the writer's numbers + 1, by device; 0: not declared yet
  };

  engine::Box& box_;
  std::vector<Capture> captures_;
  std::FILE* log_file_ = nullptr;
  std::string log_path_;
  Print print_;
};

/// Writes the rules of both families with their counters, as iptables-save -c does.
Status save_rules(const engine::Box& box, const std::string& path, const BoxFiles::Print& print);

}  // namespace ctwin::backend
