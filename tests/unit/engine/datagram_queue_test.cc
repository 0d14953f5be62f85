#include "engine/datagram_queue.h"

#include <doctest/doctest.h>

#include <deque>
#include <random>

using ctwin::engine::DatagramQueue;

namespace {

std::vector<std::byte> datagram(size_t size, unsigned fill) {
  return std::vector<std::byte>(size, static_cast<std::byte>(fill));
}

bool is(const DatagramQueue::Datagram& seen, const std::vector<std::byte>& wanted) {
  return std::equal(seen.bytes.begin(), seen.bytes.end(), wanted.begin(), wanted.end());
}

}  // namespace

TEST_CASE("datagrams come out as they went in, however the queue grows and moves") {
  const unsigned seed = 1;
  CAPTURE(seed);
  std::mt19937 random(seed);
  DatagramQueue queue(1 << 20);
  std::deque<std::vector<std::byte>> expected;
  uint64_t pushed = 0, popped = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 100 < (i / 1000 % 2 ? 40 : 60) && expected.size() < 100) {
      expected.push_back(datagram(random() % 300, random() % 256));
      queue.push(expected.back(), ++pushed);
    } else if (!expected.empty()) {
      REQUIRE(is(queue.front(), expected.front()));
      REQUIRE(queue.front().time == ++popped);
      queue.pop();
      expected.pop_front();
    }
    REQUIRE(queue.empty() == expected.empty());
  }
  CHECK(queue.lost() == 0);
}

TEST_CASE("after a loss nothing is taken until all has been read") {
  DatagramQueue queue(200);
  queue.push(datagram(100, 1), 1);
  queue.push(datagram(100, 2), 2);
  queue.push(datagram(8, 3), 3);  // would fit, but would hide the gap
  CHECK(queue.lost() == 2);
  CHECK(queue.take_overrun());
  CHECK_FALSE(queue.take_overrun());
  CHECK(is(queue.front(), datagram(100, 1)));
  queue.pop();
  CHECK(queue.empty());
  queue.push(datagram(100, 4), 4);
  CHECK(is(queue.front(), datagram(100, 4)));
  CHECK_FALSE(queue.take_overrun());
}

TEST_CASE("a datagram larger than all the room is lost, and the next one is not") {
  DatagramQueue queue(50);
  queue.push(datagram(100, 1), 1);
  CHECK(queue.empty());
  CHECK(queue.take_overrun());
  queue.push(datagram(10, 2), 2);
  CHECK(is(queue.front(), datagram(10, 2)));
}

TEST_CASE("what was reserved and not committed is no datagram") {
  DatagramQueue queue(1000);
  CHECK(queue.reserve(100).size() == 100);
  CHECK(queue.empty());
  queue.push(datagram(10, 2), 2);
  CHECK(is(queue.front(), datagram(10, 2)));
}
