// NAT that a request asks for with CTA_NAT_SRC and CTA_NAT_DST: a range to map one side of a new
// flow into.
//
//   nat := [V4_MINIP [V4_MAXIP] | V6_MINIP [V6_MAXIP]] [PROTO{[PORT_MIN] [PORT_MAX]}]
#pragma once

#include <cstdint>

#include "engine/flow_request.h"
#include "nat/range.h"

namespace ctwin::engine {

/// Reads the range for a flow of `family`. Returns 0 or an errno.
int read_nat(const netlink::Attr& attr, uint8_t family, nat::Range& range);

}  // namespace ctwin::engine
