// What an address is by its bits alone (ipv4_is_*, ipv6_addr_type).
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "ctwin/address.h"

namespace ctwin::router {

inline bool is_ipv4(const Address& address) { return address.family == AF_INET; }

/// 0.0.0.0 and ::.
inline bool is_any(const Address& address) {
  uint64_t words[2];
  std::memcpy(words, address.bytes.data(), sizeof words);
  return (words[0] | words[1]) == 0;
}
/// 255.255.255.255.
inline bool is_limited_broadcast(const Address& address) {
  const auto& b = address.bytes;
  return is_ipv4(address) && (b[0] & b[1] & b[2] & b[3]) == 0xff;
}
inline bool is_multicast(const Address& address) {
  return is_ipv4(address) ? (address.bytes[0] & 0xf0) == 0xe0 : address.bytes[0] == 0xff;
}
/// 224.0.0.0/24, which no router forwards.
inline bool is_local_multicast(const Address& address) {
  const auto& b = address.bytes;
  return is_ipv4(address) && b[0] == 224 && b[1] == 0 && b[2] == 0;
}
/// 127.0.0.0/8 and ::1.
inline bool is_loopback(const Address& address) {
  if (is_ipv4(address)) return address.bytes[0] == 127;
  return address.bytes[15] == 1 && std::all_of(address.bytes.begin(), address.bytes.end() - 1,
                                               [](uint8_t byte) { return byte == 0; });
}
/// fe80::/10.
inline bool is_link_local_v6(const Address& address) {
  return !is_ipv4(address) && address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
}

}  // namespace ctwin::router
