// Expectation <-> the attributes of an expectation message (CTA_EXPECT_*).
//
//   expectation := MASTER TUPLE MASK TIMEOUT [ID] [HELP_NAME] [ZONE] [FLAGS] [CLASS]
//                  [NAT{DIR TUPLE}] [FN]             tuples as in flow_codec.h, integers big-endian
#pragma once

#include "ctwin/expectation.h"
#include "netlink/attr.h"
#include "netlink/message.h"

namespace ctwin::ctnetlink {

/// Reads an expectation message, replacing what `expect` held. False when it is malformed.
bool decode_expectation(const netlink::Message& message, Expectation& expect);

/// Writes what a request to create the expectation carries.
void encode_expectation(const Expectation& expect, netlink::AttrWriter& attrs);

}  // namespace ctwin::ctnetlink
