// Every other protocol (generic_packet): one flow for each pair of addresses, never assured.
#include "conntrack/proto.h"

namespace ctwin::conntrack {

TrackVerdict track_generic(const ProtoContext& context, Conn& ct, CtInfo info,
                           const packet::Packet& packet) {
  const Tick ticks = Tick{context.settings.generic_timeout} * kTicksPerSecond;
  context.refresh(ct, info, packet, ticks, "generic_timeout");
  return TrackVerdict::kAccept;
}

}  // namespace ctwin::conntrack
