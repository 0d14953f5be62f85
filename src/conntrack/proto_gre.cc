// GRE (nf_conntrack_gre_packet).
//
// An entry keeps the timeouts that held when it was made, because a PPTP helper gives its tunnels
// longer ones. An answer makes the tunnel assured at once.
#include "conntrack/proto.h"

namespace ctwin::conntrack {

TrackVerdict track_gre(const ProtoContext& context, Conn& ct, CtInfo info,
                       const packet::Packet& packet) {
  GreTrack& track = ct.track.gre;
  if (!ct.has(kConfirmed)) {
    track.timeout = context.settings.gre_timeout * kTicksPerSecond;
    track.stream_timeout = context.settings.gre_timeout_stream * kTicksPerSecond;
  }
  if (!ct.has(kSeenReply)) {
    context.refresh(ct, info, packet, track.timeout, "gre_timeout");
    return TrackVerdict::kAccept;
  }
  context.refresh(ct, info, packet, track.stream_timeout, "gre_timeout_stream");
  if (!ct.has(kAssured)) {
    ct.status |= kAssured;
    context.actions.cache_event(ct, kEventAssured);
  }
  return TrackVerdict::kAccept;
}

}  // namespace ctwin::conntrack
