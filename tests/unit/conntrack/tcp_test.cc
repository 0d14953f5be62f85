// TCP's states: what each segment makes of its flow (the windows are in tcp_window_test.cc).
#include <doctest/doctest.h>

#include "unit/conntrack/tracked_flow.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

struct Row {
  char arrow;
  Tcp segment;
  std::string_view outcome;
};

void play(TrackedFlow& flow, const std::vector<Row>& rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    CHECK_EQ(flow.tcp(rows[i].arrow, rows[i].segment), rows[i].outcome);
  }
}

// The client's numbers begin at 100, the server's at 500.
const std::vector<Row> kHandshake = {
    {'>', {.flags = "S", .seq = 99}, "SYN_SENT 120"},
    {'<', {.flags = "SA", .seq = 499, .ack = 100}, "SYN_RECV 60"},
    {'>', {.flags = "A", .seq = 100, .ack = 500}, "ESTABLISHED 432000 ASSURED"},
};

TrackedFlow established() {
  TrackedFlow flow;
  play(flow, kHandshake);
  return flow;
}

TrackedFlow closed() {
  TrackedFlow flow = established();
  play(flow, {{'>', {.flags = "FA", .seq = 100, .ack = 500}, "FIN_WAIT 120"},
              {'<', {.flags = "FA", .seq = 500, .ack = 101}, "LAST_ACK 30"},
              {'>', {.flags = "A", .seq = 101, .ack = 501}, "TIME_WAIT 120"}});
  return flow;
}

}  // namespace

TEST_CASE("a connection opens, talks and closes") {
  TrackedFlow flow = established();
  play(flow,
       {{'>', {.flags = "PA", .seq = 100, .ack = 500, .payload = data(50)}, "ESTABLISHED 300"},
        {'<', {.flags = "A", .seq = 500, .ack = 150}, "ESTABLISHED 432000"},
        {'<', {.flags = "FA", .seq = 500, .ack = 150}, "FIN_WAIT 120"},
        {'>', {.flags = "A", .seq = 150, .ack = 501}, "CLOSE_WAIT 60"},
        {'>', {.flags = "FA", .seq = 150, .ack = 501}, "LAST_ACK 30"},
        {'<', {.flags = "A", .seq = 501, .ack = 151}, "TIME_WAIT 120"}});
  CHECK_EQ(flow.counted, 9);
}

TEST_CASE("a FIN that acknowledges the other side's FIN needs no segment of its own for it") {
  closed();
}

TEST_CASE("each new state is an event, and so is being assured") {
  TrackedFlow flow;
  flow.tcp('>', kHandshake[0].segment);
  CHECK_EQ(flow.events, kEventProtoinfo);
  flow.tcp('<', kHandshake[1].segment);
  CHECK_EQ(flow.events, kEventProtoinfo);
  flow.tcp('>', kHandshake[2].segment);
  CHECK_EQ(flow.events, kEventProtoinfo | kEventAssured);
  flow.tcp('>', kHandshake[2].segment);
  CHECK_EQ(flow.events, 0);
}

TEST_CASE("the side that sends FIN first is remembered as the one that closed") {
  TrackedFlow flow = established();
  flow.tcp('<', {.flags = "FA", .seq = 500, .ack = 100});
  flow.tcp('>', {.flags = "FA", .seq = 100, .ack = 501});
  CHECK((flow.peer('<').flags & kTcpCloseInit) != 0);
  CHECK((flow.peer('>').flags & kTcpCloseInit) == 0);
}

TEST_CASE("an entry with a fixed timeout keeps it") {
  TrackedFlow flow = established();
  flow.ct.status |= kFixedTimeout;
  const Tick expiry = flow.ct.expiry;
  flow.wait(5);
  flow.tcp('>', {.flags = "A", .seq = 100, .ack = 500});
  CHECK_EQ(flow.ct.expiry, expiry);
}

// ---- what no segment may be ----

