// Which program is behind a netlink port: for the [USERSPACE] tail of an event.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ctwin::cli {

/// Looks ports up in /proc and remembers the answers, the empty ones included, until `forget`.
/// Finding a program means walking the descriptors of every process, and a burst of events mostly
/// has one cause.
class ProgramNames {
 public:
  /// The name, empty when the program is gone or not to be seen.
  std::string_view find(uint32_t port_id);
  void forget() { names_.clear(); }

 private:
  std::unordered_map<uint32_t, std::string> names_;
};

}  // namespace ctwin::cli
