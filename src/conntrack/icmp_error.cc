// ICMP and ICMPv6 errors: what they quote decides which flow they are related to
// (nf_conntrack_icmpv4_error, nf_conntrack_icmpv6_error, nf_conntrack_inet_error).
//
// An error is no packet of the flow that it is about: it refreshes nothing, counts nothing and
// changes no state. One that quotes no known flow is INVALID and counts as `error`.
#include <fmt/format.h>
#include <netinet/in.h>

#include "base/address.h"
#include "conntrack/tracker.h"
#include "conntrack/tuple.h"
#include "packet/checksum.h"

namespace ctwin::conntrack {

namespace {

constexpr uint32_t kIcmpHeader = 8;

bool is_icmp_error(uint8_t type) {
  switch (type) {
    case 3:   // destination unreachable
    case 4:   // source quench
    case 5:   // redirect
    case 11:  // time exceeded
    case 12:  // parameter problem
      return true;
    default: return false;
  }
}

/// Neighbour, multicast listener and multicast router discovery are nobody's flow.
bool is_untracked_icmpv6(uint8_t type) {
  return (type >= 130 && type <= 136) || type == 143 || type == 151 || type == 152;
}

constexpr uint8_t kIcmpv6Redirect = 137;

/// An address as the kernel's %pI4 and %pI6 print it: all of IPv6's groups, in full.
std::string kernel_address(const std::array<uint8_t, 16>& bytes, uint8_t family) {
  if (family == AF_INET) return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 2)
    text += fmt::format("{}{:02x}{:02x}", i == 0 ? "" : ":", bytes[i], bytes[i + 1]);
  return text;
}

enum class RedirectKind : uint8_t { kQuotes, kOrdinary, kBad };

/// A redirect quotes its packet in an option, and only routers on the link may send it.
RedirectKind judge_redirect(const packet::Packet& packet, const ProtoContext& context) {
  constexpr uint32_t kRedirectHeader = 40;
  constexpr uint32_t kOptionHeader = 2;
  constexpr uint8_t kRedirectedHeader = 4;
  const auto bad = [&](const char* why) {
    context.say(IPPROTO_ICMPV6, "{}", why);
    return RedirectKind::kBad;
  };
  if (packet.l4_length() < kRedirectHeader) return bad("short redirect");
  if (packet.l4()[1] != 0) return RedirectKind::kOrdinary;
  const uint8_t hop_limit = packet.bytes[7];
  const bool link_local = packet.bytes[8] == 0xfe && (packet.bytes[9] & 0xc0) == 0x80;
  if (hop_limit != 255 || !link_local) return bad("invalid saddr or hoplimit for redirect");
  if (packet.l4_captured() < kRedirectHeader + kOptionHeader)
    return packet.l4_length() < kRedirectHeader + kOptionHeader ? bad("redirect without options")
                                                                : RedirectKind::kOrdinary;
  const uint8_t* option = packet.l4() + kRedirectHeader;
  if (option[1] == 0) return bad("redirect without options");
  return option[0] == kRedirectedHeader ? RedirectKind::kQuotes : RedirectKind::kOrdinary;
}

}  // namespace

bool Tracker::icmp_error(const packet::Packet& packet, Tracked& tracked) {
  const ProtoContext here = context();
  const auto refuse = [&](const char* why) {
    here.say(IPPROTO_ICMP, "{}", why);
    ++stats_.error;
    return true;
  };
  if (packet.l4_length() < kIcmpHeader) return refuse("short packet");
  if (packet.l4_captured() < kIcmpHeader) return tracked.not_tracked = true;
  const bool verify = here.verify_checksum && packet.checksum == packet::ChecksumState::kUnknown;
  if (verify && !packet::plain_checksum_ok(packet)) return refuse("bad hw icmp checksum");
  const uint8_t type = packet.l4()[0];
  constexpr uint8_t kLastType = 18;
  if (type > kLastType) return refuse("invalid icmp type");
  if (!is_icmp_error(type)) return false;
  return inner_error(packet, packet.l4_offset + kIcmpHeader, tracked);
}

bool Tracker::icmpv6_error(const packet::Packet& packet, Tracked& tracked) {
  const ProtoContext here = context();
  const auto refuse = [&](const char* why) {
    here.say(IPPROTO_ICMPV6, "{}", why);
    ++stats_.error;
    return true;
  };
  if (packet.l4_length() < kIcmpHeader) return refuse("short packet");
  if (packet.l4_captured() < kIcmpHeader) return tracked.not_tracked = true;
  const bool verify = here.verify_checksum && packet.checksum == packet::ChecksumState::kUnknown;
  if (verify && !packet::transport_checksum_ok(packet, IPPROTO_ICMPV6))
    return refuse("ICMPv6 checksum failed");
  const uint8_t type = packet.l4()[0];
  if (is_untracked_icmpv6(type)) {
    tracked.info = CtInfo::kUntracked;
    return true;
  }
  if (type == kIcmpv6Redirect) {
    constexpr uint32_t kQuoteOffset = 48;
    const RedirectKind kind = judge_redirect(packet, here);
    if (kind == RedirectKind::kOrdinary) return false;
    if (kind == RedirectKind::kQuotes)
      return inner_error(packet, packet.l4_offset + kQuoteOffset, tracked);
    ++stats_.error;
    return true;
  }
  constexpr uint8_t kFirstInformational = 128;
  if (type >= kFirstInformational) return false;
  return inner_error(packet, packet.l4_offset + kIcmpHeader, tracked);
}

/// Relates the error to the flow of the packet that it quotes at `inner_offset`.
bool Tracker::inner_error(const packet::Packet& packet, uint32_t inner_offset, Tracked& tracked) {
  const auto unknown = [&] {
    ++stats_.error;
    return true;
  };
  const uint32_t header = packet.family == AF_INET ? 20 : 40;
  if (packet.length < inner_offset + header) return unknown();
  if (packet.captured < inner_offset + header) return tracked.not_tracked = true;
  packet::Packet inner;
  inner.bytes = packet.bytes + inner_offset;
  inner.length = packet.length - inner_offset;
  inner.captured = packet.captured - inner_offset;
  inner.family = packet.family;
  const packet::ParseResult found_transport = packet::find_transport(inner);
  if (found_transport == packet::ParseResult::kCut) return tracked.not_tracked = true;
  if (found_transport != packet::ParseResult::kOk) return unknown();
  TupleKey quoted, inverse;
  const ExtractResult extracted = extract_tuple(inner, 0, quoted);
  if (extracted == ExtractResult::kNotCaptured) return tracked.not_tracked = true;
  if (extracted == ExtractResult::kInvalid || !invert_tuple(quoted, 0, inverse)) return unknown();
  const ConnTable::Found found = find_flow(table_, inverse, zone_);
  if (found.index == 0) return unknown();

  const TupleKey& theirs = table_[found.index].tuple[index_of(found.dir)];
  std::array<uint8_t, 16> outer{};
  const bool v4 = packet.family == AF_INET;
  std::memcpy(outer.data(), packet.bytes + (v4 ? 16 : 24), v4 ? 4 : 16);
  if (outer != theirs.dst) {
    context().say(packet.proto, "outer daddr {} != inner {}", kernel_address(outer, packet.family),
                  kernel_address(theirs.dst, packet.family));
    return unknown();
  }
  tracked.index = found.index;
  tracked.info = found.dir == Direction::kOriginal ? CtInfo::kRelated : CtInfo::kRelatedReply;
  return true;
}

}  // namespace ctwin::conntrack
