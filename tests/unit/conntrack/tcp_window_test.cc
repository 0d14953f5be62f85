// TCP's window: which segments are within bounds, and how they move them.
#include <doctest/doctest.h>

#include "unit/conntrack/tracked_flow.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

// The client's numbers begin at 1000, the server's at 5000; both offer 2000 bytes.
struct Options {
  std::vector<Bytes> client{}, server{};
  uint32_t client_start = 1000, server_start = 5000;
};

TrackedFlow established(const Options& options = {}) {
  TrackedFlow flow;
  const uint32_t client = options.client_start, server = options.server_start;
  CHECK_EQ(
      flow.tcp('>', {.flags = "S", .seq = client - 1, .window = 2000, .options = options.client}),
      "SYN_SENT 120");
  CHECK_EQ(flow.tcp('<', {.flags = "SA",
                          .seq = server - 1,
                          .ack = client,
                          .window = 2000,
                          .options = options.server}),
           "SYN_RECV 60");
  CHECK_EQ(flow.tcp('>', {.flags = "A", .seq = client, .ack = server, .window = 2000}),
           "ESTABLISHED 432000 ASSURED");
  return flow;
}

/// Data of the client.
std::string sent(TrackedFlow& flow, uint32_t seq, size_t size, uint32_t ack = 5000) {
  return flow.tcp('>',
                  {.flags = "A", .seq = seq, .ack = ack, .window = 2000, .payload = data(size)});
}
/// What the server says to it.
std::string answered(TrackedFlow& flow, uint32_t ack, uint16_t window = 2000,
                     std::vector<Bytes> options = {}) {
  return flow.tcp(
      '<',
      {.flags = "A", .seq = 5000, .ack = ack, .window = window, .options = std::move(options)});
}

}  // namespace

TEST_CASE("I: a segment may begin where the window ends, and not behind") {
  TrackedFlow flow = established();
  CHECK_EQ(flow.peer('>').td_maxend, 3000);
  CHECK_EQ(sent(flow, 3000, 0), "ESTABLISHED 300");
  flow = established();
  CHECK_EQ(sent(flow, 6000, 0),
           "INVALID: SEQ is over upper bound 3001 (over the window of the receiver)");
}

TEST_CASE("I: one window more than allowed is ignored, and remembered as sent") {
  TrackedFlow flow = established();
  CHECK_EQ(sent(flow, 3001, 1000), "pass: 1002 bytes more than expected");
  CHECK_EQ(flow.peer('>').td_end, 4001);
  CHECK((flow.peer('>').flags & kTcpDataUnacknowledged) != 0);
  CHECK_EQ(flow.counted, 3);
  CHECK_EQ(sent(flow, 3001, 2000),
           "INVALID: SEQ is over upper bound 3001 (over the window of the receiver)");
}

TEST_CASE("II: what is older than the receiver's window is ignored") {
  TrackedFlow flow = established();
  CHECK_EQ(sent(flow, 1000, 1000), "ESTABLISHED 300");
  CHECK_EQ(sent(flow, 2000, 1000), "ESTABLISHED 300");
  CHECK_EQ(sent(flow, 1000, 0), "ESTABLISHED 300");
  CHECK_EQ(sent(flow, 999, 0),
           "pass: SEQ is under lower bound 999 (already ACKed data retransmitted)");
}

TEST_CASE("III: what was not sent cannot be acknowledged") {
  TrackedFlow flow = established();
  sent(flow, 1000, 100);
  CHECK_EQ(answered(flow, 1101), "INVALID: ACK is over upper bound 1101 (ACKed data not seen yet)");
  CHECK_EQ(answered(flow, 1100), "ESTABLISHED 432000");
}

