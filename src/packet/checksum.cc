// Sums are taken eight bytes at a time in the machine's own order: a one's complement sum does not
// mind the order of the bytes as long as the result is turned round at the end (RFC 1071, 2 B).

#include "packet/checksum.h"

#include <netinet/in.h>

#include <array>
#include <bit>
#include <cstring>

namespace ctwin::packet {

namespace {

constexpr uint16_t fold(uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

constexpr uint16_t network_order(uint16_t sum) {
  return std::endian::native == std::endian::big ? sum : static_cast<uint16_t>(sum << 8 | sum >> 8);
}

template <typename Word>
Word load(const uint8_t* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// Both halves apart, so that no carry is lost: good for 2^32 words.
struct WordSum {
  uint64_t low = 0, high = 0;
  void add(uint64_t word) {
    low += word & 0xffffffff;
    high += word >> 32;
  }
};

uint64_t sum_native(const uint8_t* at, size_t size) {
  WordSum sums[4];
  for (; size >= 32; at += 32, size -= 32)
    for (size_t i = 0; i < 4; ++i) sums[i].add(load<uint64_t>(at + 8 * i));
  for (; size >= 8; at += 8, size -= 8) sums[0].add(load<uint64_t>(at));
  uint8_t rest[8] = {};
  if (size > 0) std::memcpy(rest, at, size);
  sums[0].add(load<uint64_t>(rest));
  uint64_t total = 0;
  for (const WordSum& sum : sums) total += fold(sum.low) + uint64_t{fold(sum.high)};
  return total;
}

uint64_t pseudo_header(const Packet& packet, uint8_t proto) {
  const bool v4 = packet.family == AF_INET;
  const std::span addresses(packet.bytes + (v4 ? 12 : 8), v4 ? 8 : 32);
  return add_checksum(addresses, uint64_t{proto} + packet.l4_length());
}

bool cannot_tell(const Packet& packet) {
  return packet.checksum != ChecksumState::kUnknown || packet.captured < packet.length;
}

std::span<const uint8_t> payload(const Packet& packet) { return {packet.l4(), packet.l4_length()}; }

constexpr size_t kSlices = 8;
using CrcTable = std::array<std::array<uint32_t, 256>, kSlices>;

/// Castagnoli's polynomial, bits reversed; slice n is a byte that n zero bytes follow.
constexpr CrcTable make_crc_table() {
  constexpr uint32_t kPolynomial = 0x82f63b78;
  CrcTable table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? kPolynomial : 0);
    table[0][byte] = crc;
  }
  for (size_t slice = 1; slice < kSlices; ++slice)
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = table[slice - 1][byte];
      table[slice][byte] = before >> 8 ^ table[0][before & 0xff];
    }
  return table;
}

uint32_t crc32c_table(const uint8_t* at, size_t size, uint32_t crc) {
  static constexpr CrcTable kTable = make_crc_table();
  for (; size >= kSlices; at += kSlices, size -= kSlices) {
    uint32_t next = 0;
    for (size_t i = 0; i < kSlices; ++i) {
      const auto mixed = static_cast<uint8_t>(at[i] ^ (i < 4 ? crc >> (8 * i) : 0));
      next ^= kTable[kSlices - 1 - i][mixed];
    }
    crc = next;
  }
  for (; size > 0; ++at, --size) crc = crc >> 8 ^ kTable[0][(crc ^ *at) & 0xff];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t crc32c_sse42(const uint8_t* at, size_t size,
                                                        uint32_t crc) {
  uint64_t wide = crc;
  for (; size >= 8; at += 8, size -= 8) wide = __builtin_ia32_crc32di(wide, load<uint64_t>(at));
  crc = static_cast<uint32_t>(wide);
  for (; size > 0; ++at, --size) crc = __builtin_ia32_crc32qi(crc, *at);
  return crc;
}
#endif

}  // namespace

uint64_t add_checksum(std::span<const uint8_t> bytes, uint64_t sum) {
  return sum + network_order(fold(sum_native(bytes.data(), bytes.size())));
}

uint16_t fold_checksum(uint64_t sum) { return static_cast<uint16_t>(~fold(sum)); }

bool transport_checksum_ok(const Packet& packet, uint8_t proto) {
  if (cannot_tell(packet)) return true;
  return fold_checksum(add_checksum(payload(packet), pseudo_header(packet, proto))) == 0;
}

bool plain_checksum_ok(const Packet& packet) {
  return cannot_tell(packet) || fold_checksum(add_checksum(payload(packet), 0)) == 0;
}

bool sctp_checksum_ok(const Packet& packet) {
  constexpr size_t kHeader = 12;
  constexpr size_t kField = 8;
  if (cannot_tell(packet)) return true;
  const auto bytes = payload(packet);
  if (bytes.size() < kHeader) return false;
  // The checksum is of the packet with zeros in its place, and stands there least byte first.
  static constexpr std::array<uint8_t, 4> kZeros{};
  const uint32_t crc =
      crc32c(bytes.subspan(kHeader), crc32c(kZeros, crc32c(bytes.first(kField), 0)));
  const uint8_t* field = &bytes[kField];
  return crc == (field[0] | static_cast<uint32_t>(field[1]) << 8 |
                 static_cast<uint32_t>(field[2]) << 16 | static_cast<uint32_t>(field[3]) << 24);
}

uint32_t crc32c(std::span<const uint8_t> bytes, uint32_t crc) {
#if defined(__x86_64__)
  static const bool kHardware = __builtin_cpu_supports("sse4.2");
  if (kHardware) return ~crc32c_sse42(bytes.data(), bytes.size(), ~crc);
#endif
  return crc32c_portable(bytes, crc);
}

uint32_t crc32c_portable(std::span<const uint8_t> bytes, uint32_t crc) {
  return ~crc32c_table(bytes.data(), bytes.size(), ~crc);
}

bool looks_offloaded(const Packet& packet) {
  constexpr uint32_t kEthernetPayload = 1500;
  constexpr uint32_t kTcpHeader = 20, kUdpHeader = 8;
  const bool tcp = packet.proto == IPPROTO_TCP;
  if (!tcp && packet.proto != IPPROTO_UDP) return false;
  if (packet.l4_captured() < (tcp ? kTcpHeader : kUdpHeader)) return false;
  if (tcp && packet.length > kEthernetPayload && !packet.was_fragmented) return true;
  const uint16_t field = load16(packet.l4() + (tcp ? 16 : 6));
  return field == static_cast<uint16_t>(~fold_checksum(pseudo_header(packet, packet.proto)));
}

}  // namespace ctwin::packet