TEST_CASE("segments that cannot be TCP are INVALID") {
  TrackedFlow flow;
  CHECK_EQ(flow.send('>', ip_packet({}, IPPROTO_TCP, data(19))),
           "INVALID: (19 bytes are too short for a TCP header)");
  CHECK_EQ(flow.tcp('>', {.header_words = 4}), "INVALID: truncated packet");
  CHECK_EQ(flow.tcp('>', {.header_words = 6}), "INVALID: truncated packet");
  CHECK_EQ(flow.tcp('>', {.payload = data(4), .header_words = 6}), "SYN_SENT 120");
}

TEST_CASE("a checksum is verified when it is to be") {
  TrackedFlow flow;
  CHECK_EQ(flow.tcp('>', {.checksum = 1}), "SYN_SENT 120");
  flow.verify_checksum = true;
  CHECK_EQ(flow.tcp('>', {.checksum = 1}), "INVALID: bad checksum");
  BuiltPacket segment = flow.tcp_segment('>', {.checksum = 1});
  packet::Packet trusted = segment.view();
  trusted.checksum = packet::ChecksumState::kTrusted;
  CHECK_EQ(flow.send('>', trusted), "pass: (a SYN renews no timeout before it is answered)");
  CHECK_EQ(flow.tcp('>', {}), "pass: (a SYN renews no timeout before it is answered)");
}

TEST_CASE("nine combinations of flags exist, whatever PSH, ECE and CWR say") {
  const std::vector<std::string_view> valid = {"S", "SU", "SA", "R", "RA", "FA", "FAU", "A", "AU"};
  const std::string_view letters = "FSRPAUEC";
  const auto mask_of = [&](std::string_view flags) {
    unsigned mask = 0;
    for (const char letter : flags) mask |= 1u << letters.find(letter);
    return mask;
  };
  for (unsigned mask = 0; mask < 256; ++mask) {
    std::string flags;
    for (unsigned bit = 0; bit < 8; ++bit)
      if (mask >> bit & 1) flags += letters[bit];
    bool expected = false;
    for (const auto one : valid) expected |= mask_of(one) == (mask & ~mask_of("PEC"));
    CAPTURE(flags);
    TrackedFlow flow;
    CHECK_EQ(flow.tcp('>', {.flags = flags}) == "INVALID: invalid tcp flag combination", !expected);
  }
}

// ---- the first segment ----

TEST_CASE("a SYN begins a flow, and what it offers is kept") {
  TrackedFlow flow;
  flow.ct.track.tcp.retrans = 9;
  CHECK_EQ(flow.tcp('>', {.flags = "S",
                          .seq = 1000,
                          .window = 0,
                          .options = {mss(1460), sack_permitted(), window_scale(7)},
                          .payload = data(10)}),
           "SYN_SENT 120");
  const TcpPeer& client = flow.peer('>');
  CHECK_EQ(client.td_end, 1011);
  CHECK_EQ(client.td_maxend, 1011);
  CHECK_EQ(client.td_maxwin, 1);
  CHECK_EQ(client.td_scale, 7);
  CHECK_EQ(client.flags & (kTcpWindowScale | kTcpSackPerm), kTcpWindowScale | kTcpSackPerm);
  CHECK_EQ(flow.ct.track.tcp.retrans, 0);
}

TEST_CASE("nothing else than a SYN or an acknowledgement begins a flow") {
  for (const std::string_view flags : {"SA", "FA", "R", "RA"}) {
    TrackedFlow flow;
    CHECK_EQ(flow.tcp('>', {.flags = flags}), "INVALID: invalid new");
  }
}

TEST_CASE("a connection is picked up in its midst, and assured when the answer was answered") {
  TrackedFlow flow;
  play(flow, {{'>', {.flags = "A", .seq = 100, .ack = 500}, "ESTABLISHED 300"},
              {'<', {.flags = "A", .seq = 500, .ack = 100}, "ESTABLISHED 300"},
              {'>', {.flags = "A", .seq = 100, .ack = 500}, "ESTABLISHED 432000 ASSURED"}});
  for (const char arrow : {'>', '<'})
    CHECK_EQ(flow.peer(arrow).flags & (kTcpSackPerm | kTcpBeLiberal), kTcpSackPerm | kTcpBeLiberal);
}

