// A table that is full of entries which stay, and how it is relieved.
#include <doctest/doctest.h>
#include <netinet/in.h>

#include "conntrack/proto_states.h"
#include "conntrack/tracker.h"
#include "support/packet_builder.h"

namespace ctwin::test {
namespace {

using conntrack::Conn;
using conntrack::ConnIndex;
using conntrack::SctpState;
using conntrack::TcpState;
using conntrack::Tick;
using conntrack::Tracker;

constexpr uint64_t kStart = 1'000'000'000'000;
constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint32_t kMost = 300;  // 95 % of it are 285
constexpr uint32_t kRelieved = 284;

constexpr Tick seconds(Tick count) { return count * conntrack::kTicksPerSecond; }

BuiltPacket first_packet(uint8_t proto, uint32_t client) {
  const std::string name =
      "10.1." + std::to_string(client / 256) + "." + std::to_string(client % 256);
  const Ip ip{.src = name.c_str(), .dst = "10.2.0.1"};
  if (proto == IPPROTO_TCP) return tcp_packet(ip, {.flags = "S"});
  if (proto == IPPROTO_SCTP) return sctp_packet(ip, {.chunks = {init_chunk(1)}});
  return udp_packet(ip, {});
}

struct Table {
  explicit Table(uint32_t most = kMost) {
    settings.max_entries = most;
    tracker.advance(kStart);
  }

  /// Of a client of its own; 0 when there was no room.
  ConnIndex enter(uint8_t proto, uint32_t client) {
    const BuiltPacket packet = first_packet(proto, client);
    conntrack::Tracked tracked = tracker.in(packet.view());
    return tracked.drop || !tracker.confirm(tracked, packet.view()) ? 0 : tracked.index;
  }

  /// An entry that was answered, and its state where the protocol has one.
  void enter_assured(uint8_t proto, uint32_t client, uint8_t state, Tick lifetime = seconds(600)) {
    const ConnIndex index = enter(proto, client);
    REQUIRE(index != 0);
    Conn& ct = tracker.table()[index];
    ct.status |= kSeenReply | kAssured;
    ct.expiry = tracker.now() + lifetime;
    if (proto == IPPROTO_TCP) ct.track.tcp.state = state;
    if (proto == IPPROTO_SCTP) ct.track.sctp.state = state;
    tracker.timer_changed(index);
  }

  /// The first `special` entries are of this protocol and state, all others UDP.
  void fill(uint8_t proto = IPPROTO_UDP, uint32_t special = 0, uint8_t state = 0) {
    for (uint32_t client = 0; client < settings.max_entries; ++client)
      enter_assured(client < special ? proto : uint8_t{IPPROTO_UDP}, client, state);
  }

