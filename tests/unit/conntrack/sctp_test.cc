// SCTP: associations, their tags, and what keeps strangers out.
#include <arpa/inet.h>
#include <doctest/doctest.h>

#include "unit/conntrack/tracked_flow.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

// What each side wants to see in the packets that it gets.
constexpr uint32_t kClientTag = 0xc1c2c3c4, kServerTag = 0x51525354, kStranger = 0xbadbadba;

/// The tag that packets in a direction must carry.
uint32_t expected(const TrackedFlow& flow, char arrow) {
  return ntohl(flow.ct.track.sctp.vtag[arrow == '<']);
}

void open(TrackedFlow& flow) {
  CHECK_EQ(flow.sctp('>', 0, {init_chunk(kClientTag)}), "CLOSED 10");
  CHECK_EQ(flow.sctp('<', kClientTag, {init_ack_chunk(kServerTag)}), "COOKIE_WAIT 3");
  CHECK_EQ(flow.sctp('>', kServerTag, {chunk(kSctpCookieEcho, data(8))}), "COOKIE_ECHOED 3");
  CHECK_EQ(flow.sctp('<', kClientTag, {chunk(kSctpCookieAck)}), "ESTABLISHED 210 ASSURED");
}

TrackedFlow opened() {
  TrackedFlow flow;
  open(flow);
  return flow;
}

TrackedFlow heartbeat_flow() {
  TrackedFlow flow;
  CHECK_EQ(flow.sctp('>', kServerTag, {chunk(kSctpHeartbeat, data(8))}), "HEARTBEAT_SENT 30");
  return flow;
}

}  // namespace

TEST_CASE("an association opens and shuts down") {
  TrackedFlow flow = opened();
  CHECK_EQ(expected(flow, '>'), kServerTag);
  CHECK_EQ(expected(flow, '<'), kClientTag);
  CHECK_EQ(flow.sctp('>', kServerTag, {chunk(kSctpData, data(20))}), "ESTABLISHED 210");
  CHECK_EQ(flow.sctp('>', kServerTag, {chunk(kSctpShutdown, data(4))}), "SHUTDOWN_SENT 3");
  CHECK_EQ(flow.sctp('<', kClientTag, {chunk(kSctpShutdownAck)}), "SHUTDOWN_ACK_SENT 3");
  CHECK_EQ(flow.sctp('>', kServerTag, {chunk(kSctpShutdownComplete)}), "CLOSED 10");
  CHECK_EQ(flow.rule, "sctp_timeout_closed");
}

TEST_CASE("the server may shut down too") {
  TrackedFlow flow = opened();
  CHECK_EQ(flow.sctp('<', kClientTag, {chunk(kSctpShutdown, data(4))}), "SHUTDOWN_RECD 3");
  CHECK_EQ(flow.sctp('>', kServerTag, {chunk(kSctpShutdownAck)}), "SHUTDOWN_ACK_SENT 3");
}

TEST_CASE("each new state is an event, and so is being assured") {
  TrackedFlow flow;
  flow.sctp('>', 0, {init_chunk(kClientTag)});
  CHECK_EQ(flow.events, kEventProtoinfo);
  flow.sctp('<', kClientTag, {init_ack_chunk(kServerTag)});
  flow.sctp('>', kServerTag, {chunk(kSctpCookieEcho)});
  CHECK_EQ(flow.events, kEventProtoinfo);
  flow.sctp('<', kClientTag, {chunk(kSctpCookieAck)});
  CHECK_EQ(flow.events, kEventProtoinfo | kEventAssured);
  flow.sctp('<', kClientTag, {chunk(kSctpSack)});
  CHECK_EQ(flow.events, 0);
}

// ---- what no packet may be ----

TEST_CASE("packets that cannot be SCTP are INVALID") {
  TrackedFlow flow;
  CHECK_EQ(flow.send('>', ip_packet({}, IPPROTO_SCTP, data(11))),
           "INVALID: nf_ct_sctp: short packet");
  CHECK_EQ(flow.send('>', ip_packet({}, IPPROTO_SCTP, data(12))), "INVALID: (no chunk)");
  CHECK_EQ(flow.send('>', ip_packet({}, IPPROTO_SCTP, data(15))), "INVALID: (no chunk)");
}