TEST_CASE("IV: an acknowledgement may be 66000 bytes late") {
  TrackedFlow flow = established({.client = {window_scale(14)}, .server = {window_scale(14)}});
  flow.tcp('<', {.flags = "A", .seq = 5000, .ack = 1000, .window = 2000});
  for (uint32_t seq = 1000; seq < 71000; seq += 1000) sent(flow, seq, 1000);
  CHECK_EQ(flow.peer('>').td_end, 71000);
  // The server's own window is far larger than 66000 by now; take it back.
  flow.peer('<').td_maxwin = 2000;
  CHECK_EQ(answered(flow, 4999),
           "pass: ignored ACK under lower bound 4999 (possible overly delayed)");
  flow.peer('<').td_maxwin = 2000;
  CHECK_EQ(answered(flow, 5000), "ESTABLISHED 300");
}

TEST_CASE("bounds hold across the turn of the sequence numbers") {
  TrackedFlow flow = established({.client_start = 0xfffffff0});
  CHECK_EQ(sent(flow, 0xfffffff0, 100), "ESTABLISHED 300");
  CHECK_EQ(flow.peer('>').td_end, 84);
  CHECK_EQ(answered(flow, 84), "ESTABLISHED 432000");
  CHECK_EQ(sent(flow, 84, 100), "ESTABLISHED 300");
  CHECK_EQ(answered(flow, 0xffffffff), "ESTABLISHED 300");
  CHECK_EQ(answered(flow, 185), "INVALID: ACK is over upper bound 185 (ACKed data not seen yet)");
}

TEST_CASE("acknowledging everything ends the time of data that is not acknowledged") {
  TrackedFlow flow = established();
  CHECK_EQ(sent(flow, 1000, 100), "ESTABLISHED 300");
  CHECK_EQ(answered(flow, 1050), "ESTABLISHED 300");
  CHECK_EQ(answered(flow, 1100), "ESTABLISHED 432000");
  CHECK_EQ(flow.peer('<').td_maxack, 1100);
}

TEST_CASE("a window moves forward with what is acknowledged, and never back") {
  TrackedFlow flow = established();
  sent(flow, 1000, 1000);
  answered(flow, 2000, 500);
  CHECK_EQ(flow.peer('>').td_maxend, 3000);
  answered(flow, 2000, 3000);
  CHECK_EQ(flow.peer('>').td_maxend, 5000);
  CHECK_EQ(flow.peer('<').td_maxwin, 3000);
}

TEST_CASE("a closed window still allows the byte that probes it") {
  TrackedFlow flow = established();
  sent(flow, 1000, 2000);
  CHECK_EQ(answered(flow, 3000, 0), "ESTABLISHED 300");
  CHECK_EQ(flow.peer('>').td_maxend, 3001);
  CHECK_EQ(sent(flow, 3000, 1), "ESTABLISHED 300");
}

TEST_CASE("windows are scaled when both SYNs offer it") {
  TrackedFlow flow = established({.client = {window_scale(2)}, .server = {window_scale(4)}});
  CHECK_EQ(flow.peer('>').td_scale, 2);
  CHECK_EQ(flow.peer('<').td_scale, 4);
  answered(flow, 1000);
  CHECK_EQ(flow.peer('>').td_maxend, 1000 + (2000 << 4));
}

TEST_CASE("one SYN alone scales nothing") {
  for (const Options& options : {Options{.client = {window_scale(7)}},
                                 Options{.client = {mss(1460)}, .server = {window_scale(7)}}}) {
    TrackedFlow flow = established(options);
    CHECK_EQ(flow.peer('>').td_scale, 0);
    CHECK_EQ(flow.peer('<').td_scale, 0);
  }
}

TEST_CASE("shifts above 14 are 14") {
  TrackedFlow flow = established({.client = {window_scale(200)}, .server = {window_scale(15)}});
  CHECK_EQ(flow.peer('>').td_scale, 14);
  CHECK_EQ(flow.peer('<').td_scale, 14);
}