  conntrack::Settings settings;
  Tracker tracker{settings, 10'000, 1};
};

/// How many of a full table's entries are left a minute after there was no room for one more.
uint32_t left_after_pressure(uint8_t proto, uint32_t special, uint8_t state) {
  Table table;
  table.fill(proto, special, state);
  CHECK(table.enter(IPPROTO_UDP, 1000) == 0);
  CHECK(table.tracker.count() == kMost);
  table.tracker.advance(kStart + 60 * kSecond);
  CHECK(table.tracker.stats().drop == 1);
  CHECK(table.tracker.stats().early_drop == 0);
  return table.tracker.count();
}

}  // namespace

TEST_CASE("a table under pressure keeps the connections that go on") {
  CHECK(left_after_pressure(IPPROTO_UDP, 0, 0) == kMost);
}

TEST_CASE("a table under pressure is relieved until it is less than 95 % full, and no further") {
  const auto state = static_cast<uint8_t>(TcpState::kTimeWait);
  CHECK(left_after_pressure(IPPROTO_TCP, kMost, state) == kRelieved);
  CHECK(left_after_pressure(IPPROTO_TCP, 5, state) == kMost - 5);
}

TEST_CASE("of a large table no more than 257 entries are taken at a time") {
  Table table(6000);
  table.fill(IPPROTO_TCP, 6000, static_cast<uint8_t>(TcpState::kTimeWait));
  CHECK(table.enter(IPPROTO_UDP, 7000) == 0);
  table.tracker.advance(kStart + 300 * kSecond);
  CHECK(table.tracker.count() == 6000 - 257);
}

TEST_CASE("in which states a connection counts as being closed") {
  for (uint8_t state = 0; state < 10; ++state) {
    CAPTURE(state);
    const TcpState tcp{state};
    const bool closes = tcp == TcpState::kFinWait || tcp == TcpState::kCloseWait ||
                        tcp == TcpState::kLastAck || tcp == TcpState::kTimeWait ||
                        tcp == TcpState::kClose;
    CHECK(left_after_pressure(IPPROTO_TCP, 5, state) == kMost - (closes ? 5 : 0));
  }
  for (uint8_t state = 0; state < 9; ++state) {
    CAPTURE(state);
    const SctpState sctp{state};
    const bool closes = sctp == SctpState::kShutdownSent || sctp == SctpState::kShutdownRecd ||
                        sctp == SctpState::kShutdownAckSent;
    CHECK(left_after_pressure(IPPROTO_SCTP, 5, state) == kMost - (closes ? 5 : 0));
  }
}

TEST_CASE("a table is left alone while nothing was refused, be it full") {
  Table table;
  table.fill(IPPROTO_TCP, kMost, static_cast<uint8_t>(TcpState::kTimeWait));
  table.tracker.advance(kStart + 120 * kSecond);
  CHECK(table.tracker.count() == kMost);
}

TEST_CASE(
    "a table is relieved once for however many were refused, and again when it is full again") {
  Table table;
  table.fill(IPPROTO_TCP, kMost, static_cast<uint8_t>(TcpState::kTimeWait));
  CHECK(table.enter(IPPROTO_UDP, 1000) == 0);
  table.tracker.advance(kStart + 59 * kSecond);
  CHECK(table.enter(IPPROTO_UDP, 1001) == 0);
  CHECK(table.tracker.count() == kMost);
  table.tracker.advance(kStart + 60 * kSecond);
  CHECK(table.tracker.count() == kRelieved);
  for (uint32_t client = 1000; table.tracker.count() < kMost; ++client)
    table.enter_assured(IPPROTO_UDP, client, 0);
  table.tracker.advance(kStart + 130 * kSecond);
  CHECK(table.tracker.count() == kMost);
  CHECK(table.enter(IPPROTO_UDP, 2000) == 0);
  table.tracker.advance(kStart + 190 * kSecond);
  CHECK(table.tracker.count() == kRelieved);
}

TEST_CASE("relief comes the sooner the shorter entries live, and whoever waits is told when") {
  Table table;
  for (uint32_t client = 0; client < kMost; ++client)
    table.enter_assured(IPPROTO_UDP, client, 0, seconds(30));
  constexpr uint64_t kFar = kStart + 25 * kSecond;
  CHECK(table.tracker.position().relief == 0);
  CHECK(table.enter(IPPROTO_UDP, 1000) == 0);
  // A hundred times 60 s and 300 times 30 s: 37.5 s on average.
  const Tick due = table.tracker.now() + seconds(75) / 2;
  CHECK(table.tracker.position().relief == due);
  CHECK(table.tracker.next_look_ns(kFar) <= kFar);

  Table longer;
  longer.fill();
  CHECK(longer.enter(IPPROTO_UDP, 1000) == 0);
  CHECK(longer.tracker.next_look_ns(kStart + 600 * kSecond) <= kStart + 60 * kSecond);
}

TEST_CASE("pressure outlasts an engine that goes on as another one") {
  Table table;
  table.fill();
  CHECK(table.enter(IPPROTO_UDP, 1000) == 0);
  const Tracker::Position position = table.tracker.position();
  CHECK(position.relief == table.tracker.now() + seconds(60));
  Tracker next(table.settings, 1000, 1);
  next.resume(position);
  CHECK(next.position().relief == position.relief);
}

}  // namespace ctwin::test
