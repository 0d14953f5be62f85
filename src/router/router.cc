// Lookups, and the routes that come and go with addresses and devices. Which routes may be added is
// in route_checks.cc, which source address suits in source_address.cc.
#include "router/router.h"

#include <algorithm>
#include <cerrno>

#include "base/address.h"
#include "router/address_class.h"

namespace ctwin::router {

namespace {

const Route kNoRoute{};

constexpr uint32_t kMetricV6 = 1024;
constexpr uint32_t kMetricOfPrefixV6 = 256;

Address masked(const Address& address, uint8_t prefix) {
  const Address mask = prefix_mask(address.family, prefix);
  Address network = address;
  for (size_t i = 0; i < network.bytes.size(); ++i) network.bytes[i] &= mask.bytes[i];
  return network;
}

bool same_network(const Address& a, const Address& b, uint8_t prefix) {
  return a.equals_under(b, prefix_mask(b.family, prefix));
}

Address last_of(const Address& address, uint8_t prefix) {
  const Address mask = prefix_mask(address.family, prefix);
  Address last = address;
  for (size_t i = 0; i < last.size(); ++i)
    last.bytes[i] = static_cast<uint8_t>(last.bytes[i] | ~mask.bytes[i]);
  return last;
}

struct Made {
  std::vector<RouteEntry>& routes;
  uint32_t device;

