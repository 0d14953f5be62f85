// What becomes of a packet that comes in: ip_route_input and ip6_route_input.
#pragma once

#include <cstdint>

#include "conntrack/skb.h"
#include "router/icmp_send.h"
#include "router/router.h"

namespace ctwin::router {

enum class InputDecision : uint8_t {
  kLocal,    ///< for this box: INPUT
  kForward,  ///< to go on by `route`: FORWARD
  kError,    ///< dropped, and `error` says so to the sender
  kDrop,     ///< dropped without a word
};

/// How strict a device is (net.ipv4.conf.DEVICE.*, net.ipv6.conf.all.forwarding).
struct InputRules {
  bool forwards_v4 = true;
  bool forwards_v6 = true;
  uint8_t rp_filter = 0;      ///< 1: sources must come by the device that leads to them; 2: by any
  bool accept_local = false;  ///< sources may be this box's own addresses
  bool route_localnet = false;  ///< 127.0.0.0/8 is a network as any other
  bool send_redirects = false;  ///< IPv4; IPv6 does wherever the device has a link-local address
};

struct InputRoute {
  InputDecision decision = InputDecision::kDrop;
  const Route* route = nullptr;  ///< kForward; good as long as what Router::find answers
  IcmpError error;               ///< kError
  const char* reason = "";       ///< kError, kDrop: why, for people
  bool redirect = false;  ///< kForward: out by the device of entry, and the sender wants to know
};

/// Is the packet dropped before any hook, for addresses that may not come from that device
/// (ip6_rcv_core)? The reason, or null.
const char* refused_before_hooks(const Router& router, uint32_t device, const Address& source,
                                 const Address& destination);

/// `hop_limit` matters where a link-local IPv6 source would have to leave its link: a packet that
/// may go no further is forwarded all the same, for the engine to answer that first.
InputRoute route_input(const Router& router, uint32_t device, const Address& source,
                       const Address& destination, conntrack::PacketType type,
                       const InputRules& rules, uint8_t hop_limit = 255);

}  // namespace ctwin::router