TEST_CASE("a wrong CRC is INVALID") {
  TrackedFlow flow;
  flow.verify_checksum = true;
  const Sctp wrong{.chunks = {init_chunk(kClientTag)}, .checksum = 1};
  CHECK_EQ(flow.send('>', sctp_packet({}, wrong)), "INVALID: nf_ct_sctp: bad CRC");
  CHECK_EQ(flow.sctp('>', 0, {init_chunk(kClientTag)}), "CLOSED 10");
}

TEST_CASE("some chunks must be alone, some must come first, and none is empty") {
  const Bytes sack = chunk(kSctpSack, data(12));
  TrackedFlow flow = opened();
  CHECK_EQ(flow.sctp('>', 0, {init_chunk(1), sack}),
           "INVALID: do_basic_checks failed. chunk num 1, type 3, len 4096 flag 1");
  CHECK_EQ(flow.sctp('>', 0, {sack, init_chunk(1)}),
           "INVALID: do_basic_checks failed. chunk num 1, type 1, len 5120 flag 1");
  CHECK_EQ(flow.sctp('>', kServerTag, {sack, chunk(kSctpCookieEcho)}),
           "INVALID: do_basic_checks failed. chunk num 1, type 10, len 1024 flag 0");
  CHECK_EQ(flow.sctp('>', kServerTag, {{kSctpData, 0, 0, 0}}),
           "INVALID: do_basic_checks failed. chunk num 0, type 0, len 0 flag 0");
  CHECK_EQ(flow.sctp('>', kServerTag, {chunk(kSctpCookieAck), sack}), "ESTABLISHED 210");
}

// ---- the first packet ----

TEST_CASE("only few packets begin an association") {
  const auto first = [](uint32_t vtag, const Bytes& chunk) {
    TrackedFlow flow;
    return flow.sctp('>', vtag, {chunk});
  };
  CHECK_EQ(first(0, init_chunk(1)), "CLOSED 10");
  CHECK_EQ(first(7, chunk(kSctpHeartbeat)), "HEARTBEAT_SENT 30");
  CHECK_EQ(first(7, chunk(kSctpShutdownAck)), "SHUTDOWN_ACK_SENT 3");
  CHECK_EQ(first(7, init_chunk(1)), "INVALID: (begins no association)");
  CHECK_EQ(first(0, chunk(kSctpInit, data(12))), "INVALID: (begins no association)");
  CHECK_EQ(first(7, chunk(kSctpData, data(20))), "INVALID: (begins no association)");
  CHECK_EQ(first(7, chunk(kSctpSack)), "INVALID: (begins no association)");
  CHECK_EQ(first(7, chunk(200)), "INVALID: (begins no association)");
  for (const uint8_t type : {kSctpAbort, kSctpShutdownComplete, kSctpCookieAck})
    CHECK_EQ(first(7, chunk(type)), "INVALID: (ends or answers what was never seen)");
  CHECK_EQ(first(7, chunk(kSctpShutdown)),
           "INVALID: verification tag check failed 7000000 vs 0 for dir 0");
}

// ---- tags ----

TEST_CASE("a packet without control chunks must carry its direction's tag") {
  TrackedFlow flow = opened();
  const Bytes words = chunk(kSctpData, data(20));
  CHECK_EQ(flow.sctp('>', kServerTag, {words}), "ESTABLISHED 210");
  CHECK_EQ(flow.sctp('<', kClientTag, {words}), "ESTABLISHED 210");
  CHECK_EQ(flow.sctp('>', kClientTag, {words}),
           "INVALID: verification tag check failed c4c3c2c1 vs 54535251 for dir 0");
}

TEST_CASE("control chunks have rules of their own") {
  const auto outcome = [](char arrow, uint32_t vtag, const Bytes& chunk) {
    TrackedFlow flow = opened();
    const std::string said = flow.sctp(arrow, vtag, {chunk});
    return said.starts_with("INVALID: (the tag") ? "wrong tag" : said;
  };
  CHECK_EQ(outcome('>', kServerTag, init_chunk(1)), "wrong tag");
  CHECK_EQ(outcome('>', 0, init_chunk(1)), "ESTABLISHED 210");
  CHECK_EQ(outcome('>', kStranger, chunk(kSctpCookieEcho)), "wrong tag");
  CHECK_EQ(outcome('>', kServerTag, chunk(kSctpCookieEcho)), "ESTABLISHED 210");
  CHECK_EQ(outcome('>', kStranger, chunk(kSctpShutdownAck)), "ESTABLISHED 210");
}

