#include "router/interfaces.h"

namespace ctwin::router {

Interfaces::Interfaces() {
  constexpr uint32_t kLoopbackMtu = 65536;
  devices_.resize(kLoopback + 1);
  Interface& lo = devices_[kLoopback];
  lo.name = "lo";
  lo.mtu = kLoopbackMtu;
  lo.loopback = true;
}

uint32_t Interfaces::find(std::string_view name) const {
  for (uint32_t index = kLoopback; index < end(); ++index)
    if (devices_[index].name == name) return index;
  return 0;
}

uint32_t Interfaces::find_or_add(std::string_view name) {
  if (const uint32_t index = find(name)) return index;
  devices_.emplace_back().name = name;
  return end() - 1;
}

}  // namespace ctwin::router