  RouteEntry& add(const Address& network, uint8_t prefix, RouteType type, Scope scope) {
    RouteEntry& entry = routes.emplace_back();
    entry.network = masked(network, prefix);
    entry.prefix = prefix;
    entry.route.type = type;
    entry.route.device = device;
    entry.route.scope = scope;
    entry.in_local_table = type != RouteType::kUnicast;
    entry.automatic = true;
    return entry;
  }
};

/// The routes of an IPv4 address (fib_add_ifaddr). `primary` is the first address of its network.
void make_v4(Made made, const Interface& device, const InterfaceAddress& own,
             const Address& primary) {
  constexpr uint8_t kHost = 32, kLargestWithBroadcast = 30;
  const auto add = [&](const Address& network, uint8_t prefix, RouteType type) {
    const Scope scope = type == RouteType::kLocal ? Scope::kHost : Scope::kLink;
    made.add(network, prefix, type, scope).route.preferred_source = primary;
  };
  add(own.address, kHost, RouteType::kLocal);
  if (!device.up) return;
  if (own.broadcast.is_set() && !is_limited_broadcast(own.broadcast))
    add(own.broadcast, kHost, RouteType::kBroadcast);
  const Address network = masked(own.peer, own.prefix);
  const bool has_network = !is_any(network) && !(network == own.address && own.prefix == kHost);
  if (own.secondary || !has_network) return;
  if (!own.no_prefix_route)
    add(network, own.prefix, device.loopback ? RouteType::kLocal : RouteType::kUnicast);
  if (own.prefix <= kLargestWithBroadcast)
    add(last_of(network, own.prefix), kHost, RouteType::kBroadcast);
}

/// The routes of an IPv6 address; the anycast address of its network is the routers'.
void make_v6(Made made, const Interface& device, const InterfaceAddress& own) {
  constexpr uint8_t kHost = 128, kLargestWithAnycast = 126;
  made.add(own.address, kHost, RouteType::kLocal, Scope::kUniverse);
  if (own.prefix <= kLargestWithAnycast)
    made.add(masked(own.address, own.prefix), kHost, RouteType::kAnycast, Scope::kUniverse);
  if (!device.up) return;
  const auto add = [&](const Address& network, uint8_t prefix) {
    made.add(network, prefix, RouteType::kUnicast, Scope::kUniverse).metric = kMetricOfPrefixV6;
  };
  if (!own.no_prefix_route && !is_loopback(own.address)) add(own.address, own.prefix);
  if (!(own.peer == own.address)) add(own.peer, kHost);
}

}  // namespace

Router::Router() {
  const auto add = [&](const char* text, uint8_t prefix, Scope scope) {
    const Address address = parse_address(text);
    const std::vector<RouteEntry> before = made_by(kLoopback);
    interfaces_[kLoopback].addresses.push_back({address, prefix, address, {}, scope, false, false});
    refresh(kLoopback, before);
  };
  add("127.0.0.1", 8, Scope::kHost);
  add("::1", 128, Scope::kHost);
}

// ---- lookups ----

const Route& Router::find(const Address& destination, uint32_t device) const {
  uint64_t mixed;
  std::memcpy(&mixed, destination.bytes.data() + (is_ipv4(destination) ? 0 : 8), sizeof mixed);
  constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;
  Remembered& place = memory_.places[(mixed + device) * kMultiplier >> 58];
  static_assert(kRemembered == 64);
  if (!place.route || !(place.destination == destination) || place.device != device)
    place = {destination, device, &look_up(destination, device)};
  return *place.route;
}

const Route& Router::look_up(const Address& destination, uint32_t device) const {
  return is_ipv4(destination) ? look_up_v4(destination, device) : look_up_v6(destination, device);
}

const Route& Router::look_up_v4(const Address& destination, uint32_t device) const {
  const RouteEntry* entry = v4_.find(destination, [device](const RouteEntry& candidate) {
    const Route& route = candidate.route;
    return device == 0 || is_refusal(route.type) || route.device == device;
  });
  if (!entry || entry->route.type == RouteType::kThrow) return kNoRoute;
  return entry->route;
}

/// Every device but lo has a route to all of ff00::/8.
const Route& Router::multicast_by(uint32_t device) const {
  while (multicast_v6_.size() <= device)
    multicast_v6_.push_back({.type = RouteType::kMulticast,
                             .device = static_cast<uint32_t>(multicast_v6_.size()),
                             .gateway = {},
                             .preferred_source = {}});
  return multicast_v6_[device];
}

const Route& Router::look_up_v6(const Address& destination, uint32_t device) const {
  if (is_multicast(destination)) {
    for (uint32_t i = kLoopback + 1; i < interfaces_.end(); ++i)
      if (interfaces_[i].up && (device == 0 || device == i)) return multicast_by(i);
  }
  const auto fits = [device](const RouteEntry& candidate) {
    const Route& route = candidate.route;
    return device == 0 || is_refusal(route.type) || route.device == device;
  };
  for (const RouteTable* table : {&local_v6_, &main_v6_}) {
    const RouteEntry* entry = table->find(destination, fits);
    if (entry && entry->route.type != RouteType::kThrow) return entry->route;
  }
  return kNoRoute;
}

uint32_t Router::forward_mtu(const Route& route, uint8_t family) const {
  constexpr uint32_t kLargestV4 = 65535, kSmallestV6 = 1280;
  const uint32_t link = interfaces_[route.device].mtu;
  if (family == AF_INET) return std::min(route.mtu != 0 ? route.mtu : link, kLargestV4);
  return std::max(route.mtu_locked && route.mtu != 0 ? route.mtu : link, kSmallestV6);
}

RouteType Router::address_type(const Address& address, uint32_t device) const {
  if (is_ipv4(address)) {
    if (is_any(address) || is_limited_broadcast(address)) return RouteType::kBroadcast;
    if (is_multicast(address)) return RouteType::kMulticast;
    const Route& route = find(address);
    const bool other_device = device != 0 && route.device != device;
    if (route.type == RouteType::kUnspec || is_refusal(route.type) || other_device)
      return RouteType::kUnicast;
    return route.type;
  }
  if (is_any(address)) return RouteType::kUnspec;
  if (is_multicast(address)) return RouteType::kMulticast;
  if (device != 0 && has_address(address, device)) return RouteType::kLocal;
  const Route& route = find(address, device);
  if (route.type == RouteType::kUnspec || is_refusal(route.type)) return RouteType::kUnreachable;
  if (route.type == RouteType::kLocal && device != 0) return RouteType::kUnicast;
  return route.type;
}

bool Router::has_address(const Address& address, uint32_t device) const {
  for (uint32_t i = kLoopback; i < interfaces_.end(); ++i) {
    if (device != 0 && device != i) continue;
    for (const InterfaceAddress& own : interfaces_[i].addresses)
      if (own.address == address) return true;
  }
  return false;
}

// ---- devices and addresses ----

std::vector<RouteEntry> Router::made_by(uint32_t index) const {
  std::vector<RouteEntry> routes;
  const Interface& device = interfaces_[index];
  for (const InterfaceAddress& own : device.addresses) {
    if (!is_ipv4(own.address)) {
      make_v6({routes, index}, device, own);
      continue;
    }
    const auto primary = std::ranges::find_if(device.addresses, [&](const auto& other) {
      return is_ipv4(other.address) && other.prefix == own.prefix &&
             same_network(other.peer, own.peer, own.prefix);
    });
    make_v4({routes, index}, device, own, primary->address);
  }
  return routes;
}

RouteTable& Router::table_of(const RouteEntry& entry) {
  if (is_ipv4(entry.network)) return v4_;
  return entry.in_local_table ? local_v6_ : main_v6_;
}

void Router::refresh(uint32_t device, const std::vector<RouteEntry>& before) {
  const std::vector<RouteEntry> after = made_by(device);
  const auto without = [](const std::vector<RouteEntry>& some, const RouteEntry& entry) {
    return std::ranges::find(some, entry) == some.end();
  };
  for (const RouteEntry& entry : before) {
    if (!without(after, entry)) continue;
    RouteTable& table = table_of(entry);
    const auto* routes = table.network(entry.network, entry.prefix);
    if (!routes) continue;
    const auto at = std::ranges::find(*routes, entry);
    if (at != routes->end())
      table.erase(entry.network, entry.prefix, static_cast<size_t>(at - routes->begin()));
  }
  for (const RouteEntry& entry : after)
    if (without(before, entry)) table_of(entry).insert(entry, Place::kLast);
  forget();
}

void Router::set_up(uint32_t index, bool up) {
  Interface& device = interfaces_[index];
  if (device.up == up) return;
  const std::vector<RouteEntry> before = made_by(index);
  device.up = up;
  if (!up) {
    // IPv6 addresses end with it, and so do all routes but those of IPv4 that end in this box.
    std::erase_if(device.addresses, [](const auto& own) { return !is_ipv4(own.address); });
    const auto ends = [index](const RouteEntry& entry) {
      const bool stays =
          entry.automatic || (is_ipv4(entry.network) && entry.route.scope == Scope::kHost);
      return entry.route.device == index && !stays;
    };
    for (RouteTable* table : {&v4_, &local_v6_, &main_v6_}) table->erase_if(ends);
  }
  refresh(index, before);
}

Status Router::add_address(uint32_t device, const InterfaceAddress& address) {
  const std::vector<RouteEntry> before = made_by(device);
  const Status status =
      is_ipv4(address.address) ? add_address_v4(device, address) : add_address_v6(device, address);
  refresh(device, before);
  return status;
}

/// inet_insert_ifa: primary ones by scope, secondary ones at the end.
Status Router::add_address_v4(uint32_t device, InterfaceAddress address) {
  if (is_any(address.address)) return {};  // the kernel says yes and does nothing
  auto& addresses = interfaces_[device].addresses;
  auto place = addresses.begin();
  address.secondary = false;
  for (auto own = addresses.begin(); own != addresses.end(); ++own) {
    if (!is_ipv4(own->address)) continue;
    if (!own->secondary && address.scope <= own->scope) place = own + 1;
    if (own->prefix != address.prefix || !same_network(address.peer, own->peer, own->prefix))
      continue;
    if (own->address == address.address) return Error{EEXIST, "Address already assigned"};
    if (own->scope != address.scope) return Error{EINVAL, "Invalid scope value"};
    address.secondary = true;
  }
  addresses.insert(address.secondary ? addresses.end() : place, address);
  return {};
}

/// addrconf: what is older stands behind, and narrower scopes behind wider ones.
Status Router::add_address_v6(uint32_t device, InterfaceAddress address) {
  const bool misplaced = is_loopback(address.address) && device != kLoopback;
  if (is_any(address.address) || misplaced) return Error{EINVAL, "Invalid address"};
  if (is_multicast(address.address))
    return Error{EINVAL, "Cannot assign multicast address without \"IFA_F_MCAUTOJOIN\" flag"};
  if (has_address(address.address, device)) return Error{EEXIST, "address already assigned"};
  address.scope = is_loopback(address.address)        ? Scope::kHost
                  : is_link_local_v6(address.address) ? Scope::kLink
                                                      : Scope::kUniverse;
  auto& addresses = interfaces_[device].addresses;
  const auto place = std::ranges::find_if(addresses, [&](const InterfaceAddress& own) {
    return !is_ipv4(own.address) && own.scope >= address.scope;
  });
  addresses.insert(place, address);
  return {};
}

Status Router::remove_address(uint32_t device, const Address& address, uint8_t prefix) {
  auto& addresses = interfaces_[device].addresses;
  const auto found = std::ranges::find_if(addresses, [&](const InterfaceAddress& own) {
    return own.address == address && own.prefix == prefix;
  });
  if (found == addresses.end()) return Error{EADDRNOTAVAIL, "Address not found"};
  const std::vector<RouteEntry> before = made_by(device);
  const InterfaceAddress gone = *found;
  addresses.erase(found);
  if (is_ipv4(address) && !gone.secondary)
    // Secondary addresses end with their primary one (promote_secondaries is off).
    std::erase_if(addresses, [&](const InterfaceAddress& own) {
      return own.secondary && own.prefix == prefix && same_network(own.peer, gone.peer, prefix);
    });
  refresh(device, before);
  if (has_address(address)) return {};
  // What was to be sent from it: gone with IPv4, from another address with IPv6.
  v4_.erase_if([&](const RouteEntry& entry) {
    return !entry.automatic && entry.route.preferred_source == address;
  });
  main_v6_.for_each([&](RouteEntry& entry) {
    if (entry.route.preferred_source == address) entry.route.preferred_source = {};
  });
  forget();
  return {};
}

// ---- routes ----

Status Router::add_route(RouteEntry entry, AddMode mode) {
  const bool v4 = is_ipv4(entry.network);
  if (v4) {
    if (!(masked(entry.network, entry.prefix) == entry.network))
      return Error{EINVAL, "Invalid prefix for given prefix length"};
    if (Status status = resolve_v4(entry); !status.ok()) return status;
  } else {
    entry.network = masked(entry.network, entry.prefix);
    if (entry.metric == 0) entry.metric = kMetricV6;
    if (Status status = resolve_v6(entry); !status.ok()) return status;
  }
  if (Status status = insert(entry, mode); !status.ok()) return status;
  if (v4 && entry.route.type == RouteType::kLocal) custom_local_routes_ = true;
  forget();
  return {};
}

Status Router::insert(const RouteEntry& entry, AddMode mode) {
  RouteTable& table = table_of(entry);
  const bool v4 = is_ipv4(entry.network);
  std::vector<RouteEntry>* routes = table.network(entry.network, entry.prefix);
  RouteEntry* first = nullptr;
  RouteEntry* same = nullptr;
  if (routes)
    for (RouteEntry& other : *routes) {
      if (other.in_local_table != entry.in_local_table || other.metric != entry.metric) continue;
      if (!first) first = &other;
      // To IPv6 routes are the same that lead the same way.
      const bool equal = v4 ? other.route == entry.route
                            : other.route.device == entry.route.device &&
                                  other.route.gateway == entry.route.gateway;
      if (!same && equal) same = &other;
    }
  if (!first && mode == AddMode::kChange) return Error{ENOENT, "No such file or directory"};
  if (first && mode == AddMode::kAdd) return Error{EEXIST, "File exists"};
  if (first && (mode == AddMode::kReplace || mode == AddMode::kChange)) {
    if (v4 && same && same != first) return Error{EEXIST, "File exists"};
    *first = entry;
    return {};
  }
  if (same) return Error{EEXIST, "File exists"};
  if (first && !v4 && first->route.gateway.is_set() && entry.route.gateway.is_set())
    return Error{EOPNOTSUPP, "this would make a multipath route, which is not supported"};
  table.insert(entry, mode == AddMode::kPrepend ? Place::kFirst : Place::kLast);
  return {};
}

Status Router::remove_route(const RouteEntry& entry) {
  if (is_ipv4(entry.network) && !(masked(entry.network, entry.prefix) == entry.network))
    return Error{EINVAL, "Invalid prefix for given prefix length"};
  RouteTable& table = table_of(entry);
  const std::vector<RouteEntry>* routes = table.network(entry.network, entry.prefix);
  const Route& wanted = entry.route;
  const bool v4 = is_ipv4(entry.network);
  const auto fits = [&](const RouteEntry& other) {
    const Route& route = other.route;
    const bool by_lo = !v4 && is_refusal(route.type) && wanted.device == kLoopback;
    const bool same_way = other.in_local_table == entry.in_local_table &&
                          (wanted.device == 0 || wanted.device == route.device || by_lo) &&
                          (!wanted.gateway.is_set() || wanted.gateway == route.gateway) &&
                          (entry.metric == 0 || entry.metric == other.metric);
    // IPv6 asks no more than that.
    return same_way && (!v4 || ((wanted.type == RouteType::kUnspec || wanted.type == route.type) &&
                                (!wanted.preferred_source.is_set() ||
                                 wanted.preferred_source == route.preferred_source) &&
                                (wanted.mtu == 0 || wanted.mtu == route.mtu)));
  };
  if (routes) {
    const auto found = std::ranges::find_if(*routes, fits);
    if (found != routes->end()) {
      table.erase(entry.network, entry.prefix, static_cast<size_t>(found - routes->begin()));
      forget();
      return {};
    }
  }
  return Error{ESRCH, "No such process"};
}

}  // namespace ctwin::router