TEST_CASE("ABORT and SHUTDOWN COMPLETE may reflect the tag of the other side") {
  constexpr uint8_t kReflected = 1;
  for (const uint8_t type : {kSctpAbort, kSctpShutdownComplete}) {
    const std::string done = type == kSctpAbort ? "CLOSED 10" : "ESTABLISHED 210";
    const std::string wrong = fmt::format("INVALID: (the tag of chunk type {} is wrong)", type);
    const auto outcome = [&](uint32_t vtag, uint8_t flags) {
      TrackedFlow flow = opened();
      return flow.sctp('>', vtag, {chunk(type, {}, flags)});
    };
    CHECK_EQ(outcome(kServerTag, 0), done);
    CHECK_EQ(outcome(kClientTag, 0), wrong);
    CHECK_EQ(outcome(kClientTag, kReflected), done);
    CHECK_EQ(outcome(kServerTag, kReflected), wrong);
  }
}

// ---- heartbeats ----

TEST_CASE("another path of an association learns its tags from heartbeats") {
  TrackedFlow flow = heartbeat_flow();
  CHECK_EQ(expected(flow, '>'), kServerTag);
  CHECK_EQ(expected(flow, '<'), 0);
  CHECK_EQ(flow.sctp('<', kClientTag, {chunk(kSctpHeartbeatAck, data(8))}),
           "ESTABLISHED 210 ASSURED");
  CHECK_EQ(expected(flow, '<'), kClientTag);
  CHECK_EQ(flow.sctp('<', kClientTag, {chunk(kSctpData)}), "ESTABLISHED 210");
}

TEST_CASE("a heartbeat with another tag passes, and counts once it is answered") {
  TrackedFlow flow = opened();
  flow.wait(100);
  CHECK_EQ(flow.sctp('>', kStranger, {chunk(kSctpHeartbeat)}),
           "pass: (passes without renewing the timeout)");
  CHECK_EQ(flow.seconds_left(), 110);
  CHECK_EQ(flow.sctp('>', 0x99, {chunk(kSctpHeartbeatAck)}),
           "INVALID: (the tag of chunk type 5 is wrong)");
  CHECK_EQ(flow.sctp('<', 0x99, {chunk(kSctpHeartbeatAck), chunk(kSctpData)}),
           "INVALID: (the tag of chunk type 5 is wrong)");
  CHECK_EQ(flow.sctp('<', 0x99, {chunk(kSctpHeartbeatAck)}), "ESTABLISHED 210");
  CHECK_EQ(expected(flow, '<'), 0x99);
  CHECK_EQ(expected(flow, '>'), 0);
  CHECK_EQ(flow.sctp('>', 0x88, {chunk(kSctpHeartbeat)}), "ESTABLISHED 210");
  CHECK_EQ(expected(flow, '>'), 0x88);
}

TEST_CASE("a heartbeat with another tag may carry no data, nor come twice in a packet") {
  TrackedFlow flow = opened();
  CHECK_EQ(flow.sctp('>', kStranger, {chunk(kSctpHeartbeat), chunk(kSctpData)}),
           "INVALID: (the tag of chunk type 4 is wrong)");
  CHECK_EQ(flow.sctp('>', kStranger, {chunk(kSctpHeartbeat), chunk(kSctpHeartbeat)}),
           "INVALID: (the tag of chunk type 4 is wrong)");
}

TEST_CASE("a heartbeat with the right tag takes back that there was a wrong one") {
  TrackedFlow flow = opened();
  flow.sctp('>', kStranger, {chunk(kSctpHeartbeat)});
  CHECK_EQ(flow.sctp('>', kServerTag, {chunk(kSctpHeartbeat)}), "ESTABLISHED 210");
  CHECK_EQ(flow.sctp('<', 0x99, {chunk(kSctpHeartbeatAck)}),
           "INVALID: (the tag of chunk type 5 is wrong)");
}

// ---- opening ----

TEST_CASE("copies of the first INIT neither renew the timeout nor count") {
  TrackedFlow flow;
  flow.sctp('>', 0, {init_chunk(kClientTag)});
  flow.wait(4);
  CHECK_EQ(flow.sctp('>', 0, {init_chunk(kClientTag)}),
           "pass: (passes without renewing the timeout)");
  CHECK_EQ(flow.seconds_left(), 6);
  CHECK_EQ(flow.counted, 1);
}

