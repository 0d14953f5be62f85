// The counters of -S, each moved by the situation that it is for. Those of NAT and netlink (found,
// insert) are in the tests of these; search_restart takes two CPUs.
#include <doctest/doctest.h>
#include <netinet/in.h>

#include "conntrack/tracker.h"
#include "support/packet_builder.h"

namespace ctwin::test {
namespace {

using conntrack::ConnIndex;
using conntrack::CtInfo;
using conntrack::Stats;
using conntrack::Tracked;

constexpr uint64_t kStart = 1'000'000'000'000;

struct Table {
  explicit Table(const conntrack::Settings& wanted = {}) : settings(wanted) {
    tracker.advance(kStart);
  }

  /// In and out; the packet was dropped where `drop` says so.
  Tracked pass(const BuiltPacket& packet) {
    Tracked tracked = tracker.in(packet.view());
    if (!tracked.drop && !tracker.confirm(tracked, packet.view())) tracked.drop = true;
    return tracked;
  }
  const Stats& stats() { return tracker.stats(); }

  conntrack::Settings settings;
  conntrack::Tracker tracker{settings, 100'000, 1};
};

Ip between(uint32_t client) {
  static char name[32];
  std::snprintf(name, sizeof name, "10.1.%u.%u", client / 256 % 256, client % 256);
  return {.src = name, .dst = "10.2.0.1"};
}

BuiltPacket query(uint32_t client, uint16_t port = 1000) {
  return udp_packet(between(client), {.sport = port, .dport = 53});
}

conntrack::Settings with_room_for(uint32_t entries) {
  conntrack::Settings settings;
  settings.max_entries = entries;
  return settings;
}

}  // namespace

TEST_CASE("invalid: a packet that begins no flow and belongs to none") {
  Table table;
  CHECK(table.pass(tcp_packet(between(1), {.flags = "SA"})).index == 0);
  CHECK(table.stats().invalid == 1);
  CHECK(table.stats().drop == 0);
}

TEST_CASE("error: ICMP that is damaged, or about a flow that nobody knows") {
  Table table;
  CHECK(table.pass(icmp_packet(between(1), {.checksum = 1})).index == 0);
  const BuiltPacket unknown = query(2);
  CHECK(
      table.pass(icmp_packet(between(1), {.type = 3, .code = 1, .payload = unknown.bytes})).index ==
      0);
  CHECK(table.stats().error == 2);
  CHECK(table.stats().invalid == 0);
}

TEST_CASE("drop: a table that is full of entries that stay") {
  Table table(with_room_for(2));
  for (uint32_t client : {1u, 2u}) {
    const ConnIndex index = table.pass(query(client)).index;
    REQUIRE(index != 0);
    table.tracker.table()[index].status |= kSeenReply | kAssured;
  }
  CHECK(table.pass(query(3)).drop);
  CHECK_FALSE(table.pass(query(1)).drop);
  CHECK(table.stats().drop == 1);
  CHECK(table.stats().early_drop == 0);
  CHECK(table.tracker.count() == 2);
}

TEST_CASE("early_drop: entries that nobody answered make room") {
  Table table(with_room_for(20));
  for (uint32_t client = 0; client < 60; ++client) CHECK_FALSE(table.pass(query(client)).drop);
  CHECK(table.stats().drop == 0);
  CHECK(table.stats().early_drop >= 40);
  CHECK(table.tracker.count() == 60 - table.stats().early_drop);
}

TEST_CASE("insert_failed and clash_resolve: another entry has come before") {
  Table table;
  const BuiltPacket packet = query(1);
  Tracked slow = table.tracker.in(packet.view());
  CHECK_FALSE(table.pass(packet).drop);
  CHECK(table.tracker.confirm(slow, packet.view()));
  CHECK(table.stats().clash_resolve == 1);
  CHECK(table.stats().insert_failed == 0);

  const BuiltPacket syn = tcp_packet(between(1), {.flags = "S"});
  slow = table.tracker.in(syn.view());
  CHECK_FALSE(table.pass(syn).drop);
  CHECK_FALSE(table.tracker.confirm(slow, syn.view()));
  CHECK(table.stats().insert_failed == 1);
  CHECK(table.stats().drop == 1);
}

TEST_CASE("chaintoolong: a bucket that is too full takes no more, where buckets are numbered") {
  constexpr uint32_t kFlows = 30'000;  // 117 of 512 buckets each, where 81 are the most
  conntrack::Settings settings;
  settings.buckets = 512;
  Table few(settings);
  uint32_t dropped = 0;
  for (uint32_t client = 0; client < kFlows; ++client) dropped += few.pass(query(client)).drop;
  CHECK(dropped > kFlows / 4);
  CHECK(few.stats().chaintoolong == dropped);
  CHECK(few.stats().insert_failed == dropped);
  CHECK(few.stats().drop == 0);
  CHECK(few.tracker.count() == kFlows - dropped);
  CHECK(few.tracker.count() <= 512 * 81 / 2);

  few.tracker.advance(kStart + 31'000'000'000);
  CHECK(few.tracker.count() == 0);
  CHECK_FALSE(few.pass(query(1)).drop);

  Table unlimited;
  for (uint32_t client = 0; client < kFlows; ++client)
    REQUIRE_FALSE(unlimited.pass(query(client)).drop);
  CHECK(unlimited.stats().chaintoolong == 0);
}

}  // namespace ctwin::test
