// From the bytes of a packet to the offsets in it, by the rules of the kernel's IP input.
//
// Three things can be wrong with a packet here, and they differ in what they leave behind: what the
// IP input code drops (kDropped) leaves nothing at all; what reaches the hooks without a transport
// header (kInvalid) counts as invalid; what was cut by the capture (kCut) leaves nothing, because
// the kernel, which saw it whole, may have thought well of it. So every read of a byte asks two
// questions, in this order: does the packet have it, and does the capture?

#include "packet/packet.h"

#include <cstring>

#include "packet/checksum.h"

namespace ctwin::packet {

namespace {

constexpr uint32_t kIpv4Header = 20;
constexpr uint32_t kIpv6Header = 40;
constexpr uint32_t kFragmentHeader = 8;
constexpr uint16_t kMoreFragments = 0x2000;
constexpr uint16_t kOffsetMask = 0x1fff;

constexpr uint8_t kHopByHop = 0;
constexpr uint8_t kFragment = 44;
constexpr uint8_t kNoNextHeader = 59;

enum class Reach : uint8_t { kThere, kBeyondPacket, kBeyondCapture };

/// Can `size` bytes be read at `offset`?
Reach reach(const Packet& packet, uint32_t offset, uint32_t size) {
  if (offset > packet.length || packet.length - offset < size) return Reach::kBeyondPacket;
  if (offset > packet.captured || packet.captured - offset < size) return Reach::kBeyondCapture;
  return Reach::kThere;
}

/// The sum of a header's words, taken in whatever order the machine has them, is all ones.
bool header_checksum_ok(const uint8_t* header, uint32_t size) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < size; i += 4) {
    uint32_t word;
    std::memcpy(&word, header + i, sizeof word);
    sum += word;
  }
  return fold_checksum(sum) == 0;
}

/// What is left of a header that the capture cut: its own length stands for the packet's.
ParseResult cut_header(Packet& packet, uint32_t header) {
  packet.length = header;
  packet.l4_offset = header;
  return ParseResult::kCut;
}

ParseResult parse_ipv4(std::span<const uint8_t> bytes, Packet& packet) {
  packet.family = AF_INET;
  if (bytes.size() < kIpv4Header) return cut_header(packet, kIpv4Header);
  const uint32_t header = (bytes[0] & 0x0fu) * 4;
  const uint32_t total = load16(&bytes[2]);
  if (header < kIpv4Header || total < header) return ParseResult::kDropped;
  packet.length = total;
  if (packet.captured > total) packet.captured = total;
  if (packet.captured < header) return ParseResult::kCut;
  if (packet.checksum != ChecksumState::kTrusted && !header_checksum_ok(bytes.data(), header))
    return ParseResult::kDropped;
  packet.l4_offset = header;
  packet.proto = bytes[9];
  const uint16_t fragment = load16(&bytes[6]);
  if (fragment & (kMoreFragments | kOffsetMask)) return ParseResult::kFragment;
  return ParseResult::kOk;
}

// ---- IPv6: hop-by-hop options, which are looked at before any hook (ipv6_parse_hopopts) ----

enum HopOption : uint8_t {
  kPad1 = 0x00,
  kPadN = 0x01,
  kRouterAlert = 0x05,
  kCalipso = 0x07,
  kIoam = 0x31,
  kJumbo = 0xc2,
};

/// One option that is no padding. `at` counts from the IP header; `option` has type, length, data.
bool hop_option_ok(const Packet& packet, uint32_t at, std::span<const uint8_t> option) {
  constexpr uint32_t kMaxPayload = 65535;
  switch (option[0]) {
    case kRouterAlert: return option[1] == 2;
    case kIoam: return (at & 3) == 0;
    case kCalipso: return false;  // its labels name domains, and none is configured
    case kJumbo:
      // Four bytes at 4n+2, and only where the header itself names no length.
      return option[1] == 4 && (at & 3) == 2 && load32(&option[2]) > kMaxPayload &&
             load16(packet.bytes + 4) == 0 && load32(&option[2]) <= packet.length - kIpv6Header;
    default: return (option[0] >> 6) == 0;  // the upper bits say what to do with an unknown one
  }
}

/// Padding is at most seven bytes in a row, and zero.
bool hop_options_ok(const Packet& packet, uint32_t offset, uint32_t end) {
  constexpr uint32_t kMaxPadding = 7;
  constexpr uint32_t kMaxOptions = 8;  // max_hbh_opts_number
  const uint8_t* bytes = packet.bytes;
  uint32_t padding = 0;
  uint32_t options = 0;
  while (offset < end) {
    uint32_t size = 1;
    if (bytes[offset] == kPad1) {
      padding += size;
    } else {
      if (end - offset < 2) return false;
      size = bytes[offset + 1] + 2u;
      if (size > end - offset) return false;
      if (bytes[offset] == kPadN) {
        padding += size;
        for (uint32_t i = 2; i < size; ++i)
          if (bytes[offset + i] != 0) return false;
      } else {
        if (++options > kMaxOptions) return false;
        if (!hop_option_ok(packet, offset, {bytes + offset, size})) return false;
        padding = 0;
      }
    }
    if (padding > kMaxPadding) return false;
    offset += size;
  }
  return true;
}

