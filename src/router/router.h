// Where packets go: routes, and what is known of an address by them.
//
// Two tables a family, as a Linux box has them: `local`, made from the addresses of the devices,
// and `main`, from the networks of these addresses and from `ip route`. The longest prefix wins,
// then the smallest metric, then the older route. IPv6 asks `local` first and `main` only where it
// has no answer; IPv4 looks at both as one, as the kernel does where there are no `ip rule`s.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "ctwin/result.h"
#include "router/interfaces.h"
#include "router/route.h"
#include "router/route_table.h"

namespace ctwin::router {

/// What the packets made here carry (net.ipv4.ip_default_ttl, net.ipv6.conf.*.hop_limit), and where
/// errors come from (net.ipv4.icmp_errors_use_inbound_ifaddr).
struct OwnPackets {
  uint8_t ttl = 64;
  uint8_t hop_limit = 64;
  bool errors_from_inbound_address = false;
};

class Router {
 public:
  /// With lo, which has its addresses 127.0.0.1/8 and ::1/128.
  Router();

  Interfaces& interfaces() { return interfaces_; }
  const Interfaces& interfaces() const { return interfaces_; }
  OwnPackets& own_packets() { return own_packets_; }
  const OwnPackets& own_packets() const { return own_packets_; }

  /// `ip link set up|down`, with the routes that come and go with it.
  void set_up(uint32_t device, bool up);

  /// `ip addr add`, `ip addr del`: with the routes that the kernel adds by itself. EEXIST, EINVAL
  /// and EADDRNOTAVAIL as the kernel says. Whether the address is a secondary one is found out.
  Status add_address(uint32_t device, const InterfaceAddress& address);
  Status remove_address(uint32_t device, const Address& address, uint8_t prefix);

  /// `ip route add|replace|append|prepend|change`.
  enum class AddMode : uint8_t { kAdd, kReplace, kAppend, kPrepend, kChange };
  /// EEXIST, ENOENT, ENETUNREACH (a gateway that is on no link), ENETDOWN, ENODEV, EINVAL as the
  /// kernel says. Metric 0 is 1024 for IPv6. A gateway finds its device by itself.
  Status add_route(RouteEntry entry, AddMode mode);
  /// `ip route del`: what is not set – type, device, gateway, source, metric – is any. ESRCH when
  /// there is no such route.
  Status remove_route(const RouteEntry& entry);

  /// fib_lookup: the route to `destination`. With `device` only routes out of that device.
  /// Good until a route, an address or a device changes.
  const Route& find(const Address& destination, uint32_t device = 0) const;

  /// The largest packet that is forwarded by a route (ip_dst_mtu_maybe_forward and its IPv6 twin,
  /// which asks the route only where its MTU is locked).
  uint32_t forward_mtu(const Route& route, uint8_t family) const;

  /// inet_addr_type, inet_dev_addr_type, ipv6_addr_type as xt_addrtype asks: what `address` is to
  /// this box, or, with `device`, to that device. For IPv6 everything but kMulticast and kUnspec is
  /// a unicast address, too, and kUnreachable is one that no route leads to.
  RouteType address_type(const Address& address, uint32_t device = 0) const;

  /// inet_select_addr, ipv6_dev_get_saddr: the address to send from to `destination` by `device`;
  /// unset when there is none.
  Address source_for(const Address& destination, uint32_t device) const;
  /// The source of a packet made here: the route's own, else the one that suits.
  Address source_of(const Route& route, const Address& destination) const;

  /// Is it an address of a device (of `device`, unless that is 0)? Routes of type local make none.
  bool has_address(const Address& address, uint32_t device = 0) const;
  /// Is there a route of type local that no device's address made?
  bool has_custom_local_routes() const { return custom_local_routes_; }

 private:
  struct Remembered {
    Address destination;
    uint32_t device = 0;
    const Route* route = nullptr;
  };
  static constexpr size_t kRemembered = 64;
  /// Answers given before: packets of a flow ask the same again and again. They lie in the tables
  /// of one router, so that a copy of it begins without any.
  struct Memory {
    std::array<Remembered, kRemembered> places{};
    Memory() = default;
    Memory(const Memory&) {}
    Memory& operator=(const Memory&) {
      places.fill({});
      return *this;
    }
  };

  RouteTable& table_of(const RouteEntry& entry);
  const Route& look_up(const Address& destination, uint32_t device) const;
  const Route& look_up_v4(const Address& destination, uint32_t device) const;
  const Route& look_up_v6(const Address& destination, uint32_t device) const;
  const Route& multicast_by(uint32_t device) const;
  Status resolve_v4(RouteEntry& entry) const;
  Status resolve_gateway_v4(RouteEntry& entry) const;
  Status resolve_v6(RouteEntry& entry) const;
  Status resolve_gateway_v6(RouteEntry& entry) const;
  Status insert(const RouteEntry& entry, AddMode mode);
  /// The routes that the addresses of a device make.
  std::vector<RouteEntry> made_by(uint32_t device) const;
  /// Makes the routes fit, after something changed that had made `before`.
  void refresh(uint32_t device, const std::vector<RouteEntry>& before);
  Status add_address_v4(uint32_t device, InterfaceAddress address);
  Status add_address_v6(uint32_t device, InterfaceAddress address);
  Address select_v4(uint32_t device, const Address& destination, Scope scope) const;
  Address select_v6(uint32_t device, const Address& destination) const;
  void forget() { memory_.places.fill({}); }

  Interfaces interfaces_;
  OwnPackets own_packets_;
  RouteTable v4_;  ///< both tables
  RouteTable local_v6_, main_v6_;
  bool custom_local_routes_ = false;
  mutable Memory memory_;
  mutable std::deque<Route> multicast_v6_;  ///< by device
};

}  // namespace ctwin::router
