// Which of the box's addresses a packet is sent from: inet_select_addr for IPv4, and RFC 6724 as
// ipv6_dev_get_saddr has it for IPv6.
#include <algorithm>
#include <array>
#include <bit>

#include "base/address.h"
#include "router/address_class.h"
#include "router/router.h"

namespace ctwin::router {

namespace {

// The scopes of RFC 4291 that addresses here can have.
enum ScopeV6 : int { kNodeLocal = 1, kLinkLocal = 2, kSiteLocal = 5, kGlobal = 14 };

int scope_v6(const Address& address) {
  if (is_multicast(address)) return address.bytes[1] & 0x0f;
  if (is_loopback(address) || is_link_local_v6(address)) return kLinkLocal;
  const bool site_local = address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0xc0;
  return site_local ? kSiteLocal : kGlobal;
}

struct LabelledPrefix {
  const char* network;
  uint8_t prefix;
  uint8_t label;
};

// The policy table that Linux begins with (ip6addrlbl_init_table), the longest prefix first.
constexpr LabelledPrefix kLabels[] = {
    {"::1", 128, 0},   {"::", 96, 3},        {"::ffff:0:0", 96, 4},
    {"2001::", 32, 6}, {"2001:10::", 28, 7}, {"3ffe::", 16, 12},
    {"2002::", 16, 2}, {"fec0::", 10, 11},   {"fc00::", 7, 5},
};
constexpr int kOrdinaryLabel = 1;

int label_of(const Address& address) {
  struct Entry {
    Address network, mask;
    int label;
  };
  static const auto kTable = [] {
    std::array<Entry, std::size(kLabels)> table;
    for (size_t i = 0; i < table.size(); ++i)
      table[i] = {parse_address(kLabels[i].network), prefix_mask(AF_INET6, kLabels[i].prefix),
                  kLabels[i].label};
    return table;
  }();
  for (const Entry& entry : kTable)
    if (address.equals_under(entry.network, entry.mask)) return entry.label;
  return kOrdinaryLabel;
}

/// 2001:10::/28: names, not places.
bool is_orchid(const Address& address) {
  const auto& b = address.bytes;
  return b[0] == 0x20 && b[1] == 0x01 && b[2] == 0 && (b[3] & 0xf0) == 0x10;
}

int common_bits(const Address& a, const Address& b) {
  int bits = 0;
  for (size_t i = 0; i < a.bytes.size(); ++i, bits += 8)
    if (const auto differs = static_cast<uint8_t>(a.bytes[i] ^ b.bytes[i]))
      return bits + std::countl_zero(differs);
  return bits;
}

/// The rules of RFC 6724 that can differ here, in their order; more is better.
using Score = std::array<int, 6>;

Score score_of(const InterfaceAddress& own, bool by_this_device, const Address& destination) {
  const int wanted = scope_v6(destination);
  const int scope = scope_v6(own.address);
  constexpr int kTooNarrow = -128;
  return {own.address == destination,
          scope >= wanted ? -scope : kTooNarrow + scope,
          by_this_device,
          label_of(own.address) == label_of(destination),
          is_orchid(own.address) == is_orchid(destination),
          std::min<int>(common_bits(own.address, destination), own.prefix)};
}

}  // namespace

Address Router::select_v4(uint32_t device, const Address& destination, Scope scope) const {
  Address first;
  for (const InterfaceAddress& own : interfaces_[device].addresses) {
    if (!is_ipv4(own.address) || own.secondary || own.scope > scope) continue;
    if (!destination.is_set() ||
        destination.equals_under(own.peer, prefix_mask(AF_INET, own.prefix)))
      return own.address;
    if (!first.is_set()) first = own.address;
  }
  if (first.is_set()) return first;
  for (uint32_t i = kLoopback; i < interfaces_.end(); ++i)
    for (const InterfaceAddress& own : interfaces_[i].addresses)
      if (is_ipv4(own.address) && !own.secondary && own.scope != Scope::kLink && own.scope <= scope)
        return own.address;
  return {};
}

Address Router::select_v6(uint32_t device, const Address& destination) const {
  const bool same_link = is_multicast(destination) ? scope_v6(destination) <= kLinkLocal
                                                   : is_link_local_v6(destination);
  Address best;
  Score best_score{};
  for (uint32_t i = kLoopback; i < interfaces_.end(); ++i) {
    if (same_link && device != 0 && device != i) continue;
    for (const InterfaceAddress& own : interfaces_[i].addresses) {
      if (is_ipv4(own.address)) continue;
      const Score score = score_of(own, device == 0 || device == i, destination);
      if (best.is_set() && score <= best_score) continue;
      best = own.address;
      best_score = score;
    }
  }
  return best;
}

Address Router::source_for(const Address& destination, uint32_t device) const {
  if (!is_ipv4(destination)) return select_v6(device, destination);
  const Route route = find(destination, device);
  const Address& next = route.gateway.is_set() ? route.gateway : destination;
  return select_v4(device, next, Scope::kUniverse);
}

Address Router::source_of(const Route& route, const Address& destination) const {
  if (route.preferred_source.is_set()) return route.preferred_source;
  if (!is_ipv4(destination)) return select_v6(route.device, destination);
  if (route.type == RouteType::kLocal) return destination;
  return select_v4(route.device, route.gateway, route.scope);
}

}  // namespace ctwin::router
