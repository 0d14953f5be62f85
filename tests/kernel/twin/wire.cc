#include "wire.h"

namespace ctwin::test {

namespace {

uint32_t add_words(PacketView bytes, uint32_t sum) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? static_cast<uint32_t>(bytes[i]) << 8 : bytes[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

}  // namespace

uint16_t internet_checksum(PacketView bytes, uint32_t sum) {
  sum = add_words(bytes, (sum & 0xffff) + (sum >> 16));
  return static_cast<uint16_t>(~((sum & 0xffff) + (sum >> 16)));
}

uint32_t pseudo_header_sum(const Address& src, const Address& dst, uint8_t proto, size_t length) {
  uint32_t sum = add_words({src.bytes.data(), src.size()}, 0);
  sum = add_words({dst.bytes.data(), dst.size()}, sum);
  return sum + proto + static_cast<uint32_t>(length);
}

uint32_t sctp_crc(PacketView bytes) {
  uint32_t crc = ~0u;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
  }
  return __builtin_bswap32(~crc);  // the field is little endian, and is put in network order
}

}  // namespace ctwin::test
