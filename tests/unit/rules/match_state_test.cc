// What matches remember from packet to packet. The rows of zeros and ones are what a kernel
// answered to the same packets.
#include <doctest/doctest.h>

#include <algorithm>

#include "unit/rules/gate.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

using Action = RecentMatch::Action;

/// Packets in a row through rules that only count: for each rule a row of who was met.
class Rows {
 public:
  explicit Rows(const std::vector<Match>& matches) : rows_(matches.size()) {
    for (const Match& match : matches)
      gate.add(TableId::kFilter, Hook::kForward, rule(match, NoTarget{}));
  }

  void packet(std::string_view source = "10.0.0.1", uint8_t ttl = 64) {
    Ip ip;
    ip.src = source;
    ip.ttl = ttl;
    gate.forward(udp_packet(ip, {}));
    const Chain& chain = gate.firewall().rules().tables[0].chains[0];
    for (size_t i = 0; i < rows_.size(); ++i) {
      const uint64_t before = static_cast<uint64_t>(std::ranges::count(rows_[i], '1'));
      rows_[i] += chain.rules[i].counters.packets > before ? '1' : '0';
    }
  }
  void packets(unsigned count) {
    for (unsigned i = 0; i < count; ++i) packet();
  }
  void wait(conntrack::Tick ticks) {
    gate.time_ns += static_cast<uint64_t>(ticks) * conntrack::kTickNs;
  }
  const std::string& operator[](size_t number) const { return rows_[number]; }

  Gate gate;

 private:
  std::vector<std::string> rows_;
};

/// The packets that the kernel was sent: the fifth from elsewhere, the fourth a hop farther, and a
/// pause in front of the seventh.
void send_ten(Rows& rows) {
  rows.packets(3);
  rows.packet("10.0.0.1", 63);
  rows.packet("10.0.0.3");
  rows.packet();
  rows.wait(300);
  rows.packets(4);
}

StatisticMatch every(uint32_t packets, uint32_t which, bool invert = false) {
  return {.invert = invert, .every = packets, .packet = which};
}

RecentMatch recent(const char* name, Action action, uint32_t hits = 0) {
  return {.action = action, .hitcount = hits, .name = name};
}
RecentMatch inverted(RecentMatch match) {
  match.invert = true;
  return match;
}

}  // namespace

TEST_CASE("statistic: every n-th packet, beginning with the one that is asked for") {
  Rows rows({every(3, 0), every(3, 1), every(3, 2), every(3, 0, true), every(1, 0)});
  rows.packets(10);
  CHECK_EQ(rows[0], "1001001001");
  CHECK_EQ(rows[1], "0100100100");
  CHECK_EQ(rows[2], "0010010010");
  CHECK_EQ(rows[3], "0110110110");
  CHECK_EQ(rows[4], "1111111111");
}

TEST_CASE("statistic: at random, as often as asked") {
  constexpr uint32_t kQuarter = 1u << 29, kAlways = 1u << 31;
  Rows rows({StatisticMatch{.random = true, .probability = kQuarter},
             StatisticMatch{.random = true, .probability = 0},
             StatisticMatch{.random = true, .probability = kAlways},
             StatisticMatch{.random = true, .invert = true, .probability = kAlways}});
  rows.packets(1000);
  const auto met = std::ranges::count(rows[0], '1');
  CHECK_GT(met, 200);
  CHECK_LT(met, 300);
  CHECK_EQ(std::ranges::count(rows[1], '1'), 0);
  CHECK_EQ(std::ranges::count(rows[2], '1'), 1000);
  CHECK_EQ(std::ranges::count(rows[3], '1'), 0);
}

