// Matches and targets as text: the options that each of them takes, and what they fill in.
//
// An extension is a row: its name, the families that have it, its options, and functions that take
// one option each. What a row of an option says by itself (once, not inverted, together with, not
// without) is checked by whoever reads the line; see rule_parser.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rules/options.h"
#include "rules/rule.h"
#include "rules/values.h"

namespace ctwin::rules {

/// What is known of the rule when an option is read: extensions look at what stands left of them.
struct RuleSoFar {
  uint8_t family = AF_INET;
  uint16_t proto = 0;
  bool proto_invert = false;
};

/// One option with its argument.
struct Given {
  const char* extension;
  const OptionRow& row;
  std::string_view value;
  bool invert = false;
  const RuleSoFar& rule;
  OptionScanner& scanner;  ///< for a second argument

  /// The argument as a number.
  template <typename T>
  Complaint number(T& out, uint64_t min, uint64_t max) const {
    uint64_t value64 = 0;
    Complaint complaint = number64(value64, min, max);
    out = static_cast<T>(value64);
    return complaint;
  }
  Complaint number64(uint64_t& out, uint64_t min, uint64_t max) const;
  /// FROM[:TO]; what is left out before or behind ':' is 0 and `max`. True in `has_to` with ':'.
  Complaint number_range(uint64_t& from, uint64_t& to, bool& has_to, uint64_t max) const;
  /// VALUE[/MASK] of 32 bits.
  Complaint mark(uint32_t& value32, uint32_t& mask) const;
  Complaint bad_value() const;
};

struct Extension {
  std::string_view name;
  uint8_t family;  ///< AF_UNSPEC: both
  std::span<const OptionRow> options;
};

struct MatchKind : Extension {
  Match (*make)(uint8_t family);
  Complaint (*parse)(const Given& given, Match& match);
  /// All options are read; null where nothing is left to say.
  Complaint (*finish)(uint32_t seen, Match& match);
};

struct TargetKind : Extension {
  Target (*make)(uint8_t family);
  Complaint (*parse)(const Given& given, Target& target);
  Complaint (*finish)(uint32_t seen, Target& target);
};

std::span<const MatchKind> packet_matches();      ///< matches_packet.cc
std::span<const MatchKind> connection_matches();  ///< matches_connection.cc
std::span<const MatchKind> other_matches();       ///< matches_other.cc
std::span<const TargetKind> plain_targets();      ///< targets_plain.cc
std::span<const TargetKind> nat_targets();        ///< targets_nat.cc

/// By the name behind -m and -j; null when `family` has none of that name.
const MatchKind* match_named(std::string_view name, uint8_t family);
const TargetKind* target_named(std::string_view name, uint8_t family);

/// Why there is none: iptables knows it and we do not, or nobody does.
bool is_known_match(std::string_view name);  ///< to iptables
std::string why_no_match(std::string_view name, uint8_t family);
/// Empty when it is no name of a target at all, so that it may be a chain's.
std::string why_no_target(std::string_view name, uint8_t family);

/// Joins a function for one kind of match or target to the table of all of them.
template <typename T, Complaint (*kParse)(const Given&, T&), typename Variant>
Complaint parse_as(const Given& given, Variant& variant) {
  return kParse(given, *std::get_if<T>(&variant));
}
template <typename T, Complaint (*kFinish)(uint32_t, T&), typename Variant>
Complaint finish_as(uint32_t seen, Variant& variant) {
  return kFinish(seen, *std::get_if<T>(&variant));
}
template <typename T, typename Variant>
Variant make_as(uint8_t) {
  return T{};
}

}  // namespace ctwin::rules
