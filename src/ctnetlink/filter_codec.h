// The part of a Filter that an answerer can apply itself, as attributes of a dump request.
//
//   request filter := nfgenmsg.family [MARK MARK_MASK] [STATUS STATUS_MASK] [ZONE]
//                     [TUPLE_ORIG] [TUPLE_REPLY] [FILTER{ORIG_FLAGS REPLY_FLAGS}]
//
// What goes down may let too much through – the caller checks every answer again – but must never
// hold back an entry that the filter selects. So these stay above:
//   * IPv6 addresses: every kernel up to 6.18 takes "unequal" for "equal" there;
//   * zone 0: the kernel means entries without any zone, we mean those that have none for both
//     directions;
//   * ICMP's fields, and masked addresses: exact values of answered types only;
//   * the zone of one direction, which the kernel does not compare; it compares ZONE with an
//     entry's zone whatever its direction, so that is what is sent.
// Kernels before 6.8 pass over ZONE and kernels before 5.8 over FILTER: more comes back.
#pragma once

#include "ctwin/filter.h"
#include "netlink/attr.h"

namespace ctwin::ctnetlink {

/// `with_tuples`: TUPLE_* and FILTER too. They need a family in the request: see dump_families.
void encode_filter(const Filter& filter, bool with_tuples, netlink::AttrWriter& attrs);

/// Which families a dump must be asked for so that all that can go down does: AF_UNSPEC where no
/// tuple does, the filter's family, or, where the filter names none, both one after the other.
struct DumpFamilies {
  bool with_tuples = false;
  uint8_t first = AF_UNSPEC;
  uint8_t second = AF_UNSPEC;  ///< AF_UNSPEC: one dump is enough
};
DumpFamilies dump_families(const Filter& filter);

}  // namespace ctwin::ctnetlink
