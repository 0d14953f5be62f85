// What the core asks of protocols.
#include "conntrack/proto.h"

#include <doctest/doctest.h>
#include <netinet/in.h>

using namespace ctwin;
using namespace ctwin::conntrack;

TEST_CASE("a clash is resolved for protocols in which a packet may be repeated") {
  for (unsigned proto = 0; proto < 256; ++proto) {
    const bool strict = proto == IPPROTO_TCP || proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6 ||
                        proto == IPPROTO_SCTP;
    CHECK_EQ(allows_clash(static_cast<uint8_t>(proto)), !strict);
  }
}
