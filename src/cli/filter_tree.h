// What the parser of --filter makes of an expression: a tree of conditions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "ctwin/flow.h"

namespace ctwin::cli {

/// What a condition is about.
enum class FilterSubject : uint8_t {
  kFamily,
  kProtocol,
  kAddress,
  kPort,
  kKey,  ///< of GRE
  kIcmpType,
  kIcmpCode,
  kIcmpId,
  kState,
  kStatus,
  kMark,
  kZone,
  kLabel,
  kHelper,
  kSourceNat,
  kDestinationNat,
  kTimeout,
  kBytes,
  kPackets,
  kAge,
  kId,
  kUse,
  kSecmark,
};

/// Which of an entry's values a condition is about: any of those whose bit is set.
enum FilterSide : uint8_t {
  kOrigSrcSide = 1 << 0,
  kOrigDstSide = 1 << 1,
  kReplySrcSide = 1 << 2,
  kReplyDstSide = 1 << 3,
  kOrigSide = kOrigSrcSide | kOrigDstSide,
  kReplySide = kReplySrcSide | kReplyDstSide,
};

struct FilterRange {
  uint64_t low = 0;
  uint64_t high = 0;
  bool contains(uint64_t value) const { return low <= value && value <= high; }
};

/// The addresses that agree with `address` in the bits of `mask`.
struct FilterNetwork {
  Address address;
  Address mask;
};

struct FilterCondition {
  FilterSubject subject{};
  uint8_t sides = 0;  ///< FilterSides; 0 where the entry has but one value, or their sum is meant
  uint32_t mask = 0;  ///< kMark: bits that count; kStatus: bits of which one must be set
  std::array<uint16_t, 3> states{};     ///< kState: bit n for state n of TCP, SCTP, DCCP
  std::string helper;                   ///< kHelper: its name
  std::vector<FilterRange> ranges;      ///< numbers, one of which must contain the value
  std::vector<FilterNetwork> networks;  ///< kAddress: one of which must contain it
};

struct FilterNode {
  enum class Kind : uint8_t { kCondition, kAnd, kOr, kNot };
  Kind kind = Kind::kCondition;
  FilterCondition condition;
  std::vector<FilterNode> children;  ///< one of kNot, at least one of kAnd and kOr
};

}  // namespace ctwin::cli
