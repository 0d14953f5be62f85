// Which routes may be: fib_create_info and fib_check_nh for IPv4, ip6_route_info_create for IPv6.
// The reasons are the kernel's words.
#include <cerrno>

#include "router/address_class.h"
#include "router/router.h"

namespace ctwin::router {

Status Router::resolve_v4(RouteEntry& entry) const {
  Route& route = entry.route;
  if (is_refusal(route.type)) {
    if (route.gateway.is_set() || route.device != 0)
      return Error{EINVAL,
                   "Gateway, device and multipath can not be specified for this route type"};
    return {};
  }
  const Scope narrowest = route.type == RouteType::kLocal       ? Scope::kHost
                          : route.type == RouteType::kBroadcast ? Scope::kLink
                          : route.type == RouteType::kAnycast   ? Scope::kLink
                                                                : Scope::kUniverse;
  if (route.scope < narrowest || route.scope > Scope::kHost) return Error{EINVAL, "Invalid scope"};
  if (route.scope == Scope::kHost) {
    if (route.gateway.is_set())
      return Error{EINVAL, "Route with host scope can not have a gateway"};
    if (route.device == 0) return Error{ENODEV, "No such device"};
  } else if (route.gateway.is_set()) {
    if (Status status = resolve_gateway_v4(entry); !status.ok()) return status;
  } else {
    if (entry.onlink)
      return Error{EINVAL, "Invalid flags for nexthop - PERVASIVE and ONLINK can not be set"};
    if (route.device == 0) return Error{ENODEV, "No such device"};
    if (!interfaces_[route.device].up) return Error{ENETDOWN, "Device for nexthop is not up"};
  }
  if (!route.preferred_source.is_set()) return {};
  const bool its_own = route.type == RouteType::kLocal && route.preferred_source == entry.network;
  if (!its_own && address_type(route.preferred_source) != RouteType::kLocal)
    return Error{EINVAL, "Invalid prefsrc address"};
  return {};
}

/// The gateway must be on a link, by a route without a gateway, unless the route says `onlink`.
Status Router::resolve_gateway_v4(RouteEntry& entry) const {
  Route& route = entry.route;
  if (entry.onlink) {
    if (route.scope >= Scope::kLink) return Error{EINVAL, "Nexthop has invalid scope"};
    if (route.device == 0) return Error{ENODEV, "Nexthop device required for onlink"};
    if (!interfaces_[route.device].up) return Error{ENETDOWN, "Nexthop device is not up"};
    if (address_type(route.gateway) != RouteType::kUnicast)
      return Error{EINVAL, "Nexthop has invalid gateway"};
    return {};
  }
  // By a route of a narrower scope than this one's.
  const Scope at_least = route.scope < Scope::kLink ? Scope::kLink : Scope::kHost;
  const RouteEntry* way = v4_.find(route.gateway, [&](const RouteEntry& candidate) {
    const bool this_way = route.device == 0 || candidate.route.device == route.device ||
                          is_refusal(candidate.route.type);
    return candidate.route.scope >= at_least && this_way;
  });
  if (!way) return Error{ENETUNREACH, "Nexthop has invalid gateway"};
  if (way->route.type != RouteType::kUnicast && way->route.type != RouteType::kLocal)
    return Error{EINVAL, "Nexthop has invalid gateway"};
  route.device = way->route.device;
  if (!interfaces_[route.device].up) return Error{ENETDOWN, "Nexthop device is not up"};
  return {};
}

Status Router::resolve_v6(RouteEntry& entry) const {
  Route& route = entry.route;
  if (entry.onlink) {
    if (route.device == 0) return Error{ENODEV, "Nexthop device required for onlink"};
    if (!interfaces_[route.device].up) return Error{ENETDOWN, "Nexthop device is not up"};
  }
  // Nothing can be sent by lo but what is the box's own.
  const bool by_loopback = route.type == RouteType::kUnicast && route.device == kLoopback &&
                           !route.gateway.is_set() && !is_loopback(entry.network);
  if (by_loopback) route.type = RouteType::kUnreachable;
  if (is_refusal(route.type)) {
    // The kernel says lo, which nothing leaves by.
    route.device = 0;
    route.gateway = {};
  } else {
    if (route.gateway.is_set())
      if (Status status = resolve_gateway_v6(entry); !status.ok()) return status;
    if (route.device == 0) return Error{ENODEV, "No such device"};
    if (!interfaces_[route.device].up) return Error{ENETDOWN, "Nexthop device is not up"};
  }
  if (route.preferred_source.is_set() && !has_address(route.preferred_source))
    return Error{EINVAL, "Invalid source address"};
  return {};
}

Status Router::resolve_gateway_v6(RouteEntry& entry) const {
  Route& route = entry.route;
  if (has_address(route.gateway, is_link_local_v6(route.gateway) ? route.device : 0))
    return Error{EINVAL, "Gateway can not be a local address"};
  if (!is_link_local_v6(route.gateway)) {
    if (is_multicast(route.gateway) || is_any(route.gateway) || is_loopback(route.gateway))
      return Error{EINVAL, "Invalid gateway address"};
    if (!entry.onlink) {
      const Route& way = find(route.gateway, route.device);
      if (way.type == RouteType::kUnspec || is_refusal(way.type) || way.gateway.is_set())
        return Error{EHOSTUNREACH, "No route to host"};
      route.device = way.device;
    }
  }
  if (route.device == 0) return Error{EINVAL, "Egress device not specified"};
  if (interfaces_[route.device].loopback)
    return Error{EINVAL, "Egress device can not be loopback device for this route"};
  return {};
}

}  // namespace ctwin::router
