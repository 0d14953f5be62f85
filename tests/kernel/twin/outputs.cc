#include "outputs.h"

#include <netinet/in.h>

#include <algorithm>

namespace ctwin::test {

namespace {

constexpr size_t kIpv4Header = 20;
constexpr size_t kIpv6Header = 40;
constexpr uint32_t kDontFragment = 0x4000;
constexpr uint32_t kMoreFragments = 0x2000;

void read_ipv4(Piece& piece, Exactness exactness) {
  Packet& packet = piece.packet;
  const size_t header = (packet[0] & 15u) * 4;
  if (exactness == Exactness::kPassedOn)
    packet.resize(std::min<size_t>(packet.size(), get16(packet, 2)));
  if (packet.size() < header || header < kIpv4Header) return;
  if (exactness == Exactness::kPassedOn) {
    packet[8] = 0;
    set16(packet, 10, 0);
  }
  const uint32_t flags = get16(packet, 6);
  piece.more = flags & kMoreFragments;
  piece.offset = (flags & 0x1fff) * 8;
  piece.whole = !piece.more && piece.offset == 0;
  piece.id = get16(packet, 4);
  piece.payload_at = header;
}

void read_ipv6(Piece& piece, Exactness exactness) {
  Packet& packet = piece.packet;
  if (exactness == Exactness::kPassedOn) {
    packet.resize(std::min<size_t>(packet.size(), kIpv6Header + get16(packet, 4)));
    packet[7] = 0;
  }
  size_t next_at = 6, at = kIpv6Header;
  while (at + 8 <= packet.size()) {
    const uint8_t kind = packet[next_at];
    if (kind == IPPROTO_FRAGMENT) {
      const uint32_t field = get16(packet, at + 2);
      piece.whole = false;
      piece.more = field & 1;
      piece.offset = field & ~7u;
      piece.id = get32(packet, at + 4);
      piece.next_at = next_at, piece.header_at = at, piece.payload_at = at + 8;
      return;
    }
    if (kind != IPPROTO_HOPOPTS && kind != IPPROTO_ROUTING && kind != IPPROTO_DSTOPTS) return;
    next_at = at;
    at += 8 + packet[at + 1] * 8u;
  }
}

bool belong_together(const Piece& a, const Piece& b) {
  if (a.whole || b.whole || a.id != b.id || a.packet[0] >> 4 != b.packet[0] >> 4) return false;
  const bool six = a.packet[0] >> 4 == 6;
  const size_t at = six ? 8 : 12, size = six ? 32 : 8;
  return std::equal(a.packet.begin() + at, a.packet.begin() + at + size, b.packet.begin() + at);
}

/// Is the header's checksum right? One that is wrong must not be lost when pieces become one.
bool has_right_header(const Piece& piece) {
  const PacketView packet = piece.packet;
  return packet[0] >> 4 != 4 || get16(packet, 10) == 0 ||
         internet_checksum(packet.first((packet[0] & 15u) * 4)) == 0;
}

/// One packet of the pieces, sorted by offset; nothing when some are missing.
Packet put_together(const std::vector<const Piece*>& pieces) {
  const Piece& first = *pieces.front();
  for (const Piece* piece : pieces)
    if (!has_right_header(*piece)) return {};
  Packet packet(first.packet.begin(), first.packet.begin() + first.payload_at);
  size_t size = 0;
  for (const Piece* piece : pieces) {
    if (piece->offset != size) return {};
    packet.insert(packet.end(), piece->packet.begin() + piece->payload_at, piece->packet.end());
    size += piece->packet.size() - piece->payload_at;
  }
  if (pieces.back()->more) return {};
  if (packet[0] >> 4 == 4) {
    set16(packet, 2, static_cast<uint32_t>(packet.size()));
    set16(packet, 6, 0);
    set16(packet, 10, 0);
  } else {
    packet[first.next_at] = packet[first.header_at];
    packet.erase(packet.begin() + first.header_at, packet.begin() + first.payload_at);
    set16(packet, 4, static_cast<uint32_t>(packet.size() - kIpv6Header));
  }
  return packet;
}

/// Sets a field of an IPv4 header, whose checksum is then as wrong as before (RFC 1624).
void change_header(Packet& packet, size_t at, uint32_t value) {
  uint32_t sum = (get16(packet, 10) ^ 0xffff) + (get16(packet, at) ^ 0xffff) + value;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  set16(packet, at, value);
  set16(packet, 10, sum ^ 0xffff);
}

bool is_icmp_error(PacketView packet) {
  if (packet.size() < kIpv4Header + 1 || packet[0] >> 4 != 4 || packet[9] != IPPROTO_ICMP)
    return false;
  const size_t header = (packet[0] & 15u) * 4;
  const bool whole = (get16(packet, 6) & ~kDontFragment) == 0;
  if (!whole || packet.size() <= header) return false;
  const uint8_t type = packet[header];
  return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

}  // namespace

Packet without_error_id(PacketView bytes) {
  Packet packet(bytes.begin(), bytes.end());
  if (is_icmp_error(packet)) change_header(packet, 4, 0);
  return packet;
}

Piece read_piece(PacketView bytes, Exactness exactness) {
  Piece piece;
  piece.packet.assign(bytes.begin(), bytes.end());
  if (bytes.size() >= kIpv4Header && bytes[0] >> 4 == 4) read_ipv4(piece, exactness);
  if (bytes.size() >= kIpv6Header && bytes[0] >> 4 == 6) read_ipv6(piece, exactness);
  return piece;
}

std::vector<Packet> comparable_outputs(PacketView input, const std::vector<Packet>& outputs,
                                       Exactness exactness) {
  const bool made_here = exactness == Exactness::kBytes && !is_icmp_error(input);
  std::vector<Piece> pieces;
  for (const Packet& output : outputs)
    pieces.push_back(read_piece(made_here ? without_error_id(output) : output, exactness));
  const bool fragmented = !read_piece(input).whole;
  std::vector<Packet> result;
  std::vector<bool> used(pieces.size(), false);
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (used[i]) continue;
    std::vector<const Piece*> group{&pieces[i]};
    for (size_t j = i + 1; j < pieces.size(); ++j) {
      if (!belong_together(pieces[i], pieces[j])) continue;
      group.push_back(&pieces[j]);
      used[j] = true;
    }
    std::sort(group.begin(), group.end(),
              [](const Piece* a, const Piece* b) { return a->offset < b->offset; });
    Packet together = pieces[i].whole ? pieces[i].packet : put_together(group);
    if (together.empty())
      for (const Piece* piece : group) result.push_back(piece->packet);
    else
      result.push_back(std::move(together));
  }
  if (fragmented)
    for (Packet& packet : result)
      if (packet[0] >> 4 == 4) set16(packet, 6, get16(packet, 6) & ~kDontFragment);
  return result;
}

}  // namespace ctwin::test
