#include "packet/defrag.h"

#include <doctest/doctest.h>
#include <netinet/in.h>

#include <algorithm>
#include <random>
#include <string>

#include "packet/checksum.h"
#include "support/packet_builder.h"

using namespace ctwin::packet;
using namespace ctwin::test;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

/// One fragment, of either family: bytes [begin, begin + size) of a payload.
struct Piece {
  uint32_t begin = 0;
  uint32_t size = 0;
  bool more = false;
};

struct Origin {
  std::string_view src = "10.1.0.2";
  std::string_view dst = "10.2.0.2";
  uint16_t id = 1;
  uint8_t tos = 0;
  uint8_t proto = IPPROTO_UDP;
  bool dont_fragment = false;
  Bytes options{};
  std::vector<ExtensionHeader> extensions{};
};

const Origin kV4{};
const Origin kV6{.src = "fd01::2", .dst = "fd02::2"};
Origin with_tos(Origin origin, uint8_t tos) {
  origin.tos = tos;
  return origin;
}
Origin with_id(Origin origin, uint16_t id) {
  origin.id = id;
  return origin;
}

Bytes payload_at(uint32_t begin, uint32_t size) {
  Bytes bytes(size);
  for (uint32_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>((begin + i) * 7);
  return bytes;
}

BuiltPacket build(const Origin& origin, const Piece& piece) {
  const Bytes payload = payload_at(piece.begin, piece.size);
  Ip ip;
  ip.src = origin.src;
  ip.dst = origin.dst;
  ip.tos = origin.tos;
  if (origin.src.find(':') == std::string_view::npos) {
    ip.id = origin.id;
    ip.options = origin.options;
    ip.fragment =
        static_cast<uint16_t>((piece.more ? kMoreFragments : 0) |
                              (origin.dont_fragment ? kDontFragment : 0) | piece.begin / 8);
  } else {
    const uint32_t field = piece.begin | (piece.more ? 1 : 0);
    ip.extensions = origin.extensions;
    ip.extensions.push_back(
        {44,
         {0, 0, static_cast<uint8_t>(field >> 8), static_cast<uint8_t>(field), 0, 0,
          static_cast<uint8_t>(origin.id >> 8), static_cast<uint8_t>(origin.id)}});
  }
  return ip_packet(ip, origin.proto, payload);
}

/// A Defragmenter that is fed with pieces.
class Bench {
 public:
  explicit Bench(const DefragLimits& limits = {}) : defragmenter_(limits) {}

  DefragResult give(const Origin& origin, const Piece& piece) {
    return give(build(origin, piece).bytes);
  }
  DefragOutcome outcome(const Origin& origin, const Piece& piece) {
    return give(origin, piece).outcome;
  }
  /// The fragment is freed before the answer is looked at: nothing may point into it.
  DefragResult give(const Bytes& bytes, size_t captured = SIZE_MAX) {
    kept_.assign(bytes.begin(),
                 bytes.begin() + static_cast<std::ptrdiff_t>(std::min(captured, bytes.size())));
    Packet packet;
    packet.time = time;
    packet.device = device;
    packet.checksum = checksum;
    REQUIRE_EQ(parse_packet(kept_, packet), ParseResult::kFragment);
    return defragmenter_.add(packet, user);
  }

  uint64_t time = 100 * kSecond;
  uint32_t device = 0;
  uint32_t user = 0;
  ChecksumState checksum = ChecksumState::kUnknown;
  Defragmenter& defragmenter() { return defragmenter_; }

 private:
  Defragmenter defragmenter_;
  Bytes kept_;
};

Bytes bytes_of(const DefragResult& result) {
  return {result.packet.bytes, result.packet.bytes + result.packet.length};
}

/// What the packet would have been without fragmentation.
Bytes whole_packet(const Origin& origin, uint32_t size) {
  Ip ip;
  ip.src = origin.src;
  ip.dst = origin.dst;
  ip.tos = origin.tos;
  ip.options = origin.options;
  ip.extensions = origin.extensions;
  if (origin.src.find(':') == std::string_view::npos) ip.id = origin.id;
  return ip_packet(ip, origin.proto, payload_at(0, size)).bytes;
}

}  // namespace