TEST_CASE("selective acknowledgements count as far as they reach, if the other side takes them") {
  const std::vector<Bytes> permitted = {sack_permitted()};
  const std::vector<Bytes> blocks = {nop(), nop(), sack({{1500, 1600}, {1700, 1900}})};
  TrackedFlow flow = established({.client = permitted, .server = permitted});
  sent(flow, 1000, 900);
  CHECK_EQ(answered(flow, 1000, 2000, blocks), "ESTABLISHED 300");
  CHECK_EQ(flow.peer('>').td_maxend, 1900 + 2000);
  CHECK_EQ(flow.peer('<').td_maxwin, 2900);
  CHECK_EQ(answered(flow, 1000, 2000, {nop(), nop(), sack({{1500, 1901}})}),
           "INVALID: ACK is over upper bound 1901 (ACKed data not seen yet)");

  flow = established({.client = {mss(1460)}, .server = permitted});
  sent(flow, 1000, 900);
  CHECK_EQ(answered(flow, 1000, 2000, blocks), "ESTABLISHED 300");
  CHECK_EQ(flow.peer('>').td_maxend, 3000);
}

TEST_CASE("a keepalive one byte back is an ordinary segment") {
  TrackedFlow flow = established();
  CHECK_EQ(sent(flow, 999, 0), "ESTABLISHED 432000");
  CHECK_EQ(sent(flow, 999, 1), "ESTABLISHED 432000");
  CHECK_EQ(answered(flow, 1000), "ESTABLISHED 432000");
}

TEST_CASE("a flow picked up with a keepalive is answered one byte further") {
  TrackedFlow flow;
  CHECK_EQ(sent(flow, 999, 0), "ESTABLISHED 300");
  flow.peer('>').flags = flow.peer('<').flags = 0;
  CHECK_EQ(answered(flow, 1000), "ESTABLISHED 300");
  CHECK_EQ(flow.peer('>').td_end, 1000);
}

TEST_CASE("what is picked up in its midst passes all bounds, and what is outside moves none") {
  TrackedFlow flow;
  sent(flow, 1000, 0);
  answered(flow, 1000);
  const TcpPeer before = flow.peer('>');
  CHECK_EQ(sent(flow, 900000, 10), "ESTABLISHED 432000 ASSURED");
  CHECK_EQ(flow.peer('>').td_end, before.td_end);
  CHECK_EQ(flow.peer('>').td_maxend, before.td_maxend);
  CHECK(flow.notes.empty());
}

TEST_CASE("tcp_be_liberal lets everything pass") {
  TrackedFlow flow = established();
  flow.settings.tcp_be_liberal = true;
  CHECK_EQ(sent(flow, 900000, 10), "ESTABLISHED 432000");
  CHECK_EQ(answered(flow, 900000), "ESTABLISHED 432000");
  CHECK_EQ(sent(flow, 0x80000000, 0), "ESTABLISHED 432000");
}

TEST_CASE("retransmissions are counted only as long as nothing else comes in between") {
  TrackedFlow flow = established();
  TcpTrack& track = flow.ct.track.tcp;
  for (uint8_t i = 1; i <= 2; ++i) {
    sent(flow, 1000, 0);
    CHECK_EQ(track.retrans, i);
  }
  sent(flow, 1000, 1);
  CHECK_EQ(track.retrans, 0);
  sent(flow, 1000, 1);
  CHECK_EQ(track.retrans, 1);
  answered(flow, 1001);
  CHECK_EQ(track.retrans, 0);
}

TEST_CASE("acknowledgements are taken back to the numbers before NAT changed them") {
  TrackedFlow flow = established();
  sent(flow, 1000, 100);
  flow.ct.status |= kSeqAdjust;
  flow.offset = 5;
  CHECK_EQ(answered(flow, 1105), "ESTABLISHED 432000");
  CHECK_EQ(flow.peer('<').td_maxack, 1100);
  CHECK_EQ(answered(flow, 1106), "INVALID: ACK is over upper bound 1101 (ACKed data not seen yet)");
}

TEST_CASE("a RST that acknowledges nothing is judged by its sequence number alone") {
  TrackedFlow flow = established();
  CHECK_EQ(flow.tcp('>', {.flags = "RA", .seq = 1000, .ack = 0, .window = 0}), "CLOSE 10");
}
