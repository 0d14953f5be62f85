// The box's devices and their addresses.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctwin/address.h"

namespace ctwin::router {

/// Of an address or a route (rtnetlink): how far it is good for. A smaller number reaches further.
enum class Scope : uint8_t { kUniverse = 0, kSite = 200, kLink = 253, kHost = 254, kNowhere = 255 };

struct InterfaceAddress {
  Address address;
  uint8_t prefix = 0;  ///< bits of the network
  Address peer;        ///< the other end; the same as `address` where there is none
  Address broadcast;   ///< unset where there is none
  Scope scope = Scope::kUniverse;
  bool secondary = false;
  bool no_prefix_route = false;  ///< the network's route is not made
};

struct Interface {
  std::string name;
  std::vector<InterfaceAddress> addresses;  ///< in the order in which the kernel lists them
  std::optional<std::array<uint8_t, 6>> mac;
  uint32_t mtu = 1500;
  bool up = true;  ///< changed by Router::set_up, which changes the routes with it
  bool loopback = false;
  bool asks_neighbours = true;  ///< `arp on`: it is in the groups of solicited nodes
};

/// The device that is always there.
constexpr uint32_t kLoopback = 1;

/// Devices by index. 0 is none, 1 is lo, which is always there.
class Interfaces {
 public:
  Interfaces();

  /// The index of a device; 0 when there is none of that name.
  uint32_t find(std::string_view name) const;
  /// The same, made when it is new.
  uint32_t find_or_add(std::string_view name);

  Interface& operator[](uint32_t index) { return devices_[index]; }
  const Interface& operator[](uint32_t index) const { return devices_[index]; }
  /// Indices are below this.
  uint32_t end() const { return static_cast<uint32_t>(devices_.size()); }
  const std::string& name(uint32_t index) const { return devices_[index].name; }

 private:
  std::vector<Interface> devices_;
};

}  // namespace ctwin::router