TEST_CASE("fragments in any order become the packet that was cut, as if it never had been") {
  std::array<Piece, 3> pieces = {Piece{0, 16, true}, Piece{16, 24, true}, Piece{40, 5, false}};
  Origin v4 = kV4;
  v4.options = Bytes(4, 1);
  Origin v6 = kV6;
  v6.extensions = {{60, {0, 0, 1, 4, 0, 0, 0, 0}}, {43, {0, 0, 0, 0, 0, 0, 0, 0}}};
  for (const Origin& origin : {kV4, v4, kV6, v6}) {
    std::array<size_t, 3> order = {0, 1, 2};
    do {
      CAPTURE(origin.src);
      CAPTURE(order);
      Bench bench;
      CHECK_EQ(bench.outcome(origin, pieces[order[0]]), DefragOutcome::kWaiting);
      CHECK_EQ(bench.outcome(origin, pieces[order[1]]), DefragOutcome::kWaiting);
      const DefragResult result = bench.give(origin, pieces[order[2]]);
      REQUIRE_EQ(result.outcome, DefragOutcome::kWhole);
      CHECK_EQ(result.parsed, ParseResult::kOk);
      CHECK_EQ(bytes_of(result), whole_packet(origin, 45));
      CHECK_EQ(result.packet.captured, result.packet.length);
      CHECK_EQ(result.packet.l4_length(), 45);
      CHECK_EQ(result.packet.proto, IPPROTO_UDP);
      CHECK(result.packet.was_fragmented);
      CHECK_EQ(result.largest_fragment, build(origin, pieces[1]).bytes.size());
      CHECK_EQ(bench.defragmenter().waiting(), 0);
      CHECK_EQ(bench.defragmenter().memory(AF_INET), 0);
      CHECK_EQ(bench.defragmenter().memory(AF_INET6), 0);
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST_CASE("a packet of the largest size comes through in many pieces") {
  constexpr uint32_t kSeed = 815;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  for (const Origin& origin : {kV4, kV6}) {
    Bench bench;
    const uint32_t size = origin.src == kV4.src ? 65515 : 65527;
    std::vector<Piece> pieces;
    for (uint32_t begin = 0; begin < size;) {
      const uint32_t step = std::min(size - begin, static_cast<uint32_t>(8 + random() % 180 * 8));
      pieces.push_back({begin, step, begin + step < size});
      begin += step;
    }
    std::shuffle(pieces.begin(), pieces.end(), random);
    for (size_t i = 0; i + 1 < pieces.size(); ++i)
      REQUIRE_EQ(bench.outcome(origin, pieces[i]), DefragOutcome::kWaiting);
    const DefragResult result = bench.give(origin, pieces.back());
    REQUIRE_EQ(result.outcome, DefragOutcome::kWhole);
    CHECK_EQ(bytes_of(result), whole_packet(origin, size));
  }
}

TEST_CASE("a packet that would be longer than a packet can be is dropped") {
  Bench bench;
  for (uint32_t begin = 0; begin < 65520; begin += 65520 / 2)
    CHECK_EQ(bench.outcome(kV4, {begin, 65520 / 2, true}), DefragOutcome::kWaiting);
  CHECK_EQ(bench.outcome(kV4, {65520, 1, false}), DefragOutcome::kTooLong);
  CHECK_EQ(bench.defragmenter().waiting(), 0);
  CHECK_EQ(bench.outcome(kV6, {0, 65488, true}), DefragOutcome::kWaiting);
  CHECK_EQ(bench.outcome(kV6, {65528, 8, false}), DefragOutcome::kTooLong);
  CHECK_EQ(bench.outcome(kV6, {65488, 8, false}), DefragOutcome::kWhole);
}

TEST_CASE("bytes that are here already are dropped as duplicates, within one run") {
  for (const Origin& origin : {kV4, kV6}) {
    Bench bench;
    CHECK_EQ(bench.outcome(origin, {0, 16, true}), DefragOutcome::kWaiting);
    CHECK_EQ(bench.outcome(origin, {16, 16, true}), DefragOutcome::kWaiting);
    CHECK_EQ(bench.outcome(origin, {0, 16, true}), DefragOutcome::kDuplicate);
    CHECK_EQ(bench.outcome(origin, {8, 16, true}), DefragOutcome::kDuplicate);
    CHECK_EQ(bench.outcome(origin, {32, 8, false}), DefragOutcome::kWhole);
  }
}

TEST_CASE("bytes of two runs are an overlap, even when the runs have met") {
  for (const Origin& origin : {kV4, kV6}) {
    Bench bench;
    CHECK_EQ(bench.outcome(origin, {0, 16, true}), DefragOutcome::kWaiting);
    CHECK_EQ(bench.outcome(origin, {24, 8, true}), DefragOutcome::kWaiting);
    CHECK_EQ(bench.outcome(origin, {16, 8, true}), DefragOutcome::kWaiting);
    CHECK_EQ(bench.outcome(origin, {8, 16, true}), DefragOutcome::kOverlap);
    CHECK_EQ(bench.defragmenter().waiting(), 0);
  }
}

TEST_CASE("any overlap ends the whole packet, from the left, from the right and from both") {
  for (const Origin& origin : {kV4, kV6})
    for (const Piece& piece : {Piece{8, 16, true}, Piece{24, 16, true}, Piece{8, 32, true}}) {
      CAPTURE(piece.begin);
      Bench bench;
      CHECK_EQ(bench.outcome(origin, {16, 16, true}), DefragOutcome::kWaiting);
      CHECK_EQ(bench.outcome(origin, piece), DefragOutcome::kOverlap);
      CHECK_EQ(bench.defragmenter().waiting(), 0);
      CHECK_EQ(bench.defragmenter().memory(AF_INET) + bench.defragmenter().memory(AF_INET6), 0);
    }
}

TEST_CASE("a length that does not agree ends an IPv4 packet, and spares an IPv6 packet") {
  struct Row {
    std::string what;
    Piece before, piece;
  };
  const Row rows[] = {
      {"a last fragment that ends before others", {16, 16, true}, {8, 8, false}},
      {"another last fragment", {16, 8, false}, {8, 8, false}},
      {"a fragment behind the last", {8, 8, false}, {16, 8, true}},
      {"an empty fragment", {8, 8, true}, {0, 0, true}},
      {"an empty last fragment", {8, 8, true}, {16, 0, false}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Bench bench;
    CHECK_EQ(bench.outcome(kV4, row.before), DefragOutcome::kWaiting);
    CHECK_EQ(bench.outcome(kV4, row.piece), DefragOutcome::kMalformed);
    CHECK_EQ(bench.defragmenter().waiting(), 0);
    Origin v6 = kV6;
    v6.proto = 50;  // whose header needs but one byte
    CHECK_EQ(bench.outcome(v6, row.before), DefragOutcome::kWaiting);
    if (row.piece.begin == 0 && row.piece.size == 0) continue;
    CHECK_EQ(bench.outcome(v6, row.piece), DefragOutcome::kMalformed);
    CHECK_EQ(bench.defragmenter().waiting(), 1);
  }
}

TEST_CASE("a fragment that is no multiple of eight loses its tail in IPv4 and passes in IPv6") {
  Bench bench;
  CHECK_EQ(bench.outcome(kV4, {0, 21, true}), DefragOutcome::kWaiting);
  const DefragResult whole = bench.give(kV4, {16, 8, false});
  REQUIRE_EQ(whole.outcome, DefragOutcome::kWhole);
  CHECK_EQ(bytes_of(whole), whole_packet(kV4, 24));

  CHECK_EQ(bench.outcome(kV6, {16, 8, true}), DefragOutcome::kWaiting);
  const BuiltPacket odd = build(kV6, {0, 21, true});
  const DefragResult passed = bench.give(odd.bytes);
  CHECK_EQ(passed.outcome, DefragOutcome::kPassed);
  CHECK_EQ(passed.parsed, ParseResult::kOk);
  CHECK_EQ(passed.packet.length, odd.bytes.size());
  CHECK_EQ(passed.packet.l4_offset, odd.l4_offset);
  CHECK_FALSE(passed.packet.was_fragmented);
  CHECK_EQ(bench.defragmenter().waiting(), 0);
}

TEST_CASE("a first IPv6 fragment without its whole transport header goes on alone") {
  struct Row {
    uint8_t proto;
    uint32_t enough;
  };
  for (const Row& row : {Row{IPPROTO_TCP, 20}, Row{IPPROTO_UDP, 8}, Row{IPPROTO_ICMPV6, 8},
                         Row{IPPROTO_ESP, 1}, Row{60, 0}}) {
    CAPTURE(row.proto);
    Origin origin = kV6;
    origin.proto = row.proto;
    for (uint32_t size = 0; size < 32; size += 8) {
      Bench bench;
      const DefragOutcome outcome = bench.outcome(origin, {0, size, true});
      const bool empty = size == 0 && row.enough == 0;
      CHECK_EQ(outcome, size < row.enough ? DefragOutcome::kPassed
                        : empty           ? DefragOutcome::kMalformed
                                          : DefragOutcome::kWaiting);
    }
  }
}

TEST_CASE("a fragment header that ends behind its packet is dropped, or passed as a first one") {
  Bench bench;
  Bytes later = build(kV6, {8, 8, true}).bytes;
  later.resize(46);
  later[5] = 6;
  CHECK_EQ(bench.give(later).outcome, DefragOutcome::kMalformed);
  Bytes first = build(kV6, {0, 8, true}).bytes;
  first.resize(46);
  first[5] = 6;
  CHECK_EQ(bench.give(first).outcome, DefragOutcome::kPassed);
}

TEST_CASE("an IPv6 packet in a single fragment loses the fragment header at once") {
  Bench bench;
  const DefragResult result = bench.give(kV6, {0, 21, false});
  REQUIRE_EQ(result.outcome, DefragOutcome::kWhole);
  CHECK_EQ(bytes_of(result), whole_packet(kV6, 21));
}

TEST_CASE("what is no packet in one piece is none when put together") {
  Origin origin = kV6;
  origin.proto = 59;  // no next header
  Bench bench;
  CHECK_EQ(bench.outcome(origin, {0, 8, true}), DefragOutcome::kWaiting);
  const DefragResult result = bench.give(origin, {8, 8, false});
  CHECK_EQ(result.outcome, DefragOutcome::kWhole);
  CHECK_EQ(result.parsed, ParseResult::kInvalid);
}

TEST_CASE("fragments of different packets are kept apart") {
  for (const Origin& origin : {kV4, kV6}) {
    Bench bench;
    const bool v4 = origin.src == kV4.src;
    CHECK_EQ(bench.outcome(origin, {0, 8, true}), DefragOutcome::kWaiting);
    const Piece last{8, 8, false};
    CHECK_EQ(bench.outcome(with_id(origin, 2), last), DefragOutcome::kWaiting);
    Origin other = origin;
    std::swap(other.src, other.dst);
    CHECK_EQ(bench.outcome(other, last), DefragOutcome::kWaiting);
    bench.user = 1;
    CHECK_EQ(bench.outcome(origin, last), DefragOutcome::kWaiting);
    bench.user = 0;
    other = origin;
    other.proto = IPPROTO_TCP;
    // The protocol tells packets apart in IPv4 only: in IPv6 every fragment has its own say.
    CHECK_EQ(bench.outcome(other, last), v4 ? DefragOutcome::kWaiting : DefragOutcome::kWhole);
    CHECK_EQ(bench.outcome(origin, last), v4 ? DefragOutcome::kWhole : DefragOutcome::kWaiting);
  }
}

TEST_CASE("the device tells IPv6 packets apart where the destination is one of a link") {
  const auto second_from_elsewhere = [](std::string_view dst) {
    Origin origin = kV6;
    origin.dst = dst;
    Bench bench;
    CHECK_EQ(bench.outcome(origin, {0, 8, true}), DefragOutcome::kWaiting);
    bench.device = 1;
    return bench.outcome(origin, {8, 8, false});
  };
  CHECK_EQ(second_from_elsewhere("fd02::2"), DefragOutcome::kWhole);
  CHECK_EQ(second_from_elsewhere("fe80::2"), DefragOutcome::kWaiting);
  CHECK_EQ(second_from_elsewhere("ff05::2"), DefragOutcome::kWaiting);
}

TEST_CASE("the first fragment's header holds, and do not fragment is the largest one's") {
  const auto fragment_field = [](bool first, bool second, uint32_t first_size) {
    Bench bench;
    Origin origin = kV4;
    origin.dont_fragment = first;
    CHECK_EQ(bench.outcome(origin, {0, first_size, true}), DefragOutcome::kWaiting);
    origin.dont_fragment = second;
    const DefragResult result = bench.give(origin, {first_size, 16, false});
    REQUIRE_EQ(result.outcome, DefragOutcome::kWhole);
    return load16(result.packet.bytes + 6);
  };
  CHECK_EQ(fragment_field(true, true, 24), kDontFragment);
  CHECK_EQ(fragment_field(true, false, 24), kDontFragment);
  CHECK_EQ(fragment_field(false, true, 24), 0);
  CHECK_EQ(fragment_field(true, false, 8), 0);
  CHECK_EQ(fragment_field(false, true, 8), kDontFragment);
  CHECK_EQ(fragment_field(false, false, 8), 0);
}

TEST_CASE("congestion met by one fragment is met by all, and mixtures that cannot be are dropped") {
  constexpr uint8_t kNone = 0, kOne = 1, kZero = 2, kMet = 3;
  struct Row {
    uint8_t first, second;
    int whole;  ///< -1: dropped
  };
  for (const Row& row :
       {Row{kNone, kNone, 0}, Row{kOne, kOne, 1}, Row{kZero, kZero, 2}, Row{kMet, kMet, 3},
        Row{kZero, kMet, 3}, Row{kMet, kZero, 3}, Row{kOne, kMet, 3}, Row{kZero, kOne, 2},
        Row{kOne, kZero, 1}, Row{kNone, kMet, -1}, Row{kMet, kNone, -1}, Row{kNone, kZero, -1},
        Row{kOne, kNone, -1}})
    for (const Origin& origin : {kV4, kV6}) {
      CAPTURE(int{row.first});
      CAPTURE(int{row.second});
      Bench bench;
      CHECK_EQ(bench.outcome(with_tos(origin, row.first), {0, 8, true}), DefragOutcome::kWaiting);
      const DefragResult result = bench.give(with_tos(origin, row.second), {8, 8, false});
      CHECK_EQ(bench.defragmenter().waiting(), 0);
      if (row.whole < 0) {
        CHECK_EQ(result.outcome, DefragOutcome::kBadEcn);
        continue;
      }
      REQUIRE_EQ(result.outcome, DefragOutcome::kWhole);
      CHECK_EQ(bytes_of(result),
               whole_packet(with_tos(origin, static_cast<uint8_t>(row.whole)), 16));
    }
}

TEST_CASE("an incomplete packet is forgotten after its time, counted from its first fragment") {
  for (const Origin& origin : {kV4, kV6}) {
    const uint64_t timeout = (origin.src == kV4.src ? 30 : 60) * kSecond;
    Bench bench;
    const uint64_t start = bench.time;
    CHECK_EQ(bench.outcome(origin, {0, 8, true}), DefragOutcome::kWaiting);
    bench.time = start + timeout - 1;
    CHECK_EQ(bench.outcome(origin, {8, 8, true}), DefragOutcome::kWaiting);
    bench.defragmenter().expire(start + timeout - 1);
    CHECK_EQ(bench.defragmenter().waiting(), 1);
    bench.defragmenter().expire(start + timeout);
    CHECK_EQ(bench.defragmenter().waiting(), 0);
    bench.time = start + timeout;
    CHECK_EQ(bench.outcome(origin, {16, 8, false}), DefragOutcome::kWaiting);
  }
}

TEST_CASE("a fragment that comes too late finds the others gone, without being told of time") {
  Bench bench;
  CHECK_EQ(bench.outcome(kV4, {0, 8, true}), DefragOutcome::kWaiting);
  bench.time += 30 * kSecond;
  CHECK_EQ(bench.outcome(kV4, {8, 8, false}), DefragOutcome::kWaiting);
}

TEST_CASE("a new timeout holds for packets that begin after it") {
  Bench bench;
  CHECK_EQ(bench.outcome(kV4, {0, 8, true}), DefragOutcome::kWaiting);
  DefragLimits limits;
  limits.ipv4_timeout = kSecond;
  bench.defragmenter().set_limits(limits);
  CHECK_EQ(bench.outcome(with_id(kV4, 2), {0, 8, true}), DefragOutcome::kWaiting);
  bench.defragmenter().expire(bench.time + kSecond);
  CHECK_EQ(bench.defragmenter().waiting(), 1);
  bench.time += 2 * kSecond;
  CHECK_EQ(bench.outcome(kV4, {8, 8, false}), DefragOutcome::kWhole);
}

TEST_CASE("above the memory limit every fragment is dropped, as the kernel counts memory") {
  // Measured of packets written to a TUN device: queue 200 or 184 bytes, a small packet 832.
  Bench bench;
  CHECK_EQ(bench.outcome(kV4, {0, 8, true}), DefragOutcome::kWaiting);
  CHECK_EQ(bench.defragmenter().memory(AF_INET), 1032);
  CHECK_EQ(bench.outcome(kV6, {0, 8, true}), DefragOutcome::kWaiting);
  CHECK_EQ(bench.defragmenter().memory(AF_INET6), 1016);
  DefragLimits limits;
  limits.ipv4_memory = 1031;
  limits.ipv6_memory = 1016;
  bench.defragmenter().set_limits(limits);
  CHECK_EQ(bench.outcome(kV4, {8, 8, false}), DefragOutcome::kNoMemory);
  CHECK_EQ(bench.outcome(kV6, {8, 8, false}), DefragOutcome::kWhole);
  limits.ipv4_memory = 1032;
  limits.ipv6_memory = 0;
  bench.defragmenter().set_limits(limits);
  CHECK_EQ(bench.outcome(kV4, {8, 8, false}), DefragOutcome::kWhole);
  CHECK_EQ(bench.outcome(kV6, {0, 8, true}), DefragOutcome::kNoMemory);
}

TEST_CASE("the memory of a fragment grows in the allocator's steps") {
  struct Row {
    uint32_t length;
    uint64_t memory;
  };
  for (const Row& row : {Row{192, 832}, Row{193, 1280}, Row{640, 1280}, Row{641, 2304},
                         Row{1500, 2304}, Row{1665, 4352}, Row{3712, 4352}, Row{27420, 28928}}) {
    CAPTURE(row.length);
    Bench bench;
    CHECK_EQ(bench.outcome(kV4, {0, row.length - 20, true}), DefragOutcome::kWaiting);
    CHECK_EQ(bench.defragmenter().memory(AF_INET), 200 + row.memory);
  }
}

TEST_CASE("an IPv4 packet begins anew when its source sent too many other fragments between") {
  const auto others_between = [](int others) {
    Bench bench;
    CHECK_EQ(bench.outcome(kV4, {0, 8, true}), DefragOutcome::kWaiting);
    for (int i = 0; i < others; ++i)
      CHECK_EQ(bench.outcome(with_id(kV4, static_cast<uint16_t>(100 + i)), {0, 8, true}),
               DefragOutcome::kWaiting);
    const DefragOutcome outcome = bench.outcome(kV4, {8, 8, false});
    if (outcome == DefragOutcome::kWaiting) {
      // What came last is the beginning now.
      CHECK_EQ(bench.outcome(kV4, {0, 8, true}), DefragOutcome::kWhole);
    }
    return outcome;
  };
  CHECK_EQ(others_between(63), DefragOutcome::kWhole);
  CHECK_EQ(others_between(64), DefragOutcome::kWaiting);
}

TEST_CASE("a cut fragment keeps its place, and the packet is captured up to the first hole") {
  Bench bench;
  const Bytes second = build(kV4, {16, 24, true}).bytes;
  CHECK_EQ(bench.outcome(kV4, {0, 16, true}), DefragOutcome::kWaiting);
  CHECK_EQ(bench.give(second, 30).outcome, DefragOutcome::kWaiting);
  const DefragResult result = bench.give(kV4, {40, 8, false});
  REQUIRE_EQ(result.outcome, DefragOutcome::kWhole);
  CHECK_EQ(result.packet.length, 20 + 48);
  CHECK_EQ(result.packet.captured, 20 + 16 + 10);
  CHECK_EQ(result.packet.checksum, ChecksumState::kUncheckable);
  Bytes expected = whole_packet(kV4, 48);
  Bytes got = bytes_of(result);
  std::fill(expected.begin() + 46, expected.begin() + 60, uint8_t{0});
  CHECK_EQ(got, expected);
}

TEST_CASE("a packet is vouched for when all of its fragments are") {
  for (const bool both : {true, false}) {
    Bench bench;
    bench.checksum = ChecksumState::kTrusted;
    CHECK_EQ(bench.outcome(kV4, {0, 8, true}), DefragOutcome::kWaiting);
    if (!both) bench.checksum = ChecksumState::kUnknown;
    const DefragResult result = bench.give(kV4, {8, 8, false});
    CHECK_EQ(result.packet.checksum, both ? ChecksumState::kTrusted : ChecksumState::kUnknown);
  }
}

TEST_CASE("fragments of any kind are taken without a read past their end") {
  constexpr uint32_t kSeed = 5722;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  Defragmenter defragmenter;
  uint64_t sum = 0;
  int wholes = 0;
  for (int round = 0; round < 60000; ++round) {
    const bool v4 = random() % 2;
    const Piece piece{static_cast<uint32_t>(random() % 6 * 8), static_cast<uint32_t>(random() % 40),
                      random() % 3 != 0};
    Bytes bytes = build(with_id(v4 ? kV4 : kV6, random() % 4), piece).bytes;
    for (auto changes = v4 ? 0 : random() % 3; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random() % 64);
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    const Bytes exact(bytes);
    Packet packet;
    packet.time = static_cast<uint64_t>(round) * 10'000'000;
    if (parse_packet(exact, packet) != ParseResult::kFragment) continue;
    const DefragResult result = defragmenter.add(packet, 0);
    if (!result.goes_on()) continue;
    REQUIRE_LE(result.packet.captured, result.packet.length);
    if (result.outcome == DefragOutcome::kWhole) ++wholes;
    sum = add_checksum({result.packet.bytes, result.packet.captured}, sum);
  }
  CHECK_GT(wholes, 100);
  CHECK_NE(sum, 0);
  defragmenter.expire(UINT64_MAX);
  CHECK_EQ(defragmenter.waiting(), 0);
  CHECK_EQ(defragmenter.memory(AF_INET), 0);
  CHECK_EQ(defragmenter.memory(AF_INET6), 0);
}
