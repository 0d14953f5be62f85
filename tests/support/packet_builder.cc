#include "support/packet_builder.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cassert>
#include <string>

namespace ctwin::test {

namespace {

void put16(Bytes& bytes, uint32_t value) {
  bytes.push_back(static_cast<uint8_t>(value >> 8));
  bytes.push_back(static_cast<uint8_t>(value));
}

void put32(Bytes& bytes, uint32_t value) {
  put16(bytes, value >> 16);
  put16(bytes, value & 0xffff);
}

void put(Bytes& bytes, const Bytes& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

void set16(Bytes& bytes, size_t at, uint32_t value) {
  bytes[at] = static_cast<uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<uint8_t>(value);
}

void pad32(Bytes& bytes) { bytes.resize((bytes.size() + 3) / 4 * 4); }

bool is_ipv6(std::string_view address) { return address.find(':') != std::string_view::npos; }

Bytes address_bytes(std::string_view text) {
  Bytes bytes(is_ipv6(text) ? 16 : 4);
  const int family = is_ipv6(text) ? AF_INET6 : AF_INET;
  [[maybe_unused]] const int read = inet_pton(family, std::string(text).c_str(), bytes.data());
  assert(read == 1);
  return bytes;
}

uint16_t internet_checksum(const Bytes& bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? uint32_t{bytes[i]} << 8 : bytes[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<uint16_t>(~sum);
}

/// The checksum of `covered` with the pseudo header of `ip` in front.
uint16_t pseudo_checksum(const Ip& ip, uint8_t proto, size_t length, const Bytes& covered) {
  Bytes all = address_bytes(ip.src);
  put(all, address_bytes(ip.dst));
  put32(all, static_cast<uint32_t>(length));
  put32(all, proto);
  put(all, covered);
  return internet_checksum(all);
}

uint32_t crc32c_bitwise(const Bytes& bytes) {
  uint32_t crc = 0xffffffff;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

Bytes ipv4_header(const Ip& ip, uint8_t proto, size_t payload) {
  Bytes options = ip.options;
  pad32(options);
  const size_t header = 20 + options.size();
  Bytes bytes = {static_cast<uint8_t>(0x40 | header / 4), ip.tos};
  put16(bytes, static_cast<uint32_t>(header + payload));
  put16(bytes, ip.id);
  put16(bytes, ip.fragment);
  put(bytes, {ip.ttl, proto, 0, 0});
  put(bytes, address_bytes(ip.src));
  put(bytes, address_bytes(ip.dst));
  put(bytes, options);
  set16(bytes, 10, internet_checksum(bytes));
  return bytes;
}

Bytes ipv6_header(const Ip& ip, uint8_t proto, size_t payload) {
  Bytes chain;
  for (size_t i = 0; i < ip.extensions.size(); ++i) {
    const size_t start = chain.size();
    put(chain, ip.extensions[i].bytes);
    chain[start] = i + 1 < ip.extensions.size() ? ip.extensions[i + 1].number : proto;
  }
  Bytes bytes;
  put32(bytes, 0x60000000u | uint32_t{ip.tos} << 20);
  put16(bytes, static_cast<uint32_t>(chain.size() + payload));
  put(bytes, {ip.extensions.empty() ? proto : ip.extensions[0].number, ip.ttl});
  put(bytes, address_bytes(ip.src));
  put(bytes, address_bytes(ip.dst));
  put(bytes, chain);
  return bytes;
}

uint8_t tcp_flag(char letter) {
  switch (letter) {
    case 'F': return 0x01;
    case 'S': return 0x02;
    case 'R': return 0x04;
    case 'P': return 0x08;
    case 'A': return 0x10;
    case 'U': return 0x20;
    case 'E': return 0x40;
    case 'C': return 0x80;
    default: assert(!"a letter of SAFRPUEC"); return 0;
  }
}

}  // namespace

packet::Packet BuiltPacket::view() const { return cut(static_cast<uint32_t>(bytes.size())); }

packet::Packet BuiltPacket::cut(uint32_t captured) const {
  packet::Packet packet;
  packet.bytes = bytes.data();
  packet.captured = captured;
  packet.length = static_cast<uint32_t>(bytes.size());
  packet.l4_offset = l4_offset;
  packet.family = family;
  packet.proto = proto;
  if (captured < bytes.size()) packet.checksum = packet::ChecksumState::kUncheckable;
  return packet;
}

Ip Ip::back() const {
  Ip reversed = *this;
  std::swap(reversed.src, reversed.dst);
  return reversed;
}

BuiltPacket ip_packet(const Ip& ip, uint8_t proto, const Bytes& payload) {
  BuiltPacket built;
  built.family = is_ipv6(ip.src) ? AF_INET6 : AF_INET;
  built.proto = proto;
  built.bytes = is_ipv6(ip.src) ? ipv6_header(ip, proto, payload.size())
                                : ipv4_header(ip, proto, payload.size());
  built.l4_offset = static_cast<uint32_t>(built.bytes.size());
  put(built.bytes, payload);
  return built;
}

// ---- TCP ----

BuiltPacket tcp_packet(const Ip& ip, const Tcp& tcp) {
  Bytes options;
  for (const Bytes& option : tcp.options) put(options, option);
  pad32(options);
  uint8_t flags = 0;
  for (const char letter : tcp.flags) flags |= tcp_flag(letter);
  const size_t words = tcp.header_words.value_or(static_cast<uint8_t>(5 + options.size() / 4));

  Bytes bytes;
  put16(bytes, tcp.sport);
  put16(bytes, tcp.dport);
  put32(bytes, tcp.seq);
  put32(bytes, tcp.ack);
  put(bytes, {static_cast<uint8_t>(words << 4), flags});
  put16(bytes, tcp.window);
  put32(bytes, 0);
  put(bytes, options);
  put(bytes, tcp.payload);
  set16(bytes, 16, tcp.checksum.value_or(pseudo_checksum(ip, IPPROTO_TCP, bytes.size(), bytes)));
  return ip_packet(ip, IPPROTO_TCP, bytes);
}

Bytes mss(uint16_t bytes) {
  Bytes option = {2, 4};
  put16(option, bytes);
  return option;
}

Bytes window_scale(uint8_t shift) { return {3, 3, shift}; }
Bytes sack_permitted() { return {4, 2}; }
Bytes nop() { return {1}; }

Bytes timestamps(uint32_t value, uint32_t echo) {
  Bytes option = {8, 10};
  put32(option, value);
  put32(option, echo);
  return option;
}

Bytes sack(const std::vector<std::pair<uint32_t, uint32_t>>& blocks) {
  Bytes option = {5, static_cast<uint8_t>(2 + 8 * blocks.size())};
  for (const auto& [left, right] : blocks) {
    put32(option, left);
    put32(option, right);
  }
  return option;
}

// ---- UDP and UDP-Lite ----

BuiltPacket udp_packet(const Ip& ip, const Udp& udp) {
  Bytes bytes;
  put16(bytes, udp.sport);
  put16(bytes, udp.dport);
  put16(bytes, udp.length.value_or(static_cast<uint16_t>(8 + udp.payload.size())));
  put16(bytes, 0);
  put(bytes, udp.payload);
  uint16_t checksum = pseudo_checksum(ip, IPPROTO_UDP, bytes.size(), bytes);
  if (checksum == 0) checksum = 0xffff;
  set16(bytes, 6, udp.checksum.value_or(checksum));
  return ip_packet(ip, IPPROTO_UDP, bytes);
}

BuiltPacket udplite_packet(const Ip& ip, const UdpLite& udplite) {
  Bytes bytes;
  put16(bytes, udplite.sport);
  put16(bytes, udplite.dport);
  put16(bytes, udplite.coverage);
  put16(bytes, 0);
  put(bytes, udplite.payload);
  Bytes covered = bytes;
  if (udplite.coverage != 0 && udplite.coverage < covered.size()) covered.resize(udplite.coverage);
  uint16_t checksum = pseudo_checksum(ip, udplite.checksum_proto, bytes.size(), covered);
  if (checksum == 0) checksum = 0xffff;
  set16(bytes, 6, udplite.checksum.value_or(checksum));
  return ip_packet(ip, IPPROTO_UDPLITE, bytes);
}

// ---- ICMP ----

BuiltPacket icmp_packet(const Ip& ip, const Icmp& icmp) {
  Bytes bytes = {icmp.type, icmp.code, 0, 0};
  put16(bytes, icmp.id);
  put16(bytes, icmp.seq);
  put(bytes, icmp.payload);
  const bool v6 = is_ipv6(ip.src);
  const uint16_t checksum =
      v6 ? pseudo_checksum(ip, IPPROTO_ICMPV6, bytes.size(), bytes) : internet_checksum(bytes);
  set16(bytes, 2, icmp.checksum.value_or(checksum));
  return ip_packet(ip, v6 ? uint8_t{IPPROTO_ICMPV6} : uint8_t{IPPROTO_ICMP}, bytes);
}

// ---- SCTP ----

BuiltPacket sctp_packet(const Ip& ip, const Sctp& sctp) {
  Bytes bytes;
  put16(bytes, sctp.sport);
  put16(bytes, sctp.dport);
  put32(bytes, sctp.vtag);
  put32(bytes, 0);
  for (const Bytes& one : sctp.chunks) {
    put(bytes, one);
    pad32(bytes);
  }
  // The CRC is kept with its lowest byte first (RFC 9260 appendix A).
  const uint32_t crc = sctp.checksum.value_or(crc32c_bitwise(bytes));
  for (size_t i = 0; i < 4; ++i) bytes[8 + i] = static_cast<uint8_t>(crc >> 8 * i);
  return ip_packet(ip, IPPROTO_SCTP, bytes);
}

Bytes chunk(uint8_t type, const Bytes& body, uint8_t flags) {
  Bytes bytes = {type, flags};
  put16(bytes, static_cast<uint32_t>(4 + body.size()));
  put(bytes, body);
  return bytes;
}

namespace {

Bytes init_body(uint32_t tag) {
  Bytes body;
  put32(body, tag);
  put32(body, 65536);  // receiver window
  put16(body, 10);     // streams out
  put16(body, 10);     // streams in
  put32(body, 1);      // first TSN
  return body;
}

}  // namespace

Bytes init_chunk(uint32_t tag) { return chunk(kSctpInit, init_body(tag)); }
Bytes init_ack_chunk(uint32_t tag) { return chunk(kSctpInitAck, init_body(tag)); }

// ---- GRE ----

BuiltPacket gre_packet(const Ip& ip, const Gre& gre) {
  Bytes bytes;
  put16(bytes, gre.version == 1 ? 0x2001 : gre.version);  // version 1 always has a key
  put16(bytes, gre.protocol);
  if (gre.version == 1) {
    put16(bytes, static_cast<uint32_t>(gre.payload.size()));
    put16(bytes, gre.call_id);
  }
  put(bytes, gre.payload);
  return ip_packet(ip, IPPROTO_GRE, bytes);
}

Bytes data(size_t size) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + 1);
  return bytes;
}

}  // namespace ctwin::test
