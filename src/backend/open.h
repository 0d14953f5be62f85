// Which table to work on: the running kernel's, or that of an engine, in this process or another.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctwin/backend.h"
#include "ctwin/feed.h"

namespace ctwin::backend {

/// What an engine in this process has, and what it is to do.
struct EngineTableOptions {
  std::vector<std::string> captures;       ///< [IFACE=]FILE
  std::vector<std::string> sysctls;        ///< NAME=VALUE
  std::vector<std::string> setups;         ///< setup files, read in order
  std::vector<std::string> captures_out;   ///< [IFACE=]FILE, for what leaves
  std::string log;                         ///< a file for log lines; empty: `log_to`
  std::string iptables_save;               ///< a file for the rules; empty: none, "-": `trace_to`
  std::string checksums = "auto";          ///< auto, verify or ignore
  std::vector<std::string> tuns;           ///< TUN devices that the engine has
  std::vector<std::string> live_captures;  ///< interfaces that the engine watches
  std::string capture_filter;              ///< for these; empty: all packets
  bool run_out = false;
  /// Answers others on a unix socket.
  struct Serve {
    std::string path;
    uint32_t mode = 0600;
    std::optional<std::string> group;
  };
  std::optional<Serve> serve;
  std::optional<uint64_t> seed;
  /// A file to keep the engine in, empty for none. Where the command may change something
  /// (`changes`) it is locked, for which `wait_ms` may pass, and written in the end.
  std::string state;
  bool changes = true;
  uint64_t wait_ms = 60'000;
  bool trace = false;
  bool trace_only_invalid = false;
  bool trace_json = false;
  /// Where the trace goes, and where remarks on the captures go, each a line.
  std::function<void(std::string_view)> trace_to;
  std::function<void(std::string_view)> remark;
  std::function<void(std::string_view)> log_to;
  // For an engine that lives until it is told to end:
  std::function<bool()> interrupted;  ///< has a signal come that is to be dealt with?
  std::function<bool()> take_reload;  ///< are the setup files to be read again? Is told once.
  std::function<void()> before_wait;  ///< what was printed may be shown
  bool ends_with_output = false;      ///< nobody needs it once nobody reads standard output
};

class Table {
 public:
  virtual ~Table() = default;
  virtual BackendSource& source() = 0;
  /// The packets for the engine; null when there are none.
  virtual Feed* feed() = 0;
  /// Behind the command: completes the files that were asked for.
  virtual Status finish() = 0;
};

/// The running kernel's, in the network namespace that the process is in.
std::unique_ptr<Table> open_kernel_table();
/// That of the engine which serves on the socket `path`.
Result<std::unique_ptr<Table>> open_socket_table(const std::string& path);
/// Fails with EINVAL for options that make no sense, else with what opening a capture came to.
Result<std::unique_ptr<Table>> open_engine_table(const EngineTableOptions& options);

}  // namespace ctwin::backend
