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

  /// Word by word: the router asks this of every packet.
  friend bool operator==(const Address& a, const Address& b) {
    uint64_t left[2], right[2];
    std::memcpy(left, a.bytes.data(), sizeof left);
    std::memcpy(right, b.bytes.data(), sizeof right);
    return ((left[0] ^ right[0]) | (left[1] ^ right[1])) == 0 && a.family == b.family;
  }

  /// True when `this` and `other` agree, within one family, in every bit that `mask` sets.
  bool equals_under(const Address& other, const Address& mask) const {
    if (family != other.family) return false;
    for (size_t i = 0; i < size(); ++i)
      if ((bytes[i] ^ other.bytes[i]) & mask.bytes[i]) return false;
    return true;
  }
};

}  // namespace ctwin
