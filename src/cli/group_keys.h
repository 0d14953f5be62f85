// The keys of --group-by: what entries must have in common to be summed up together.
//
//   keys := key ("," key)*
//   key  := address [ "/" bits [ "/" bits ] ] | "sport" | "dport" | "reply-sport" | "reply-dport"
//         | "proto" | "family" | "state" | "zone" | "mark" | "nat" | "status"
//   address := "src" | "dst" | "reply-src" | "reply-dst"
//
// The first number of bits makes networks of IPv4 addresses, the second of IPv6 addresses; without
// it, these are networks of 64 bits.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/values.h"
#include "ctwin/flow.h"

namespace ctwin::cli {

class JsonList;

enum class GroupKey : uint8_t {
  kSrc,
  kDst,
  kReplySrc,
  kReplyDst,
  kSport,
  kDport,
  kReplySport,
  kReplyDport,
  kProto,
  kFamily,
  kState,
  kZone,
  kMark,
  kNat,
  kStatus,
};

struct GroupColumn {
  GroupKey key{};
  std::string_view name;  ///< "src", "reply-src", …
  unsigned v4_bits = 32;  ///< of addresses, that count
  unsigned v6_bits = 128;
};
using GroupColumns = std::vector<GroupColumn>;

std::variant<GroupColumns, Problem> parse_group_keys(std::string_view text);

/// The value of a key, as bytes of which two are the same where the values are.
struct GroupCell {
  std::array<uint8_t, 16> bytes{};
  uint8_t kind = 0;  ///< AF_INET, AF_INET6, kNumber, or kUnknown

  static constexpr uint8_t kUnknown = 0;
  static constexpr uint8_t kNumber = 1;
  uint64_t number() const;
};
static_assert(sizeof(GroupCell) == 17 && AF_INET != GroupCell::kNumber);

GroupCell cell_of(const GroupColumn& column, const Flow& flow);

/// As words in a table, "-" for what an entry does not have; and as a member of an object.
std::string cell_text(const GroupColumn& column, const GroupCell& cell);
void write_cell(const GroupColumn& column, const GroupCell& cell, JsonList& object);

}  // namespace ctwin::cli