TEST_CASE("both sides may open at once, and either INIT may win") {
  TrackedFlow flow;
  flow.sctp('>', 0, {init_chunk(kClientTag)});
  CHECK_EQ(flow.sctp('<', 0, {init_chunk(kServerTag)}),
           "pass: (passes without renewing the timeout)");
  CHECK_EQ(expected(flow, '>'), kServerTag);
  SUBCASE("the client's") {
    CHECK_EQ(flow.sctp('<', kClientTag, {init_ack_chunk(kServerTag)}), "COOKIE_WAIT 3");
    CHECK_EQ(flow.sctp('>', kServerTag, {chunk(kSctpCookieEcho)}), "COOKIE_ECHOED 3");
    CHECK_EQ(flow.sctp('<', kClientTag, {chunk(kSctpCookieAck)}), "ESTABLISHED 210 ASSURED");
  }
  SUBCASE("the server's") {
    CHECK_EQ(flow.sctp('>', kServerTag, {init_ack_chunk(kClientTag)}), "CLOSED 10");
    CHECK_EQ(flow.sctp('<', kClientTag, {init_ack_chunk(kServerTag)}), "COOKIE_WAIT 3");
    CHECK_EQ(flow.sctp('<', kClientTag, {chunk(kSctpCookieEcho)}), "COOKIE_ECHOED 3");
    CHECK_EQ(flow.sctp('>', kServerTag, {chunk(kSctpCookieAck)}), "ESTABLISHED 210 ASSURED");
  }
  SUBCASE("an INIT ACK that names another tag is from neither") {
    CHECK_EQ(flow.sctp('<', kClientTag, {init_ack_chunk(kStranger)}),
             "INVALID: (the INIT or INIT ACK is short or names another tag)");
  }
}

TEST_CASE("an INIT ACK that nobody asked for may not name another tag") {
  TrackedFlow flow = opened();
  CHECK_EQ(flow.sctp('<', kClientTag, {init_ack_chunk(kStranger)}),
           "INVALID: (the INIT or INIT ACK is short or names another tag)");
  CHECK_EQ(flow.sctp('<', kClientTag, {init_ack_chunk(kServerTag)}), "ESTABLISHED 210");
}

TEST_CASE("a restart names a new tag") {
  TrackedFlow flow = opened();
  CHECK_EQ(flow.sctp('>', 0, {init_chunk(kStranger)}), "ESTABLISHED 210");
  CHECK_EQ(expected(flow, '<'), kStranger);
}

TEST_CASE("an INIT while shutting down opens anew") {
  TrackedFlow flow = opened();
  flow.sctp('>', kServerTag, {chunk(kSctpShutdown, data(4))});
  CHECK_EQ(flow.sctp('>', 0, {init_chunk(kStranger)}), "CLOSED 10");
}

TEST_CASE("a stale cookie takes the association back") {
  TrackedFlow flow;
  flow.sctp('>', 0, {init_chunk(kClientTag)});
  flow.sctp('<', kClientTag, {init_ack_chunk(kServerTag)});
  flow.sctp('>', kServerTag, {chunk(kSctpCookieEcho)});
  CHECK_EQ(flow.sctp('<', kClientTag, {chunk(kSctpError)}), "CLOSED 10");
}

TEST_CASE("chunks that fit no state are INVALID, and what came before them stays done") {
  TrackedFlow flow = heartbeat_flow();
  CHECK_EQ(flow.sctp('<', 0, {init_chunk(1)}), "INVALID: Invalid, old_state 8, dir 1, type 1");
  CHECK_EQ(flow.sctp('<', kClientTag, {chunk(kSctpHeartbeat), chunk(kSctpShutdown)}),
           "INVALID: Invalid, old_state 8, dir 1, type 7");
  CHECK_EQ(expected(flow, '<'), kClientTag);
}

// ---- captures that hold less than the packet ----

TEST_CASE("headers that were not captured say nothing, chunks behind the cut are data") {
  TrackedFlow flow;
  const BuiltPacket init = sctp_packet({}, {.chunks = {init_chunk(kClientTag)}});
  for (const uint32_t captured : {24u, 35u, 36u, 39u})
    CHECK_EQ(flow.send('>', init.cut(captured)), "not captured");
  CHECK_EQ(flow.send('>', init.cut(40)), "CLOSED 10");

  flow = opened();
  const BuiltPacket words = sctp_packet(
      {}, {.vtag = kServerTag, .chunks = {chunk(kSctpData, data(100)), chunk(kSctpShutdown)}});
  CHECK_EQ(flow.send('>', words.cut(50)), "ESTABLISHED 210");
  CHECK_EQ(flow.send('>', words), "SHUTDOWN_SENT 3");
}
