#include "conntrack/skb.h"

#include <cstring>

namespace ctwin::conntrack {

const char* name_of(Hook hook) {
  static constexpr const char* kNames[kHooks] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT",
                                                 "POSTROUTING"};
  return kNames[static_cast<size_t>(hook)];
}

namespace {

Address address_at(const Skb& skb, uint32_t v4, uint32_t v6) {
  Address address;
  address.family = skb.packet.family;
  std::memcpy(address.bytes.data(), skb.data + (skb.is_ipv4() ? v4 : v6), address.size());
  return address;
}

}  // namespace

Address source_of(const Skb& skb) { return address_at(skb, 12, 8); }
Address destination_of(const Skb& skb) { return address_at(skb, 16, 24); }

}  // namespace ctwin::conntrack
