// Routes by prefix: the longest one that holds, and the choice within it.
//
// For each length of prefix that occurs there is a sorted list of networks, and for each network
// its routes in the order in which they are tried: those of the table `local` first, then by
// metric, then by age.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "router/route.h"

namespace ctwin::router {

/// Where a route goes among those of the same network, table and metric.
enum class Place : uint8_t { kFirst, kLast };

class RouteTable {
 public:
  /// Up to 128 bits of an address, the first one highest.
  struct Key {
    uint64_t high = 0, low = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  void insert(const RouteEntry& entry, Place place);
  /// The routes of one network, to look at; null where there is none.
  std::vector<RouteEntry>* network(const Address& address, uint8_t prefix);
  /// Removes the route at `index` of a network's.
  void erase(const Address& address, uint8_t prefix, size_t index);
  /// Removes all that `which` chooses.
  template <typename Predicate>
  void erase_if(const Predicate& which) {
    for (Level& level : levels_)
      for (Network& network : level.networks) std::erase_if(network.routes, which);
    drop_empty();
  }

  /// Lets `change` loose on every route; it leaves alone what they are sorted by.
  template <typename Change>
  void for_each(const Change& change) {
    for (Level& level : levels_)
      for (Network& network : level.networks)
        for (RouteEntry& entry : network.routes) change(entry);
  }

  /// The first route that `fits`, from the longest prefix on; null when there is none.
  template <typename Predicate>
  const RouteEntry* find(const Address& destination, const Predicate& fits) const {
    const Key key = key_of(destination);
    for (const Level& level : levels_) {
      const Network* network = find_in(level, key);
      if (!network) continue;
      for (const RouteEntry& entry : network->routes)
        if (fits(entry)) return &entry;
    }
    return nullptr;
  }

 private:
  struct Network {
    Key key;
    std::vector<RouteEntry> routes;
  };
  struct Level {
    uint8_t prefix;
    std::vector<Network> networks;  ///< by key
  };

  static Key key_of(const Address& address);
  static Key masked(Key key, uint8_t prefix);
  static const Network* find_in(const Level& level, Key key);
  void drop_empty();

  std::vector<Level> levels_;  ///< the longest prefix first
};

}  // namespace ctwin::router
