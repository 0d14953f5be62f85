// The order of the questions is the kernel's: which drop a packet dies of does not matter to it,
// but whether an error is sent does.
#include "router/input.h"

#include <algorithm>

#include "router/address_class.h"

namespace ctwin::router {

namespace {

constexpr uint8_t kUnreachable = 3, kNetUnreachable = 0, kHostUnreachable = 1, kFiltered = 13;
constexpr uint8_t kUnreachableV6 = 1, kNoRoute = 0, kProhibited = 1, kBeyondScope = 2;

InputRoute dropped(const char* reason) {
  InputRoute result;
  result.reason = reason;
  return result;
}

InputRoute answered(uint8_t type, uint8_t code, const char* reason) {
  InputRoute result;
  result.decision = InputDecision::kError;
  result.error = {type, code, 0};
  result.reason = reason;
  return result;
}

InputRoute delivered() {
  InputRoute result;
  result.decision = InputDecision::kLocal;
  return result;
}

InputRoute forwarded(const Route& route) {
  InputRoute result;
  result.decision = InputDecision::kForward;
  result.route = &route;
  return result;
}

/// One packet's question.
struct Arrival {
  const Router& router;
  uint32_t device;
  const Address& source;
  const Address& destination;
  const InputRules& rules;
  uint8_t hop_limit;
};

// ---- IPv4 ----

/// fib_validate_source: null when the source may come from there. `on_link` becomes true when it is
/// a neighbour on that device; `full` asks the routes even where no rule wants it.
const char* bad_source(const Arrival& in, bool full, bool& on_link) {
  const bool is_own = in.router.has_address(in.source);
  if (in.rules.rp_filter == 0 && !full) {
    if (in.rules.accept_local) return nullptr;
    if (!in.router.has_custom_local_routes())
      return is_own ? "martian source: it is this box's own address" : nullptr;
  }
  const Route& back = in.router.find(in.source);
  constexpr const char* kNotThisWay = "the reverse-path filter: the source is not reached this way";
  if (back.type == RouteType::kUnspec || is_refusal(back.type))
    return in.rules.rp_filter != 0 ? kNotThisWay : nullptr;
  if (back.type == RouteType::kLocal) {
    if (!in.rules.accept_local) return "martian source: it is this box's own address";
  } else if (back.type != RouteType::kUnicast) {
    return "martian source: it is no host's address";
  }
  if (back.device == in.device || (back.type == RouteType::kLocal && in.device == kLoopback)) {
    on_link = !back.gateway.is_set();
    return nullptr;
  }
  if (in.rules.rp_filter == 1) return kNotThisWay;
  const Route& other = in.router.find(in.source, in.device);
  on_link = other.type == RouteType::kUnicast && !other.gateway.is_set();
  return nullptr;
}

/// Groups: the box is in the one of all hosts only.
InputRoute route_multicast(const Arrival& in) {
  const auto& group = in.destination.bytes;
  const bool all_hosts = is_local_multicast(in.destination) && group[3] == 1;
  if (!all_hosts) return dropped("the box is not in that multicast group");
  if (is_multicast(in.source) || is_limited_broadcast(in.source) ||
      (is_loopback(in.source) && !in.rules.route_localnet))
    return dropped("martian source");
  bool on_link = false;
  if (!is_any(in.source))
    if (const char* why = bad_source(in, false, on_link)) return dropped(why);
  return delivered();
}

InputRoute deliver_broadcast(const Arrival& in) {
  bool on_link = false;
  if (!is_any(in.source))
    if (const char* why = bad_source(in, false, on_link)) return dropped(why);
  return delivered();
}

/// Addresses that no route makes good (ip_route_input_slow); null when there are none.
const char* martian(const Arrival& in) {
  if (is_any(in.source)) return "martian source: 0.0.0.0";
  if (is_any(in.destination)) return "martian destination: 0.0.0.0";
  if (in.rules.route_localnet || in.device == kLoopback) return nullptr;
  if (is_loopback(in.destination)) return "martian destination: 127.0.0.0/8 is not on this link";
  if (is_loopback(in.source)) return "martian source: 127.0.0.0/8 is not on this link";
  return nullptr;
}

/// Where there is no way: ip_error.
InputRoute no_way_v4(const Arrival& in, RouteType type) {
  if (!in.rules.forwards_v4) return dropped("not for this box, which does not forward");
  switch (type) {
    case RouteType::kBlackhole: return dropped("a blackhole route");
    case RouteType::kUnreachable:
      return answered(kUnreachable, kHostUnreachable, "an unreachable route");
    case RouteType::kProhibit: return answered(kUnreachable, kFiltered, "a prohibit route");
    default: return answered(kUnreachable, kNetUnreachable, "no route");
  }
}

InputRoute route_v4(const Arrival& in) {
  if (is_multicast(in.destination)) return route_multicast(in);
  if (is_multicast(in.source) || is_limited_broadcast(in.source))
    return dropped("martian source: it is no host's address");
  if (is_limited_broadcast(in.destination) || (is_any(in.source) && is_any(in.destination)))
    return deliver_broadcast(in);
  if (const char* why = martian(in)) return dropped(why);
  const Route& route = in.router.find(in.destination);
  bool on_link = false;
  switch (route.type) {
    case RouteType::kBroadcast: return deliver_broadcast(in);
    case RouteType::kLocal:
      if (const char* why = bad_source(in, false, on_link)) return dropped(why);
      return delivered();
    case RouteType::kUnicast: break;
    case RouteType::kAnycast:
    case RouteType::kMulticast: return dropped("martian destination");
    default: return no_way_v4(in, route.type);
  }
  if (!in.rules.forwards_v4) return dropped("not for this box, which does not forward");
  const bool turns_back = route.device == in.device && in.rules.send_redirects;
  if (const char* why = bad_source(in, turns_back, on_link)) return dropped(why);
  InputRoute result = forwarded(route);
  result.redirect = turns_back && on_link;
  return result;
}

// ---- IPv6 ----

/// ff02::1 and ff01::1 of all nodes, those of all routers, and the solicited-node groups of the
/// device's addresses (ipv6_chk_mcast_addr).
bool is_member(const Arrival& in) {
  const auto& group = in.destination.bytes;
  const bool short_group =
      std::all_of(group.begin() + 2, group.end() - 1, [](uint8_t byte) { return byte == 0; });
  if (short_group && (group[1] == 1 || group[1] == 2) && group[15] == 1) return true;
  const bool scope_of_routers = group[1] == 1 || group[1] == 2 || group[1] == 5;
  if (short_group && scope_of_routers && group[15] == 2)
    return in.rules.forwards_v6 && in.device != kLoopback;
  constexpr uint8_t kSolicited[] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
  const Interface& device = in.router.interfaces()[in.device];
  if (!device.asks_neighbours || device.loopback) return false;
  if (!std::equal(std::begin(kSolicited), std::end(kSolicited), group.begin())) return false;
  const auto ends_alike = [&](const Address& own) {
    return std::equal(own.bytes.begin() + 13, own.bytes.end(), group.begin() + 13);
  };
  constexpr uint8_t kLargestWithAnycast = 126;
  for (const InterfaceAddress& own : device.addresses) {
    if (is_ipv4(own.address)) continue;
    if (ends_alike(own.address)) return true;
    // The anycast address of the network ends in zeros.
    const bool ends_in_zeros = group[13] == 0 && group[14] == 0 && group[15] == 0;
    if (own.prefix <= kLargestWithAnycast && own.prefix <= 104 && ends_in_zeros) return true;
  }
  return false;
}

/// What ip6_forward thinks of the source; a packet that turns back is not asked.
const InputRoute* forbidden_source(const Arrival& in) {
  static const InputRoute kNone = dropped("a source that is no host's");
  static const InputRoute kLinkLocal =
      answered(kUnreachableV6, kBeyondScope, "a link-local source, which does not leave its link");
  if (is_any(in.source) || is_multicast(in.source) || is_loopback(in.source)) return &kNone;
  return is_link_local_v6(in.source) ? &kLinkLocal : nullptr;
}

InputRoute route_v6(const Arrival& in) {
  const bool on_this_link = is_multicast(in.destination) || is_link_local_v6(in.destination);
  const Route& route = in.router.find(in.destination, on_this_link ? in.device : 0);
  switch (route.type) {
    case RouteType::kMulticast:
      if (!is_member(in)) return dropped("the box is not in that multicast group");
      return delivered();
    case RouteType::kLocal:
    case RouteType::kAnycast: return delivered();
    case RouteType::kUnicast: break;
    case RouteType::kBlackhole: return dropped("a blackhole route");
    case RouteType::kProhibit: return answered(kUnreachableV6, kProhibited, "a prohibit route");
    case RouteType::kUnreachable: return answered(kUnreachableV6, kNoRoute, "an unreachable route");
    default: return answered(kUnreachableV6, kNoRoute, "no route");
  }
  if (!in.rules.forwards_v6) return dropped("not for this box, which does not forward");
  if (route.device != in.device && in.hop_limit > 1)
    if (const InputRoute* forbidden = forbidden_source(in)) return *forbidden;
  InputRoute result = forwarded(route);
  result.redirect = route.device == in.device;
  return result;
}

}  // namespace

const char* refused_before_hooks(const Router& router, uint32_t device, const Address& source,
                                 const Address& destination) {
  if (is_ipv4(source) || router.interfaces()[device].loopback) return nullptr;
  constexpr uint8_t kNodeLocal = 1;
  if (is_loopback(source) || is_loopback(destination)) return "::1 is not on this link";
  if (is_multicast(destination) && (destination.bytes[1] & 0x0f) == kNodeLocal)
    return "an interface-local group is not on this link";
  return nullptr;
}

InputRoute route_input(const Router& router, uint32_t device, const Address& source,
                       const Address& destination, conntrack::PacketType type,
                       const InputRules& rules, uint8_t hop_limit) {
  const Arrival in{router, device, source, destination, rules, hop_limit};
  InputRoute result = is_ipv4(destination) ? route_v4(in) : route_v6(in);
  if (result.decision == InputDecision::kForward && type != conntrack::PacketType::kHost)
    return dropped("it was not sent to this box's link-layer address alone");
  return result;
}

}  // namespace ctwin::router
