// Flow <-> the attributes of a conntrack message (nf_conntrack_netlink.c, nfnetlink_conntrack.h).
//
//   flow    := TUPLE_ORIG TUPLE_REPLY [TUPLE_MASTER] [STATUS] [TIMEOUT] [MARK [MARK_MASK]]
//              [PROTOINFO] [NAT_SRC] [NAT_DST] [SEQ_ADJ_ORIG SEQ_ADJ_REPLY] [HELP] [ZONE]
//              [LABELS [LABELS_MASK]] [ID] ...                             all integers big-endian
//   tuple   := IP{V4_SRC V4_DST | V6_SRC V6_DST} PROTO{NUM [ports | icmp id type code]} [ZONE]
//   nat     := V4_MINIP [V4_MAXIP] | V6_MINIP [V6_MAXIP], [PROTO{PORT_MIN PORT_MAX}]
//
// LABELS and LABELS_MASK are the kernel's bitmap copied byte for byte, so in host order.
#pragma once

#include <cstdint>

#include "ctwin/flow.h"
#include "netlink/attr.h"
#include "netlink/message.h"

namespace ctwin::ctnetlink {

/// Reads a conntrack message into `flow`, replacing what it held. False when the attributes are
/// malformed; what was read before the damage is kept. Attributes of a wrong size and unknown
/// attributes are passed over.
bool decode_flow(const netlink::Message& message, Flow& flow);

/// Writes every known field of `flow` that a request may carry. Counters, use, timestamps and the
/// like, which only answers carry, are left out; CTA_ID is written when `with_id`.
void encode_flow(const Flow& flow, bool with_id, netlink::AttrWriter& attrs);

void encode_tuple(uint16_t type, const Tuple& tuple, netlink::AttrWriter& attrs);
void decode_tuple(const netlink::Attr& nest, Tuple& tuple);

}  // namespace ctwin::ctnetlink
