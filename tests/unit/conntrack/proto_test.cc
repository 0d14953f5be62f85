// What the core asks of protocols.
#include "conntrack/proto.h"

#include <doctest/doctest.h>
#include <netinet/in.h>

#include <set>

#include "conntrack/proto_states.h"

using namespace ctwin;
using namespace ctwin::conntrack;

TEST_CASE("a clash is resolved for protocols in which a packet may be repeated") {
  for (unsigned proto = 0; proto < 256; ++proto) {
    const bool strict = proto == IPPROTO_TCP || proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6 ||
                        proto == IPPROTO_SCTP;
    CHECK_EQ(allows_clash(static_cast<uint8_t>(proto)), !strict);
  }
}

TEST_CASE("connections that are closing may be dropped early, and nothing else that is assured") {
  Conn ct{};
  ct.tuple[0].proto = IPPROTO_TCP;
  const std::set<TcpState> tcp = {TcpState::kFinWait, TcpState::kCloseWait, TcpState::kLastAck,
                                  TcpState::kTimeWait, TcpState::kClose};
  for (uint8_t state = 0; state < 10; ++state) {
    ct.track.tcp.state = state;
    CHECK_EQ(can_early_drop(ct), tcp.contains(TcpState{state}));
  }
  ct.tuple[0].proto = IPPROTO_SCTP;
  const std::set<SctpState> sctp = {SctpState::kShutdownSent, SctpState::kShutdownRecd,
                                    SctpState::kShutdownAckSent};
  for (uint8_t state = 0; state < 9; ++state) {
    ct.track.sctp.state = state;
    CHECK_EQ(can_early_drop(ct), sctp.contains(SctpState{state}));
  }
  ct.tuple[0].proto = IPPROTO_UDP;
  CHECK(!can_early_drop(ct));
}