TEST_CASE("limit: a burst, and then as many packets as time gives") {
  Rows rows({LimitMatch{.average = 10'000, .burst = 5}});
  rows.packets(7);
  CHECK_EQ(rows[0], "1111100");
  rows.wait(248);
  rows.packet();
  rows.wait(1);
  rows.packets(2);
  rows.wait(1);
  rows.packets(2);
  CHECK_EQ(rows[0].substr(7), "00010");
}

TEST_CASE("limit: credit is kept up to the burst, and no longer") {
  Rows rows({LimitMatch{.average = 10'000, .burst = 2}});
  rows.packets(3);
  rows.wait(250 * 60);
  rows.packets(3);
  CHECK_EQ(rows[0], "110110");
}

TEST_CASE("limit: what would not fit into 32 bits is rounded as the kernel rounds it") {
  constexpr uint32_t kSevenAMinute = 85714, kThreeAMinute = 200'000, kOneADay = 864'000'000;
  Rows rows({LimitMatch{kSevenAMinute, 5}, LimitMatch{kSevenAMinute, 20},
             LimitMatch{kThreeAMinute, 5}, LimitMatch{kOneADay, 3}, LimitMatch{1, 5}});
  rows.packets(30);
  const auto met = [&](size_t number) { return std::ranges::count(rows[number], '1'); };
  CHECK_EQ(met(0), 4);
  CHECK_EQ(met(1), 19);
  CHECK_EQ(met(2), 5);
  CHECK_EQ(met(3), 1);
  CHECK_EQ(met(4), 5);
}

TEST_CASE("recent: sets, counts hits, and answers the other way round when inverted") {
  Rows rows({recent("s", Action::kSet), recent("s", Action::kCheck, 3),
             inverted(recent("s", Action::kCheck, 3)), recent("u", Action::kUpdate),
             recent("u", Action::kSet), inverted(recent("v", Action::kSet)),
             inverted(recent("v", Action::kUpdate, 2)), recent("v", Action::kCheck, 4)});
  send_ten(rows);
  CHECK_EQ(rows[0], "1111111111");
  CHECK_EQ(rows[1], "0011011111");
  CHECK_EQ(rows[2], "1100100000");
  CHECK_EQ(rows[3], "0111011111");
  CHECK_EQ(rows[4], "1111111111");
  CHECK_EQ(rows[5], "0000000000");
  CHECK_EQ(rows[6], "1000100000");
  CHECK_EQ(rows[7], "0011011111");
}

TEST_CASE("recent: the mask of the first rule is that of the list") {
  RecentMatch set = recent("w", Action::kSet);
  set.mask = prefix_mask(AF_INET, 24);
  Rows rows({set, recent("w", Action::kCheck, 2)});
  send_ten(rows);
  CHECK_EQ(rows[1], "0111111111");
}

TEST_CASE("recent: an address that was removed is forgotten") {
  Rows rows({recent("x", Action::kCheck), recent("x", Action::kSet), recent("x", Action::kRemove),
             recent("x", Action::kRemove)});
  send_ten(rows);
  CHECK_EQ(rows[0], "0000000000");
  CHECK_EQ(rows[1], "1111111111");
  CHECK_EQ(rows[2], "1111111111");
  CHECK_EQ(rows[3], "0000000000");
}

TEST_CASE("recent: with --rttl only packets that came as far are the same") {
  RecentMatch check = recent("t", Action::kCheck);
  check.ttl = true;
  Rows rows({check, recent("t", Action::kSet)});
  send_ten(rows);
  CHECK_EQ(rows[0], "0110001111");
}

TEST_CASE("recent: hits count within the seconds asked") {
  RecentMatch check = recent("h", Action::kCheck, 2), update = recent("h", Action::kUpdate, 2);
  check.seconds = update.seconds = 1;
  update.reap = true;
  Rows rows({recent("h", Action::kSet), check, update});
  send_ten(rows);
  CHECK_EQ(rows[1], "0111010111");
  CHECK_EQ(rows[2], "0111010111");
}

TEST_CASE("recent: a stamp of exactly the seconds asked still counts") {
  RecentMatch check = recent("e", Action::kCheck);
  check.seconds = 2;
  RecentList list("e", {});
  Sighting sighting{parse_address("10.0.0.1"), 64, 1000};
  CHECK(list.ask(recent("e", Action::kSet), sighting));
  sighting.now = 1000 + 2 * conntrack::kTicksPerSecond;
  CHECK(list.ask(check, sighting));
  ++sighting.now;
  CHECK_FALSE(list.ask(check, sighting));
}

TEST_CASE("recent: reaping takes the address seen longest ago, when its time is over") {
  RecentMatch reaping = recent("r", Action::kCheck);
  reaping.seconds = 1;
  reaping.reap = true;
  RecentList list("r", {});
  list.remember_at_least(0);
  const Address old = parse_address("10.0.0.1"), fresh = parse_address("10.0.0.2");
  CHECK(list.ask(recent("r", Action::kSet), {old, 64, 0}));
  CHECK(list.ask(recent("r", Action::kSet), {fresh, 64, 251}));
  CHECK(list.ask(recent("r", Action::kCheck), {old, 64, 251}));
  CHECK(list.ask(reaping, {fresh, 64, 251}));
  CHECK_FALSE(list.ask(recent("r", Action::kCheck), {old, 64, 251}));
  CHECK(list.ask(recent("r", Action::kCheck), {fresh, 64, 251}));
  // The address itself is not spared, unless it is about to be updated.
  CHECK_FALSE(list.ask(reaping, {fresh, 64, 1000}));
  CHECK_FALSE(list.ask(recent("r", Action::kCheck), {fresh, 64, 1000}));
}

TEST_CASE("recent: an update that holds keeps its address from being reaped") {
  RecentMatch update = inverted(recent("k", Action::kUpdate, 2));
  update.seconds = 1;
  update.reap = true;
  RecentList list("k", {});
  list.remember_at_least(2);
  const Address address = parse_address("10.0.0.1");
  CHECK(list.ask(recent("k", Action::kSet), {address, 64, 0}));
  CHECK(list.ask(update, {address, 64, 1000}));
  CHECK(list.ask(recent("k", Action::kCheck), {address, 64, 1000}));
}

TEST_CASE("recent: a list holds a hundred addresses, and forgets the one seen longest ago") {
  RecentList list("many", {});
  list.remember_at_least(0);
  const auto address = [](unsigned number) {
    return parse_address(fmt::format("10.0.{}.{}", number / 200, number % 200));
  };
  for (unsigned i = 0; i < 100; ++i) list.ask(recent("many", Action::kSet), {address(i), 64, 0});
  CHECK(list.ask(recent("many", Action::kUpdate), {address(0), 64, 1}));
  CHECK(list.ask(recent("many", Action::kSet), {address(100), 64, 2}));
  CHECK(list.ask(recent("many", Action::kCheck), {address(0), 64, 2}));
  CHECK_FALSE(list.ask(recent("many", Action::kCheck), {address(1), 64, 2}));
  CHECK(list.ask(recent("many", Action::kCheck), {address(2), 64, 2}));
}

TEST_CASE("recent: of an address as many stamps are kept as a rule counts hits, in powers of two") {
  const Address address = parse_address("10.0.0.1");
  RecentMatch three = recent("n", Action::kCheck, 3), five = recent("n", Action::kCheck, 5);
  RecentList list("n", {});
  list.remember_at_least(3);
  for (conntrack::Tick now = 0; now < 10; ++now)
    list.ask(recent("n", Action::kSet), {address, 64, now * 250});
  CHECK(list.ask(three, {address, 64, 2500}));
  CHECK_FALSE(list.ask(five, {address, 64, 2500}));
  // What is kept are the last four.
  three.seconds = 4;
  CHECK(list.ask(recent("n", Action::kCheck, 4), {address, 64, 2500}));
  CHECK(list.ask(three, {address, 64, 2500}));
  three.seconds = 2;
  CHECK_FALSE(list.ask(three, {address, 64, 2500}));
}
