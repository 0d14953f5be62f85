// TCP options as conntrack reads them.
#include "packet/tcp_options.h"

#include <doctest/doctest.h>

#include <vector>

using namespace ctwin::packet;

namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint32_t kAck = 1000;

/// A SACK option with one block from 1 to `right`.
Bytes sack(uint32_t right) {
  Bytes option = {5, 10, 0, 0, 0, 1};
  for (int shift = 24; shift >= 0; shift -= 8)
    option.push_back(static_cast<uint8_t>(right >> shift));
  return option;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

}  // namespace

TEST_CASE("a SYN's options are found wherever they stand") {
  const Bytes list = {2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7};
  const SynOptions options = read_syn_options(list);
  CHECK(options.sack_permitted);
  CHECK(options.has_window_scale);
  CHECK_EQ(options.window_scale, 7);
  CHECK(!options.ended);
}

TEST_CASE("nothing is found in nothing") {
  const SynOptions options = read_syn_options({});
  CHECK(!options.sack_permitted);
  CHECK(!options.has_window_scale);
  CHECK_EQ(options.window_scale, 0);
}

TEST_CASE("end of options ends the list") {
  const SynOptions options = read_syn_options(Bytes{4, 2, 0, 3, 3, 7});
  CHECK(options.sack_permitted);
  CHECK(!options.has_window_scale);
  CHECK(options.ended);
}

TEST_CASE("options of a wrong length are passed over") {
  const SynOptions options = read_syn_options(Bytes{4, 3, 0, 3, 4, 7, 0, 3, 3, 5});
  CHECK(!options.sack_permitted);
  CHECK_EQ(options.window_scale, 5);
}

TEST_CASE("a length that cannot be ends the list") {
  for (const Bytes& bad : {Bytes{9, 0}, Bytes{9, 1}, Bytes{9, 200}, Bytes{9}}) {
    const SynOptions options = read_syn_options(Bytes{4, 2} + bad + Bytes{3, 3, 7});
    CHECK(options.sack_permitted);
    CHECK(!options.has_window_scale);
  }
}

TEST_CASE("a list cut anywhere gives what stands before the cut") {
  const Bytes list = {4, 2, 1, 3, 3, 7};
  for (size_t size = 0; size <= list.size(); ++size) {
    const Bytes cut(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(size));
    const SynOptions options = read_syn_options(cut);
    CHECK_EQ(options.sack_permitted, size >= 2);
    CHECK_EQ(options.has_window_scale, size >= 6);
  }
}

TEST_CASE("shifts above 14 count as 14") {
  CHECK_EQ(read_syn_options(Bytes{3, 3, 14}).window_scale, 14);
  CHECK_EQ(read_syn_options(Bytes{3, 3, 15}).window_scale, 14);
  CHECK_EQ(read_syn_options(Bytes{3, 3, 255}).window_scale, 14);
}

TEST_CASE("the highest right edge counts, when it is above the acknowledgement") {
  CHECK_EQ(sack_right_edge({}, kAck), kAck);
  CHECK_EQ(sack_right_edge(sack(2000), kAck), 2000);
  CHECK_EQ(sack_right_edge(sack(500), kAck), kAck);
  Bytes two = sack(2000) + Bytes{0, 0, 0, 1, 0, 0, 0x0f, 0xa0};
  two[1] = 18;
  CHECK_EQ(sack_right_edge(two, kAck), 4000);
  CHECK_EQ(sack_right_edge(sack(5), 0xfffffff0), 5);
}

TEST_CASE("only the first SACK option is read") {
  CHECK_EQ(sack_right_edge(sack(2000) + sack(3000), kAck), 2000);
}

TEST_CASE("SACK options that hold no whole number of blocks are passed over") {
  Bytes odd = sack(2000);
  odd[1] = 9;
  odd.pop_back();
  CHECK_EQ(sack_right_edge(odd + sack(3000), kAck), 3000);
  CHECK_EQ(sack_right_edge(Bytes{5, 2} + sack(3000), kAck), 3000);
}

TEST_CASE("time stamps alone hold no SACK") {
  const Bytes stamps = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
  CHECK_EQ(sack_right_edge(stamps, kAck), kAck);
  CHECK_EQ(sack_right_edge(stamps + sack(2000), kAck), 2000);
}