TEST_CASE("without tcp_loose no connection is picked up") {
  TrackedFlow flow;
  flow.settings.tcp_loose = false;
  CHECK_EQ(flow.tcp('>', {.flags = "A", .seq = 100, .ack = 500}),
           "INVALID: (no connection is picked up in its midst: tcp_loose is 0)");
  CHECK_EQ(flow.tcp('>', {.flags = "S"}), "SYN_SENT 120");
}

TEST_CASE("a SYN sent again neither renews the timeout nor counts") {
  TrackedFlow flow;
  flow.tcp('>', {.flags = "S", .seq = 99});
  flow.wait(10);
  CHECK_EQ(flow.tcp('>', {.flags = "S", .seq = 99}),
           "pass: (a SYN renews no timeout before it is answered)");
  CHECK_EQ(flow.seconds_left(), 110);
  CHECK_EQ(flow.counted, 1);
}

TEST_CASE("a SYN with a new number replaces the one that was sent before") {
  TrackedFlow flow;
  play(flow, {{'>', {.flags = "S", .seq = 99}, "SYN_SENT 120"},
              {'>',
               {.flags = "S", .seq = 70099},
               "pass: (a SYN renews no timeout before it is answered)"}});
  CHECK_EQ(flow.tcp('<', {.flags = "SA", .seq = 499, .ack = 100}),
           "pass: ignored ACK under lower bound 4099 (possible overly delayed)");
  CHECK_EQ(flow.tcp('<', {.flags = "SA", .seq = 499, .ack = 70100}), "SYN_RECV 60");
}

// ---- what the table refuses ----

TEST_CASE("segments that fit no state are INVALID") {
  TrackedFlow flow;
  play(flow, {{'>', {.flags = "S", .seq = 99}, "SYN_SENT 120"},
              {'>',
               {.flags = "A", .seq = 100, .ack = 500},
               "INVALID: packet (index 3) in dir 0 invalid, state SYN_SENT"},
              {'<',
               {.flags = "FA", .seq = 500, .ack = 100},
               "INVALID: packet (index 2) in dir 1 invalid, state SYN_SENT"}});
  flow = established();
  play(flow, {{'>',
               {.flags = "SA", .seq = 99, .ack = 500},
               "INVALID: packet (index 1) in dir 0 invalid, state ESTABLISHED"},
              {'<',
               {.flags = "S", .seq = 499},
               "INVALID: packet (index 0) in dir 1 invalid, state ESTABLISHED"}});
}

// ---- simultaneous open ----

TEST_CASE("two sides may open the same connection at once") {
  TrackedFlow flow;
  play(flow,
       {{'>', {.flags = "S", .seq = 99}, "SYN_SENT 120"},
        {'<', {.flags = "S", .seq = 499}, "pass: (a SYN renews no timeout before it is answered)"},
        {'>', {.flags = "SA", .seq = 99, .ack = 500}, "SYN_RECV 60"},
        {'<',
         {.flags = "SA", .seq = 499, .ack = 100},
         "pass: packet (index 1) in dir 1 ignored, state SYN_RECV"},
        {'<', {.flags = "A", .seq = 500, .ack = 100}, "ESTABLISHED 432000 ASSURED"}});
}

// ---- out of step ----

TEST_CASE("a SYN on an established connection passes, and its SYN/ACK begins the connection anew") {
  TrackedFlow flow = established();
  const Tick expiry = flow.ct.expiry;
  flow.wait(1);
  play(flow, {{'>',
               {.flags = "S", .seq = 9000, .window = 1000, .options = {window_scale(3)}},
               "pass: packet (index 0) in dir 0 ignored, state ESTABLISHED"}});
  CHECK_EQ(flow.ct.expiry, expiry);
  CHECK_EQ(flow.counted, 3);
  CHECK_EQ(
      flow.tcp(
          '<',
          {.flags = "SA", .seq = 70000, .ack = 9001, .window = 2000, .options = {window_scale(5)}}),
      "SYN_RECV 60");
  CHECK_EQ(flow.events, kEventProtoinfo);
  CHECK_EQ(flow.peer('>').td_end, 9001);
  CHECK_EQ(flow.peer('>').td_scale, 3);
  CHECK_EQ(flow.peer('<').td_end, 70001);
  CHECK_EQ(flow.peer('<').td_scale, 5);
  CHECK_EQ(flow.tcp('>', {.flags = "A", .seq = 9001, .ack = 70001}), "ESTABLISHED 432000");
}

