#include "conntrack/timer_wheel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "base/random.h"

using namespace ctwin;
using namespace ctwin::conntrack;

namespace {

/// Entries that are nothing but timers.
struct Timers {
  explicit Timers(size_t count) : conns(count + 1), wheel(conns.data()) {
    for (size_t i = 1; i <= count; ++i) {
      conns[i] = {};
      conns[i].id = static_cast<uint32_t>(i);
      conns[i].in_use = 1;
    }
  }

  void add(ConnIndex index, Tick expiry) {
    conns[index].expiry = expiry;
    wheel.add(index);
  }

  /// Indexes that expire on the way to `now`, with the tick at which they did.
  std::vector<std::pair<Tick, ConnIndex>> advance(Tick now) {
    std::vector<std::pair<Tick, ConnIndex>> expired;
    wheel.advance(now, [&](ConnIndex index) { expired.emplace_back(wheel.now(), index); });
    return expired;
  }

  std::vector<Conn> conns;
  TimerWheel wheel;
};

using Expired = std::vector<std::pair<Tick, ConnIndex>>;

}  // namespace

TEST_CASE("a timer fires at its tick and not before") {
  for (const Tick distance : {1, 2, 63, 64, 255, 256, 257, 65535, 65536, 108'000'000}) {
    Timers timers(1);
    timers.wheel.start(1'000'003);
    timers.add(1, 1'000'003 + distance);
    CHECK(timers.advance(1'000'003 + distance - 1).empty());
    CHECK(timers.advance(1'000'003 + distance) == Expired{{1'000'003 + distance, 1}});
  }
}

TEST_CASE("a timer that moves away is found again at its new tick") {
  Timers timers(1);
  timers.add(1, 100);
  timers.conns[1].expiry = 70'000;  // nobody tells the wheel
  CHECK(timers.advance(69'999).empty());
  CHECK(timers.advance(70'000) == Expired{{70'000, 1}});
}

TEST_CASE("a timer that moves nearer fires there once it is hastened") {
  Timers timers(1);
  timers.add(1, 1'000'000);
  timers.conns[1].expiry = 5;
  timers.wheel.hasten(1);
  CHECK(timers.advance(10) == Expired{{5, 1}});
}

TEST_CASE("timers of one tick fire in order of age") {
  Timers timers(3);
  timers.add(3, 300);
  timers.add(1, 300);
  timers.add(2, 300);
  CHECK(timers.advance(1000) == Expired{{300, 1}, {300, 2}, {300, 3}});
}

TEST_CASE("what is due already fires at the next tick") {
  Timers timers(1);
  timers.wheel.start(500);
  timers.add(1, 400);
  CHECK(timers.advance(501) == Expired{{501, 1}});
}

TEST_CASE("a removed timer never fires and its neighbours do") {
  Timers timers(3);
  for (const ConnIndex index : {1u, 2u, 3u}) timers.add(index, 40);
  timers.wheel.remove(2);
  CHECK(timers.advance(40) == Expired{{40, 1}, {40, 3}});
}

TEST_CASE("an empty wheel crosses any time at once") {
  Timers timers(1);
  CHECK(timers.advance(Tick{1} << 50).empty());
  timers.add(1, (Tick{1} << 50) + 7);
  CHECK(timers.advance((Tick{1} << 50) + 7).size() == 1);
}

TEST_CASE("random timers fire as a sorted map says") {
  constexpr uint64_t kSeed = 20261121;
  CAPTURE(kSeed);
  Random random(kSeed);
  constexpr size_t kTimers = 500;
  Timers timers(kTimers);
  std::map<ConnIndex, Tick> model;
  Tick now = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto index = static_cast<ConnIndex>(1 + random.below(kTimers));
    const Tick expiry = now + 1 + static_cast<Tick>(random.below(Tick{1} << random.below(22)));
    const auto known = model.find(index);
    if (known == model.end()) {
      timers.add(index, expiry);
      model[index] = expiry;
    } else if (random.below(3) == 0) {
      timers.wheel.remove(index);
      model.erase(known);
    } else {
      timers.conns[index].expiry = expiry;
      timers.wheel.hasten(index);
      known->second = expiry;
    }
    if (round % 7 != 0) continue;
    now += static_cast<Tick>(random.below(Tick{1} << random.below(18)));
    Expired expected;
    for (const auto& [which, due] : model)
      if (due <= now) expected.emplace_back(due, which);
    std::sort(expected.begin(), expected.end());
    for (const auto& [due, which] : expected) model.erase(which);
    REQUIRE(timers.advance(now) == expected);
  }
}

TEST_CASE("who goes from one look to the next misses no timer, and does not look all the time") {
  constexpr size_t kCount = 500;
  Timers timers(kCount);
  Random random(7);
  std::multimap<Tick, ConnIndex> expected;
  for (ConnIndex i = 1; i <= kCount; ++i) {
    const Tick expiry = 1 + static_cast<Tick>(random.next() % 300'000);
    timers.add(i, expiry);
    expected.emplace(expiry, i);
  }
  size_t fired = 0, looks = 0;
  while (fired < kCount) {
    const Tick next = timers.wheel.next_look(1'000'000);
    REQUIRE(next > timers.wheel.now());
    REQUIRE(next <= expected.begin()->first);
    for (const auto& [tick, index] : timers.advance(next)) {
      CHECK(tick == expected.begin()->first);
      expected.erase(expected.begin());
      ++fired;
    }
    ++looks;
  }
  CHECK(looks < kCount + 300'000 / 256 + 10);
  CHECK(timers.wheel.next_look(1'000'000) == 1'000'000);
}
