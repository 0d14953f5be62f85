// An IPv4 or IPv6 address, or a netmask of either family.
//
// Bytes are in network order; an IPv4 address occupies the first four and the other twelve are
// zero, so that two addresses compare by value alone.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ctwin {

struct Address {
  std::array<uint8_t, 16> bytes{};
  uint8_t family = AF_UNSPEC;  ///< AF_INET, AF_INET6, or AF_UNSPEC when not set

  bool is_set() const { return family != AF_UNSPEC; }
  size_t size() const { return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0; }

  friend bool operator==(const Address&, const Address&) = default;

  /// True when `this` and `other` agree, within one family, in every bit that `mask` sets.
  bool equals_under(const Address& other, const Address& mask) const {
    if (family != other.family) return false;
    for (size_t i = 0; i < size(); ++i)
      if ((bytes[i] ^ other.bytes[i]) & mask.bytes[i]) return false;
    return true;
  }
};

}  // namespace ctwin
