#include "conntrack/proto.h"

#include <netinet/in.h>

namespace ctwin::conntrack {

TrackVerdict track(const ProtoContext& context, Conn& ct, CtInfo info,
                   const packet::Packet& packet) {
  switch (ct.tuple[0].proto) {
    case IPPROTO_TCP: return track_tcp(context, ct, info, packet);
    case IPPROTO_UDP: return track_udp(context, ct, info, packet);
    case IPPROTO_UDPLITE: return track_udplite(context, ct, info, packet);
    case IPPROTO_ICMP: return track_icmp(context, ct, info, packet);
    case IPPROTO_ICMPV6: return track_icmpv6(context, ct, info, packet);
    case IPPROTO_SCTP: return track_sctp(context, ct, info, packet);
    case IPPROTO_GRE: return track_gre(context, ct, info, packet);
    default: return track_generic(context, ct, info, packet);
  }
}

bool allows_clash(uint8_t proto) {
  switch (proto) {
    case IPPROTO_TCP:
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
    case IPPROTO_SCTP: return false;
    default: return true;
  }
}

}  // namespace ctwin::conntrack
