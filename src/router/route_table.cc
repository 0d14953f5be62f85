#include "router/route_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ctwin::router {

RouteTable::Key RouteTable::key_of(const Address& address) {
  Key key;
  std::memcpy(&key.high, address.bytes.data(), 8);
  std::memcpy(&key.low, address.bytes.data() + 8, 8);
  if constexpr (std::endian::native == std::endian::little)
    key = {__builtin_bswap64(key.high), __builtin_bswap64(key.low)};
  return key;
}

RouteTable::Key RouteTable::masked(Key key, uint8_t prefix) {
  constexpr uint64_t kOnes = UINT64_MAX;
  if (prefix < 64) return {prefix == 0 ? 0 : key.high & kOnes << (64 - prefix), 0};
  return {key.high, prefix == 64 ? 0 : key.low & kOnes << (128 - prefix)};
}

const RouteTable::Network* RouteTable::find_in(const Level& level, Key key) {
  key = masked(key, level.prefix);
  const auto at = std::ranges::lower_bound(level.networks, key, {}, &Network::key);
  return at != level.networks.end() && at->key == key ? &*at : nullptr;
}

std::vector<RouteEntry>* RouteTable::network(const Address& address, uint8_t prefix) {
  for (Level& level : levels_) {
    if (level.prefix != prefix) continue;
    const Network* found = find_in(level, key_of(address));
    return found ? &const_cast<Network*>(found)->routes : nullptr;
  }
  return nullptr;
}

void RouteTable::insert(const RouteEntry& entry, Place place) {
  auto level =
      std::ranges::lower_bound(levels_, entry.prefix, std::ranges::greater(), &Level::prefix);
  if (level == levels_.end() || level->prefix != entry.prefix)
    level = levels_.insert(level, Level{entry.prefix, {}});
  const Key key = masked(key_of(entry.network), entry.prefix);
  auto network = std::ranges::lower_bound(level->networks, key, {}, &Network::key);
  if (network == level->networks.end() || network->key != key)
    network = level->networks.insert(network, Network{key, {}});
  const auto before = [](const RouteEntry& a, const RouteEntry& b) {
    if (a.in_local_table != b.in_local_table) return a.in_local_table;
    return a.metric < b.metric;
  };
  auto& routes = network->routes;
  routes.insert(place == Place::kFirst
                    ? std::lower_bound(routes.begin(), routes.end(), entry, before)
                    : std::upper_bound(routes.begin(), routes.end(), entry, before),
                entry);
}

void RouteTable::erase(const Address& address, uint8_t prefix, size_t index) {
  auto* routes = network(address, prefix);
  routes->erase(routes->begin() + static_cast<std::ptrdiff_t>(index));
  if (routes->empty()) drop_empty();
}

void RouteTable::drop_empty() {
  for (Level& level : levels_)
    std::erase_if(level.networks, [](const Network& network) { return network.routes.empty(); });
  std::erase_if(levels_, [](const Level& level) { return level.networks.empty(); });
}

}  // namespace ctwin::router
