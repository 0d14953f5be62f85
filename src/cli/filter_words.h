// The words of --filter that say what a condition is about, in one table, and the protocols.
#pragma once

#include <cstdint>
#include <string_view>

#include "cli/filter_tree.h"

namespace ctwin::cli {

constexpr uint8_t kSrcSides = kOrigSrcSide | kReplySrcSide;
constexpr uint8_t kDstSides = kOrigDstSide | kReplyDstSide;
constexpr uint8_t kAllSides = kOrigSide | kReplySide;

/// What stands behind a subject, by how it is read (filter_values.h).
enum class FilterValues : uint8_t {
  kNone,
  kAddress,
  kNetwork,
  kPort,
  kNumber,
  kAmount,   ///< a number, with k, M, G, T, Ki, Mi, Gi or Ti behind it
  kSeconds,  ///< a number, or numbers with s, m, h, d, w behind them
  kProtocol,
  kFamily,
  kState,
  kStatus,
  kMark,
  kLabel,
  kHelper,
};

struct SubjectWord {
  std::string_view name;
  FilterSubject subject;
  FilterValues values;
  uint8_t sides;       ///< those that orig, reply and any choose from; 0: they do not go with it
  bool entry_wide;     ///< without orig, reply or any it is the entry's own value, or the sum
  bool has_direction;  ///< src and dst may stand in front of it
  bool has_protocol;   ///< a protocol may stand in front of it
  bool pools;          ///< the values of a list make one condition
  uint64_t max;        ///< the largest number; 0 for what has no order
  std::string_view wants;  ///< what its value is, in an error's words
};

/// Words are the same whatever their case.
bool same_word(std::string_view a, std::string_view b);

/// before`word'after: messages name what they are about.
std::string in_quotes(std::string_view before, std::string_view word, std::string_view after);

/// The subject that `word` names, null when it is none; type, code and id are ICMP's where `icmp`.
const SubjectWord* find_subject(std::string_view word, bool icmp);

/// A word that is a condition by itself: tcp, udp, …, ip, ip6; snat, dnat, nat, assured, unreplied.
/// False for every other word.
bool read_protocol_word(std::string_view word, FilterNode& node);
bool read_plain_word(std::string_view word, FilterNode& node);

}  // namespace ctwin::cli
