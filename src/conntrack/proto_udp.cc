// UDP and UDP-Lite (nf_conntrack_udp_packet, nf_conntrack_udplite_packet).
//
// A flow that nobody answers lives as long as udp_timeout. An answered one is a stream, and may
// live longer, when it is still in use two seconds after it began: a question to a name server is
// not. UDP-Lite takes any answer for a stream.
#include <netinet/in.h>

#include <span>

#include "conntrack/proto.h"
#include "packet/checksum.h"

namespace ctwin::conntrack {

namespace {

constexpr uint32_t kHeaderSize = 8;
constexpr Tick kStreamAfter = 2 * kTicksPerSecond;

// Inserted beside an entry with the same tuple to let one packet pass (IPS_NAT_CLASH_BIT; the bit
// is UNTRACKED's, which entries never have).
constexpr uint32_t kNatClash = kUntracked;

constexpr Tick ticks(uint32_t seconds) { return Tick{seconds} * kTicksPerSecond; }

bool to_be_verified(const ProtoContext& context, const packet::Packet& packet) {
  return context.verify_checksum && packet.checksum == packet::ChecksumState::kUnknown;
}

/// Is the checksum over the first `coverage` bytes right, with the pseudo header of UDP? UDP-Lite's
/// own number is never used, and of IPv4's length only the lowest byte, since the kernel hands over
/// length and protocol in each other's place: slips that make right checksums wrong.
bool partial_checksum_ok(const packet::Packet& packet, uint32_t coverage) {
  if (packet.l4_captured() < coverage) return true;
  const bool v4 = packet.family == AF_INET;
  const std::span<const uint8_t> addresses{packet.bytes + (v4 ? 12 : 8), v4 ? 8u : 32u};
  const uint64_t length = v4 ? packet.l4_length() & 0xff : packet.l4_length();
  const uint64_t sum = packet::add_checksum(addresses, IPPROTO_UDP + length);
  return packet::fold_checksum(packet::add_checksum({packet.l4(), coverage}, sum)) == 0;
}

/// What is wrong with the header, null when nothing is (udp_error). A part that was not captured is
/// taken to be right.
const char* udp_error(const ProtoContext& context, const packet::Packet& packet) {
  const uint32_t length = packet.l4_length();
  if (length < kHeaderSize) return "short packet";
  if (packet.l4_captured() < kHeaderSize) return nullptr;
  const uint32_t claimed = packet::load16(packet.l4() + 4);
  if (claimed > length || claimed < kHeaderSize) return "truncated/malformed packet";
  const bool has_checksum = packet::load16(packet.l4() + 6) != 0;
  if (has_checksum && to_be_verified(context, packet) &&
      !packet::transport_checksum_ok(packet, IPPROTO_UDP))
    return "bad checksum";
  return nullptr;
}

/// The same for UDP-Lite, whose third field says how much of it the checksum covers
/// (udplite_error).
const char* udplite_error(const ProtoContext& context, const packet::Packet& packet) {
  const uint32_t length = packet.l4_length();
  if (length < kHeaderSize) return "short packet";
  if (packet.l4_captured() < kHeaderSize) return nullptr;
  const uint32_t claimed = packet::load16(packet.l4() + 4);
  const uint32_t coverage = claimed == 0 ? length : claimed;
  if (coverage < kHeaderSize || coverage > length) return "invalid checksum coverage";
  if (packet::load16(packet.l4() + 6) == 0) return "checksum missing";
  if (to_be_verified(context, packet) && !partial_checksum_ok(packet, coverage))
    return "bad checksum";
  return nullptr;
}

/// The flow is in use for good. Entries that only let one packet pass never are.
void assure(const ProtoContext& context, Conn& ct) {
  if (ct.status & (kAssured | kNatClash)) return;
  ct.status |= kAssured;
  context.actions.cache_event(ct, kEventAssured);
}

}  // namespace

TrackVerdict track_udp(const ProtoContext& context, Conn& ct, CtInfo info,
                       const packet::Packet& packet) {
  if (const char* error = udp_error(context, packet)) {
    context.say(IPPROTO_UDP, "{}", error);
    return TrackVerdict::kInvalid;
  }
  if (!ct.has(kConfirmed)) ct.track.udp.stream_ts = context.now + kStreamAfter;
  const Settings& settings = context.settings;
  const bool replied = ct.has(kSeenReply);
  if (replied && context.now > ct.track.udp.stream_ts) {
    context.refresh(ct, info, packet, ticks(settings.udp_timeout_stream), "udp_timeout_stream");
    assure(context, ct);
  } else {
    context.refresh(ct, info, packet, ticks(settings.udp_timeout),
                    replied ? "udp_timeout (answered, not in use for two seconds)"
                            : "udp_timeout (no answer seen)");
  }
  return TrackVerdict::kAccept;
}

TrackVerdict track_udplite(const ProtoContext& context, Conn& ct, CtInfo info,
                           const packet::Packet& packet) {
  if (const char* error = udplite_error(context, packet)) {
    context.say(IPPROTO_UDPLITE, "{}", error);
    return TrackVerdict::kInvalid;
  }
  const Settings& settings = context.settings;
  if (ct.has(kSeenReply)) {
    context.refresh(ct, info, packet, ticks(settings.udp_timeout_stream), "udp_timeout_stream");
    assure(context, ct);
  } else {
    context.refresh(ct, info, packet, ticks(settings.udp_timeout), "udp_timeout (no answer seen)");
  }
  return TrackVerdict::kAccept;
}

}  // namespace ctwin::conntrack
