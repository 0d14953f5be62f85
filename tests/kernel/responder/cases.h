// The requests that both sides get: hand-picked ones in families, and seeded random ones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "request_builder.h"

namespace ctwin::test {

/// Datagrams that are sent one after the other to an empty table.
struct Case {
  std::string name;
  std::vector<Bytes> datagrams;
  /// Look at the table after each, not only after the last. The kernel ends entries whose time is
  /// up when it next looks.
  bool look_often = false;
};

std::vector<Case> entry_cases();      ///< making, finding and ending entries
std::vector<Case> attribute_cases();  ///< what may be set, and to what
std::vector<Case> table_cases();      ///< dumps, flushes, counters
std::vector<Case> framing_cases();    ///< types, flags, expectations, several messages

/// A run of random requests over a few flows, so that they meet.
Case random_case(uint64_t seed, size_t length);

// ---- what they are made of ----

constexpr uint16_t kCreate = NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK;

/// A request to make an entry, with a timeout of 1000 s unless `extra` has another.
Bytes create(const SmallTuple& tuple, const AttrBytes& extra = {}, uint16_t flags = kCreate);
/// A request to change one: its original tuple and `extra`.
Bytes update(const SmallTuple& tuple, const AttrBytes& extra = {}, uint16_t flags = NLM_F_ACK);
Bytes get(const SmallTuple& tuple, const AttrBytes& extra = {}, uint16_t flags = NLM_F_ACK);
Bytes remove(const SmallTuple& tuple, const AttrBytes& extra = {}, uint16_t flags = NLM_F_ACK);
Bytes dump(const AttrBytes& extra = {}, uint8_t family = AF_UNSPEC);
Bytes flush(const AttrBytes& extra = {}, uint8_t family = AF_UNSPEC, uint8_t version = 0);

inline AttrBytes attr32(uint16_t type, uint32_t value) { return AttrBytes{}.u32(type, value); }
inline AttrBytes attr16(uint16_t type, uint16_t value) { return AttrBytes{}.u16(type, value); }
inline AttrBytes nest(uint16_t type, const AttrBytes& inner) {
  return AttrBytes{}.nest(type, inner);
}
inline AttrBytes both(AttrBytes first, const AttrBytes& second) { return first.add(second); }

constexpr SmallTuple kUdp{};
constexpr SmallTuple kTcp{IPPROTO_TCP, 1, 2, 2000, 80};
constexpr SmallTuple kSctp{IPPROTO_SCTP, 1, 2, 3000, 90};
constexpr SmallTuple kPing{IPPROTO_ICMP, 1, 2, 77, 8 << 8};
constexpr SmallTuple kUdp6{IPPROTO_UDP, 1, 2, 1000, 53, true};
constexpr SmallTuple kTcp6{IPPROTO_TCP, 1, 2, 2000, 80, true};
constexpr SmallTuple kPing6{IPPROTO_ICMPV6, 1, 2, 77, 128 << 8, true};

constexpr uint8_t family_of(const SmallTuple& tuple) { return tuple.v6 ? AF_INET6 : AF_INET; }

}  // namespace ctwin::test
