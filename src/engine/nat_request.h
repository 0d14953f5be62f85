// NAT that a request asks for with CTA_NAT_SRC and CTA_NAT_DST: a range to map one side of a new
// flow into, which becomes a change of its reply tuple.
//
//   nat := [V4_MINIP [V4_MAXIP] | V6_MINIP [V6_MAXIP]] [PROTO{[PORT_MIN] [PORT_MAX]}]
//
// A range of several addresses maps to its first.
#pragma once

#include <cstdint>

#include "conntrack/tracker.h"
#include "engine/flow_request.h"

namespace ctwin::engine {

enum class NatSide : uint8_t { kSource, kDestination };

struct NatRequest {
  bool has_address = false;
  bool has_port = false;
  std::array<uint8_t, 16> min_address{};
  std::array<uint8_t, 16> max_address{};
  uint16_t min_port = 0;
  uint16_t max_port = 0;
};

/// Reads the range for a flow of `family`. Returns 0 or an errno.
int read_nat(const netlink::Attr& attr, uint8_t family, NatRequest& request);

/// Maps one side of an entry that is not in the table yet, and sets its status bits
/// (nf_nat_setup_info). Without a request the side keeps what it has, as far as the reply tuple is
/// free.
void set_up_nat(conntrack::Tracker& tracker, conntrack::Conn& ct, const Zone& zone, NatSide side,
                const NatRequest* request);

}  // namespace ctwin::engine
