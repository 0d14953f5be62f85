// How often the box sends ICMP errors, where a sysctl sets a limit: to one address
// (inet_peer_xrlim_allow), to everybody together (icmp_global_allow), and for want of a route
// (ip_error).
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

  /// May the sender of a packet without a route be told of it now (ip_error)? The error that this
  /// leads to is limited by `allow` as well, out of the same savings.
  bool allow_no_route(const Address& sender, conntrack::Tick now);

  /// May a sender be told of a shorter way to this destination now (ip6_forward, which has one
  /// limit for each end)? These limits are always there.
  bool allow_redirect_v6(const Address& sender, const Address& destination, conntrack::Tick now);

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
  bool allow_one(const Address& peer, conntrack::Tick cost, conntrack::Tick most,
                 conntrack::Tick now);

  setup::ErrorRates rates_;
  Memory memory_;
};

}  // namespace ctwin::engine
