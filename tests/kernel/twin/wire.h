// Bytes in network order and the checksums of the Internet, for packets that tests build. Written
// apart from src/packet on purpose: what is tested must not judge itself.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ctwin/address.h"

namespace ctwin::test {

using Packet = std::vector<uint8_t>;
using PacketView = std::span<const uint8_t>;

inline void put8(Packet& out, uint32_t value) { out.push_back(static_cast<uint8_t>(value)); }
inline void put16(Packet& out, uint32_t value) {
  put8(out, value >> 8);
  put8(out, value);
}
inline void put32(Packet& out, uint32_t value) {
  put16(out, value >> 16);
  put16(out, value);
}
inline void put_bytes(Packet& out, PacketView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}
inline void set16(Packet& out, size_t at, uint32_t value) {
  out[at] = static_cast<uint8_t>(value >> 8);
  out[at + 1] = static_cast<uint8_t>(value);
}
inline uint32_t get16(PacketView bytes, size_t at) {
  return static_cast<uint32_t>(bytes[at] << 8 | bytes[at + 1]);
}
inline uint32_t get32(PacketView bytes, size_t at) {
  return get16(bytes, at) << 16 | get16(bytes, at + 2);
}

/// The field value of an Internet checksum over `bytes`, begun with `sum`.
uint16_t internet_checksum(PacketView bytes, uint32_t sum = 0);
/// What a pseudo header adds to a transport checksum.
uint32_t pseudo_header_sum(const Address& src, const Address& dst, uint8_t proto, size_t length);
/// SCTP's checksum over a packet whose checksum field is zero.
uint32_t sctp_crc(PacketView bytes);

}  // namespace ctwin::test
