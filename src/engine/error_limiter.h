// How often the box sends ICMP errors, where a sysctl sets a limit: to one address
// (inet_peer_xrlim_allow) and to everybody together (icmp_global_allow).
#pragma once

#include <map>

#include "conntrack/conn.h"
#include "ctwin/address.h"
#include "setup/box_settings.h"

namespace ctwin::engine {

class ErrorLimiter {
 public:
  explicit ErrorLimiter(const setup::ErrorRates& rates) : rates_(rates) {}

  /// May an error of this type and code go to `destination` now? Asking takes the right to it.
  bool allow(const Address& destination, uint8_t type, uint8_t code, conntrack::Tick now);

  /// Time that has been saved up, in ticks, and when that was counted.
  struct Bucket {
    conntrack::Tick tokens = 0, last = 0;
  };
  /// What it remembers of the errors that were sent.
  struct Memory {
    Bucket everybody;  ///< its tokens are errors
    bool begun = false;
    std::map<std::array<uint8_t, 16>, Bucket> peers;
  };
  const Memory& memory() const { return memory_; }
  void restore(Memory memory) { memory_ = std::move(memory); }

 private:
  bool allow_all(conntrack::Tick now);
  bool allow_one(const Address& destination, conntrack::Tick interval, conntrack::Tick now);

  setup::ErrorRates rates_;
  Memory memory_;
};

}  // namespace ctwin::engine