ParseResult check_hop_by_hop(const Packet& packet) {
  Reach found = reach(packet, kIpv6Header, 8);
  if (found == Reach::kThere) {
    const uint32_t size = extension_length(kHopByHop, packet.bytes[kIpv6Header + 1]);
    found = reach(packet, kIpv6Header, size);
    if (found == Reach::kThere)
      return hop_options_ok(packet, kIpv6Header + 2, kIpv6Header + size) ? ParseResult::kOk
                                                                         : ParseResult::kDropped;
  }
  return found == Reach::kBeyondCapture ? ParseResult::kCut : ParseResult::kDropped;
}

/// Multicast never sends, and nothing goes to the reserved scope 0.
bool ipv6_addresses_ok(const uint8_t* header) {
  constexpr uint8_t kMulticast = 0xff;
  const uint8_t* source = header + 8;
  const uint8_t* destination = header + 24;
  return source[0] != kMulticast && !(destination[0] == kMulticast && (destination[1] & 0x0f) == 0);
}

enum class FragmentRule : uint8_t { kStopAtFragment, kPassFragment };

ParseResult walk_ipv6(Packet& packet, FragmentRule rule) {
  uint8_t next = packet.bytes[6];
  uint32_t offset = kIpv6Header;
  while (is_extension(next)) {
    if (next == kNoNextHeader) return ParseResult::kInvalid;
    if (next == kFragment && rule == FragmentRule::kStopAtFragment && offset <= packet.length) {
      packet.l4_offset = offset;
      packet.proto = kFragment;
      return reach(packet, offset, kFragmentHeader) == Reach::kBeyondCapture
                 ? ParseResult::kCut
                 : ParseResult::kFragment;
    }
    const Reach found = reach(packet, offset, next == kFragment ? 4 : 2);
    if (found == Reach::kBeyondCapture) return ParseResult::kCut;
    if (found == Reach::kBeyondPacket) return ParseResult::kInvalid;
    const uint8_t* at = packet.bytes + offset;
    if (next == kFragment && (load16(at + 2) & ~7) != 0) return ParseResult::kInvalid;
    offset += next == kFragment ? kFragmentHeader : extension_length(next, at[1]);
    next = at[0];
  }
  packet.l4_offset = offset < packet.length ? offset : packet.length;
  packet.proto = next;
  return ParseResult::kOk;
}

ParseResult parse_ipv6(std::span<const uint8_t> bytes, Packet& packet) {
  packet.family = AF_INET6;
  if (bytes.size() < kIpv6Header) return cut_header(packet, kIpv6Header);
  const uint32_t payload = load16(&bytes[4]);
  const bool hop_by_hop = bytes[6] == kHopByHop;
  // No length and hop-by-hop options is what a jumbogram looks like: all that came is the packet.
  packet.length = payload == 0 && hop_by_hop ? packet.captured : kIpv6Header + payload;
  packet.l4_offset = kIpv6Header;
  if (packet.captured > packet.length) packet.captured = packet.length;
  if (!ipv6_addresses_ok(bytes.data())) return ParseResult::kDropped;
  if (hop_by_hop)
    if (const ParseResult options = check_hop_by_hop(packet); options != ParseResult::kOk)
      return options;
  return walk_ipv6(packet,
                   payload == 0 ? FragmentRule::kPassFragment : FragmentRule::kStopAtFragment);
}

ParseResult find_transport_ipv4(Packet& packet) {
  const Reach found = reach(packet, 0, kIpv4Header);
  if (found == Reach::kBeyondCapture) return ParseResult::kCut;
  if (found == Reach::kBeyondPacket) return ParseResult::kInvalid;
  if (load16(packet.bytes + 6) & kOffsetMask) return ParseResult::kInvalid;
  packet.l4_offset = (packet.bytes[0] & 0x0fu) * 4;
  packet.proto = packet.bytes[9];
  return packet.l4_offset <= packet.length ? ParseResult::kOk : ParseResult::kInvalid;
}

ParseResult find_transport_ipv6(Packet& packet) {
  const Reach found = reach(packet, 0, kIpv6Header);
  if (found == Reach::kBeyondCapture) return ParseResult::kCut;
  if (found == Reach::kBeyondPacket) return ParseResult::kInvalid;
  return walk_ipv6(packet, FragmentRule::kPassFragment);
}

}  // namespace

ParseResult parse_packet(std::span<const uint8_t> bytes, Packet& packet) {
  packet.bytes = bytes.data();
  packet.captured = static_cast<uint32_t>(bytes.size());
  packet.length = packet.captured;
  packet.l4_offset = packet.captured;
  packet.family = AF_UNSPEC;
  packet.proto = 0;
  if (bytes.empty()) return ParseResult::kCut;
  switch (bytes[0] >> 4) {
    case 4: return parse_ipv4(bytes, packet);
    case 6: return parse_ipv6(bytes, packet);
    default: return ParseResult::kDropped;
  }
}

ParseResult find_transport(Packet& packet) {
  return packet.family == AF_INET ? find_transport_ipv4(packet) : find_transport_ipv6(packet);
}

}  // namespace ctwin::packet
