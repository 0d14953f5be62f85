// Where packets go: routes, and what is known of an address by them.
//
// Two tables a family, as a Linux box has them: `local`, made from the addresses of the devices,
// and `main`, from the networks of these addresses and from `ip route`. The longest prefix wins,
// then the smallest metric, then the older route.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ctwin/result.h"
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

struct Route {
  RouteType type = RouteType::kUnspec;  ///< kUnspec: there is none
  uint32_t device = 0;
  Address gateway;           ///< unset where the destination is on the link
  Address preferred_source;  ///< `src` of ip route; unset where it is not given
  uint32_t mtu = 0;          ///< 0: the device's
};

/// A route as `ip route add` describes it.
struct RouteEntry {
  Address network;
  uint8_t prefix = 0;
  uint32_t metric = 0;
  Scope scope = Scope::kUniverse;
  Route route;
};

class Router {
 public:
  Interfaces& interfaces() { return interfaces_; }
  const Interfaces& interfaces() const { return interfaces_; }

  /// `ip addr add`, `ip addr del`: with the routes that the kernel adds by itself.
  Status add_address(uint32_t device, const InterfaceAddress& address);
  Status remove_address(uint32_t device, const Address& address, uint8_t prefix);
  /// `ip route add|replace|del`. EEXIST, ESRCH, ENETUNREACH (a gateway that is on no link) as the
  /// kernel says.
  Status add_route(const RouteEntry& entry, bool replace);
  Status remove_route(const RouteEntry& entry);

  /// fib_lookup: the route to `destination`. With `device` only routes out of that device.
  Route find(const Address& destination, uint32_t device = 0) const;

  /// inet_addr_type, inet_dev_addr_type, ipv6_addr_type as xt_addrtype asks: what `address` is to
  /// this box, or, with `device`, to that device.
  RouteType address_type(const Address& address, uint32_t device = 0) const;

  /// inet_select_addr, ipv6_dev_get_saddr: the address to send from to `destination` by `device`;
  /// unset when there is none.
  Address source_for(const Address& destination, uint32_t device) const;
  /// The source of a packet made here: the route's own, else source_for.
  Address source_of(const Route& route, const Address& destination) const;

  /// Is it an address of this box?
  bool is_local(const Address& address) const {
    return address_type(address) == RouteType::kLocal;
  }

 private:
  Interfaces interfaces_;
};

}  // namespace ctwin::router