TEST_CASE("a SYN/ACK for another SYN than the ignored one is ignored too") {
  TrackedFlow flow = established();
  play(flow, {{'>',
               {.flags = "S", .seq = 9000},
               "pass: packet (index 0) in dir 0 ignored, state ESTABLISHED"},
              {'<',
               {.flags = "SA", .seq = 70000, .ack = 9000},
               "pass: packet (index 1) in dir 1 ignored, state ESTABLISHED"}});
}

TEST_CASE("a challenge to a SYN passes, and the RST that answers it ends the attempt") {
  TrackedFlow flow;
  play(flow, {{'>', {.flags = "S", .seq = 99}, "SYN_SENT 120"},
              {'<',
               {.flags = "A", .seq = 7000, .ack = 3000},
               "pass: packet (index 3) in dir 1 ignored, state SYN_SENT"},
              {'>', {.flags = "R", .seq = 3000}, "CLOSE 10"},
              {'>', {.flags = "S", .seq = 99}, "repeat"}});
}

TEST_CASE("in LAST_ACK a challenge to a new SYN does not end the old connection") {
  TrackedFlow flow = established();
  play(flow, {{'>', {.flags = "FA", .seq = 100, .ack = 500}, "FIN_WAIT 120"},
              {'<', {.flags = "FA", .seq = 500, .ack = 101}, "LAST_ACK 30"},
              {'>',
               {.flags = "S", .seq = 9000},
               "pass: packet (index 0) in dir 0 ignored, state LAST_ACK"},
              {'<', {.flags = "A", .seq = 501, .ack = 101}, "pass: challenge-ack ignored"},
              {'<', {.flags = "A", .seq = 501, .ack = 101}, "TIME_WAIT 120"}});
}

// ---- the ports are used again ----

TEST_CASE("a SYN after the connection was closed begins a new entry") {
  TrackedFlow flow = closed();
  CHECK_EQ(flow.tcp('>', {.flags = "S", .seq = 9000}), "repeat");
  CHECK_EQ(flow.counted, 6);
  flow = closed();
  CHECK_EQ(flow.tcp('<', {.flags = "S", .seq = 9000}), "repeat");
}

TEST_CASE("when the old entry is on its way out already, the SYN is dropped") {
  TrackedFlow flow = closed();
  flow.can_kill = false;
  CHECK_EQ(flow.tcp('>', {.flags = "S", .seq = 9000}), "drop");
}

TEST_CASE("a SYN after a RST begins a new entry only when the same side has sent the RST") {
  TrackedFlow flow = established();
  play(flow, {{'>', {.flags = "R", .seq = 500 - 400, .ack = 0}, "CLOSE 10"},
              {'>', {.flags = "S", .seq = 9000}, "repeat"}});
  flow = established();
  play(flow,
       {{'<', {.flags = "R", .seq = 500}, "CLOSE 10"},
        {'>', {.flags = "S", .seq = 9000}, "pass: packet (index 0) in dir 0 ignored, state CLOSE"},
        {'<', {.flags = "SA", .seq = 70000, .ack = 9001}, "SYN_RECV 60"}});
  CHECK(flow.ct.has(kAssured));
}

// ---- RST ----

