// ICMP and ICMPv6 questions and their answers (nf_conntrack_icmp_packet,
// nf_conntrack_icmpv6_packet). Errors never come here (icmp_error.cc).
//
// Each packet, question or answer, gives the flow its full time again. It is never assured.
#include <netinet/in.h>

#include "conntrack/proto.h"
#include "conntrack/tuple.h"

namespace ctwin::conntrack {

namespace {

// RFC 792 and 950
constexpr uint8_t kEcho = 8, kTimestamp = 13, kInformationRequest = 15, kAddressMaskRequest = 17;
// RFC 4443 and 4620
constexpr uint8_t kEcho6 = 128, kNodeInformationQuery = 139;

bool begins_icmp_flow(uint8_t type) {
  return type == kEcho || type == kTimestamp || type == kInformationRequest ||
         type == kAddressMaskRequest;
}

bool begins_icmpv6_flow(uint8_t type) { return type == kEcho6 || type == kNodeInformationQuery; }

TrackVerdict refresh(const ProtoContext& context, Conn& ct, CtInfo info,
                     const packet::Packet& packet, uint32_t seconds, const char* rule) {
  context.refresh(ct, info, packet, Tick{seconds} * kTicksPerSecond, rule);
  return TrackVerdict::kAccept;
}

}  // namespace

TrackVerdict track_icmp(const ProtoContext& context, Conn& ct, CtInfo info,
                        const packet::Packet& packet) {
  if (packet.family != AF_INET) {
    context.explain(IPPROTO_ICMP, "ICMP over IPv6");
    return TrackVerdict::kInvalid;
  }
  // Asked of every packet: ctnetlink can make flows that begin with anything.
  const uint8_t type = icmp_type(ct.tuple[0]);
  if (!begins_icmp_flow(type)) {
    context.explain(IPPROTO_ICMP, "type {} is an answer, and no question was seen", type);
    return TrackVerdict::kInvalid;
  }
  return refresh(context, ct, info, packet, context.settings.icmp_timeout, "icmp_timeout");
}

TrackVerdict track_icmpv6(const ProtoContext& context, Conn& ct, CtInfo info,
                          const packet::Packet& packet) {
  if (packet.family != AF_INET6) {
    context.explain(IPPROTO_ICMPV6, "ICMPv6 over IPv4");
    return TrackVerdict::kInvalid;
  }
  const uint8_t type = icmp_type(ct.tuple[0]);
  if (!ct.has(kConfirmed) && !begins_icmpv6_flow(type)) {
    context.explain(IPPROTO_ICMPV6, "type {} is an answer, and no question was seen", type);
    return TrackVerdict::kInvalid;
  }
  return refresh(context, ct, info, packet, context.settings.icmpv6_timeout, "icmpv6_timeout");
}

}  // namespace ctwin::conntrack
