// The part of a Filter that an answerer can apply itself, as attributes of a dump request.
//
//   request filter := nfgenmsg.family [MARK MARK_MASK] [STATUS STATUS_MASK]
//
// Zones and tuples stay above: kernels before 6.8 ignore CTA_ZONE and every kernel up to 6.18
// inverts the comparison of IPv6 addresses in CTA_FILTER.
#pragma once

#include "ctwin/filter.h"
#include "netlink/attr.h"

namespace ctwin::ctnetlink {

void encode_filter(const Filter& filter, netlink::AttrWriter& attrs);

}  // namespace ctwin::ctnetlink