TEST_CASE("a RST that refuses a connection ends its entry, and counts") {
  TrackedFlow flow;
  flow.tcp('>', {.flags = "S", .seq = 99});
  CHECK_EQ(flow.tcp('<', {.flags = "RA", .seq = 0, .ack = 100}), "end");
  CHECK_EQ(flow.ct.track.tcp.state, static_cast<uint8_t>(TcpState::kClose));
  CHECK_EQ(flow.counted, 2);
  CHECK_EQ(flow.seconds_left(), 120);
}

TEST_CASE("a RST with the very number that is due closes the connection") {
  TrackedFlow flow = established();
  CHECK_EQ(flow.tcp('<', {.flags = "R", .seq = 500}), "CLOSE 10");
  CHECK_EQ(flow.rule, "tcp_timeout_close (RST)");
}

TEST_CASE("a RST elsewhere in the window may be forged: the state stays, for ten seconds") {
  TrackedFlow flow = established();
  CHECK_EQ(flow.tcp('<', {.flags = "R", .seq = 600}), "ESTABLISHED 10");
  CHECK_EQ(flow.events, 0);
}

TEST_CASE("a RST below what was acknowledged is INVALID, unless that is to be ignored") {
  TrackedFlow flow = established();
  CHECK_EQ(flow.tcp('<', {.flags = "R", .seq = 400}), "INVALID: invalid rst");
  flow.settings.tcp_be_liberal = true;
  CHECK_EQ(flow.tcp('<', {.flags = "R", .seq = 400}), "INVALID: invalid rst");
  flow.settings.tcp_ignore_invalid_rst = true;
  CHECK_EQ(flow.tcp('<', {.flags = "R", .seq = 400}), "ESTABLISHED 10");
}

TEST_CASE("a RST right behind its own data closes the connection") {
  TrackedFlow flow = established();
  play(flow, {{'<', {.flags = "A", .seq = 500, .ack = 100, .payload = data(19)}, "ESTABLISHED 300"},
              {'<', {.flags = "R", .seq = 519}, "CLOSE 10"}});
}

TEST_CASE("a RST while the connection closes is taken as it is") {
  TrackedFlow flow = closed();
  CHECK_EQ(flow.tcp('<', {.flags = "R", .seq = 0xdeadbeef}), "CLOSE 10");
  CHECK_EQ(flow.tcp('>', {.flags = "R", .seq = 0x12345678}), "CLOSE 10");
}

TEST_CASE("a RST that answers an ignored SYN is taken as it is") {
  TrackedFlow flow = established();
  play(flow, {{'>',
               {.flags = "S", .seq = 900000},
               "pass: packet (index 0) in dir 0 ignored, state ESTABLISHED"},
              {'<', {.flags = "RA", .seq = 0xdeadbeef, .ack = 900001}, "CLOSE 10"}});
}

TEST_CASE("a RST that answers the first acknowledgement of a flow picked up is taken as it is") {
  TrackedFlow flow;
  flow.tcp('>', {.flags = "A", .seq = 100, .ack = 500});
  CHECK_EQ(flow.tcp('<', {.flags = "R", .seq = 500}), "end");
}

TEST_CASE("a RST with number zero answers a SYN") {
  TrackedFlow flow;
  play(
      flow,
      {{'>', {.flags = "S", .seq = 99}, "SYN_SENT 120"},
       {'<', {.flags = "S", .seq = 499}, "pass: (a SYN renews no timeout before it is answered)"}});
  CHECK_EQ(flow.tcp('<', {.flags = "RA", .seq = 0, .ack = 0}), "CLOSE 10");
}

// ---- timeouts ----

TEST_CASE("the same acknowledgement four times over means trouble") {
  TrackedFlow flow = established();
  const Tcp again{.flags = "A", .seq = 100, .ack = 500};
  play(flow, {{'>', again, "ESTABLISHED 432000"},
              {'>', again, "ESTABLISHED 432000"},
              {'>', again, "ESTABLISHED 300"}});
  CHECK_EQ(flow.rule, "tcp_timeout_max_retrans (retransmissions)");
  CHECK_EQ(flow.tcp('<', {.flags = "A", .seq = 500, .ack = 100}), "ESTABLISHED 432000");
}

