// A Filter as a program for the socket that events come in by (classic BPF, SO_ATTACH_FILTER): an
// event that the filter can never select is dropped before it takes room there, and is no loss.
//
//   program   := envelope family* TUPLE_ORIG lasting* [ends] changing* accept
//   envelope  := one whole message of sequence number 0, CT_NEW or CT_DELETE, else accept
//   family    := nfgenmsg.family is the one, else drop
//   lasting   := condition on TUPLE_ORIG, TUPLE_REPLY, ZONE or ID
//   ends      := no CT_DELETE, else accept
//   changing  := condition on STATUS, MARK, SECMARK, TIMEOUT, LABELS or PROTOINFO
//   condition := find the attribute, nest by nest; (load; mask; compare, else drop)*
//
// Each check has its own way out right behind it, so no jump is longer than one condition, however
// many there are. What is not understood is let through: what is no event (answers have sequence
// numbers), several messages in one datagram, an event without tuples, a value of another size.
// The kernel finds nothing in a packet that is not in one piece, so there TUPLE_ORIG is missing
// too. Where that was found, another attribute that is not is indeed not there, and means what it
// means to match.cc: a mark, a status or a zone is 0, and most others are not the one wanted.
//
// What goes down may let too much through – every event is checked again above – but must never
// hold back one that the filter selects. So these stay above:
//   * that a translation made a difference. What goes down is that the kernel is through with it,
//     and the address and port it was to, which are the reply's;
//   * whether 0 is a port, or type, code or id, or that of a protocol that has none of these.
#pragma once

#include <linux/filter.h>

#include <vector>

#include "ctwin/filter.h"

namespace ctwin::ctnetlink {

/// `all_ends`: the end of an entry is held back only where the filter cannot have selected it at
/// any time of its life, for one who remembers what was selected once. Nothing when nothing is to
/// be held back.
std::vector<sock_filter> compile_event_filter(const Filter& filter, bool all_ends);

}  // namespace ctwin::ctnetlink
