// A route: what a lookup gives, and what `ip route add` describes.
#pragma once

#include <cstdint>

#include "router/interfaces.h"

namespace ctwin::router {

/// RTN_* of rtnetlink; also what `-m addrtype` calls the type of an address. The value is the
/// kernel's number.
enum class RouteType : uint8_t {
  kUnspec = 0,
  kUnicast = 1,
  kLocal = 2,
  kBroadcast = 3,
  kAnycast = 4,
  kMulticast = 5,
  kBlackhole = 6,
  kUnreachable = 7,
  kProhibit = 8,
  kThrow = 9,
};
/// A route that leads nowhere.
constexpr bool is_refusal(RouteType type) { return type >= RouteType::kBlackhole; }

struct Route {
  RouteType type = RouteType::kUnspec;  ///< kUnspec: there is none
  uint32_t device = 0;
  Address gateway;           ///< unset where the destination is on the link
  Address preferred_source;  ///< `src` of ip route; unset where it is not given
  uint32_t mtu = 0;          ///< 0: the device's
  bool mtu_locked = false;
  Scope scope = Scope::kUniverse;
  friend bool operator==(const Route&, const Route&) = default;
};

/// A route as `ip route add` describes it.
struct RouteEntry {
  Address network;
  uint8_t prefix = 0;
  uint32_t metric = 0;
  Route route;
  bool onlink = false;          ///< the gateway is on the link, whatever other routes say
  bool in_local_table = false;  ///< of the table `local`, not of `main`
  bool automatic = false;       ///< made from a device's address
  friend bool operator==(const RouteEntry&, const RouteEntry&) = default;
};

}  // namespace ctwin::router