TEST_CASE("a closed window shortens the timeout") {
  TrackedFlow flow = established();
  CHECK_EQ(flow.tcp('<', {.flags = "A", .seq = 500, .ack = 100, .window = 0}), "ESTABLISHED 300");
  CHECK_EQ(flow.rule, "tcp_timeout_max_retrans (zero window)");
  CHECK_EQ(flow.tcp('<', {.flags = "A", .seq = 500, .ack = 100, .window = 10}),
           "ESTABLISHED 432000");
  CHECK_EQ(flow.rule, "tcp_timeout_established");
}

TEST_CASE("data that nobody has acknowledged shortens the timeout") {
  TrackedFlow flow = established();
  CHECK_EQ(flow.tcp('>', {.flags = "A", .seq = 100, .ack = 500, .payload = data(1)}),
           "ESTABLISHED 300");
  CHECK_EQ(flow.rule, "tcp_timeout_unacknowledged (data not acknowledged)");
}

TEST_CASE("the shorter timeouts hold only while they are shorter") {
  TrackedFlow flow = established();
  flow.settings.tcp.state[static_cast<size_t>(TcpState::kEstablished)] = 200;
  CHECK_EQ(flow.tcp('>', {.flags = "A", .seq = 100, .ack = 500, .payload = data(1)}),
           "ESTABLISHED 200");
}

TEST_CASE("FIN or RST out of the window from both sides leave an entry little time") {
  TrackedFlow flow = established();
  const auto over = "INVALID: SEQ is over upper bound 65636 (over the window of the receiver)";
  CHECK_EQ(flow.tcp('>', {.flags = "FA", .seq = 900000, .ack = 500}), over);
  CHECK_EQ(flow.seconds_left(), 432000);
  CHECK_EQ(flow.tcp('<', {.flags = "RA", .seq = 500 + 900000, .ack = 100}),
           "INVALID: SEQ is over upper bound 66036 (over the window of the receiver); "
           "packet (index 4, dir 1) response for index 2 lower timeout to 75000");
  CHECK_EQ(flow.seconds_left(), 300);
  CHECK_EQ(flow.counted, 3);
}

TEST_CASE("one side alone, or a flow that is short-lived anyway, is left as it is") {
  TrackedFlow flow = established();
  for (int i = 0; i < 2; ++i) flow.tcp('>', {.flags = "FA", .seq = 900000, .ack = 500});
  CHECK_EQ(flow.seconds_left(), 432000);
  flow.ct.expiry = flow.now + 119 * kTicksPerSecond;
  flow.tcp('<', {.flags = "FA", .seq = 900000, .ack = 100});
  CHECK_EQ(flow.seconds_left(), 119);
}

// ---- captures that hold less than the packet ----

TEST_CASE("a header that was not captured says nothing") {
  TrackedFlow flow = established();
  const Conn before = flow.ct;
  const BuiltPacket segment = flow.tcp_segment('>', {.flags = "R", .seq = 100});
  for (uint32_t captured = 20; captured < 36; ++captured)
    CHECK_EQ(flow.send('>', segment.cut(captured)), "not captured");
  CHECK_EQ(std::memcmp(&before.track, &flow.ct.track, sizeof before.track), 0);
  CHECK_EQ(flow.send('>', segment.cut(36)), "CLOSE 10");
}

TEST_CASE("when the window scale of a SYN was cut off, windows are not held against anyone") {
  TrackedFlow flow;
  const BuiltPacket syn = flow.tcp_segment(
      '>', {.flags = "S", .seq = 99, .options = {mss(1460), sack_permitted(), window_scale(7)}});
  CHECK_EQ(flow.send('>', syn.cut(46)), "SYN_SENT 120");
  play(flow, {{'<', {.flags = "SA", .seq = 499, .ack = 100}, "SYN_RECV 60"},
              {'>', {.flags = "A", .seq = 100, .ack = 500}, "ESTABLISHED 432000 ASSURED"},
              {'<', {.flags = "A", .seq = 500000, .ack = 100}, "ESTABLISHED 432000"}});
}
