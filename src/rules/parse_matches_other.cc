// Matches that remember, draw lots, or only say something: limit, statistic, recent, comment,
// physdev.

#include <fmt/format.h>

#include <cstdlib>

#include "base/address.h"
#include "rules/extensions.h"

namespace ctwin::rules {

namespace {

using Takes = OptionRow::Takes;

// ---- comment ----

constexpr OptionRow kCommentOptions[] = {{.name = "comment", .id = 0, .mandatory = true}};

Complaint parse_comment(const Given& given, CommentMatch& match) {
  static constexpr size_t kRoom = 255;  // XT_MAX_COMMENT_LEN and a NUL
  match.text = given.value.substr(0, kRoom);
  return {};
}

// ---- limit ----

constexpr uint32_t kLimitScale = 10'000;
constexpr uint64_t kMaxBurst = 10'000;

constexpr OptionRow kLimitOptions[] = {
    {.name = "limit", .id = 0},
    {.name = "limit-burst", .id = 1},
};

Complaint parse_rate(std::string_view text, uint32_t& average) {
  struct Row {
    const char* name;
    uint32_t seconds;
  };
  static constexpr Row kUnits[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}};
  const std::string bad = fmt::format("bad rate \"{}\"; NUMBER[/second|/minute|/hour|/day]", text);
  uint32_t seconds = 1;
  const size_t slash = text.find('/');
  if (slash != text.npos) {
    const Row* unit = nullptr;
    for (const Row& row : kUnits)
      if (!unit && begins_ignoring_case(row.name, text.substr(slash + 1))) unit = &row;
    if (!unit) return bad;
    seconds = unit->seconds;
  }
  const auto number = whole_number(text.substr(0, slash), 1, INT32_MAX, 10);
  if (!number) return bad;
  average = kLimitScale * seconds / static_cast<uint32_t>(*number);
  if (average == 0) return fmt::format("Rate too fast \"{}\": at most 10000/second", text);
  return {};
}

Complaint parse_limit(const Given& given, LimitMatch& match) {
  if (given.row.id == 1) return given.number(match.burst, 0, kMaxBurst);
  return parse_rate(given.value, match.average);
}

Match make_limit(uint8_t) {
  return LimitMatch{.average = kLimitScale * 3600 / 3};  // three an hour
}

// ---- statistic ----

enum StatisticOption : uint8_t { kMode, kProbability, kEvery, kPacket };
constexpr OptionRow kStatisticOptions[] = {
    {.name = "mode", .id = kMode, .mandatory = true},
    {.name = "probability",
     .id = kProbability,
     .inverts = true,
     .excludes = 1 << kEvery | 1 << kPacket},
    {.name = "every",
     .id = kEvery,
     .inverts = true,
     .excludes = 1 << kProbability,
     .needs = 1 << kPacket},
    {.name = "packet", .id = kPacket, .excludes = 1 << kProbability, .needs = 1 << kEvery},
};

Complaint parse_probability(const Given& given, uint32_t& probability) {
  static constexpr double kOne = 0x80000000;
  const std::string text(given.value);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size() || !(value >= 0 && value <= 1))
    return "statistic: bad value for option \"--probability\", or out of range (0-1)";
  probability = static_cast<uint32_t>(kOne * value + 0.5);
  return {};
}

Complaint parse_statistic(const Given& given, StatisticMatch& match) {
  if (given.invert) match.invert = true;
  switch (given.row.id) {
    case kMode:
      match.random = given.value == "random";
      if (!match.random && given.value != "nth")
        return fmt::format("Bad mode \"{}\"; random or nth", given.value);
      return {};
    case kProbability: return parse_probability(given, match.probability);
    case kEvery: return given.number(match.every, 1, UINT32_MAX);
    default: return given.number(match.packet, 0, UINT32_MAX);
  }
}

Complaint finish_statistic(uint32_t seen, StatisticMatch& match) {
  if (!(seen & 1 << kMode)) return {};
  if (match.random && !(seen & 1 << kProbability))
    return "--probability must be specified when using random mode";
  if (!match.random && !(seen & (1 << kEvery | 1 << kPacket)))
    return "--every and --packet must be specified when using nth mode";
  if (seen & 1 << kEvery && match.packet >= match.every)
    return "the --packet p must be 0 <= p <= n-1";
  return {};
}

// ---- recent ----

enum RecentOption : uint8_t {
  kSet,
  kRcheck,
  kUpdate,
  kRemove,
  kSeconds,
  kReap,
  kHitcount,
  kRttl,
  kName,
  kRsource,
  kRdest,
  kMask,
};
constexpr uint32_t kAnyAction = 1 << kSet | 1 << kRcheck | 1 << kUpdate | 1 << kRemove;
constexpr OptionRow kRecentOptions[] = {
    {.name = "set", .id = kSet, .takes = Takes::kNothing, .inverts = true, .excludes = kAnyAction},
    {.name = "rcheck",
     .id = kRcheck,
     .takes = Takes::kNothing,
     .inverts = true,
     .excludes = kAnyAction},
    {.name = "update",
     .id = kUpdate,
     .takes = Takes::kNothing,
     .inverts = true,
     .excludes = kAnyAction},
    {.name = "remove",
     .id = kRemove,
     .takes = Takes::kNothing,
     .inverts = true,
     .excludes = kAnyAction},
    {.name = "seconds", .id = kSeconds},
    {.name = "reap", .id = kReap, .takes = Takes::kNothing, .needs = 1 << kSeconds},
    {.name = "hitcount", .id = kHitcount},
    {.name = "rttl", .id = kRttl, .takes = Takes::kNothing, .excludes = 1 << kSet | 1 << kRemove},
    {.name = "name", .id = kName},
    {.name = "rsource", .id = kRsource, .takes = Takes::kNothing},
    {.name = "rdest", .id = kRdest, .takes = Takes::kNothing},
    {.name = "mask", .id = kMask},
};

Complaint parse_recent(const Given& given, RecentMatch& match) {
  using Action = RecentMatch::Action;
  static constexpr size_t kNameRoom = 199;  // XT_RECENT_NAME_LEN and a NUL
  if (given.invert) match.invert = true;
  switch (given.row.id) {
    case kSet: match.action = Action::kSet; return {};
    case kRcheck: match.action = Action::kCheck; return {};
    case kUpdate: match.action = Action::kUpdate; return {};
    case kRemove: match.action = Action::kRemove; return {};
    case kSeconds: return given.number(match.seconds, 1, UINT32_MAX);
    case kReap: match.reap = true; return {};
    case kHitcount: return given.number(match.hitcount, 0, UINT32_MAX);
    case kRttl: match.ttl = true; return {};
    case kName: match.name = given.value.substr(0, kNameRoom); return {};
    case kRsource: match.destination = false; return {};
    case kRdest: match.destination = true; return {};
    default:
      match.mask = host_address(given.value, given.rule.family);
      if (!match.mask.is_set()) return given.bad_value();
      return {};
  }
}

Match make_recent(uint8_t family) {
  RecentMatch match;
  match.mask = prefix_mask(family, family == AF_INET ? 32 : 128);
  return match;
}

Complaint finish_recent(uint32_t seen, RecentMatch&) {
  if (!(seen & kAnyAction))
    return "recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'";
  return {};
}

// ---- physdev ----

enum PhysdevOption : uint8_t { kPhysIn, kPhysOut, kIsIn, kIsOut, kIsBridged };
constexpr OptionRow kPhysdevOptions[] = {
    {.name = "physdev-in", .id = kPhysIn, .inverts = true},
    {.name = "physdev-out", .id = kPhysOut, .inverts = true},
    {.name = "physdev-is-in", .id = kIsIn, .takes = Takes::kNothing, .inverts = true},
    {.name = "physdev-is-out", .id = kIsOut, .takes = Takes::kNothing, .inverts = true},
    {.name = "physdev-is-bridged", .id = kIsBridged, .takes = Takes::kNothing, .inverts = true},
};

Complaint parse_physdev(const Given& given, PhysdevMatch& match) {
  static constexpr size_t kNameRoom = 15;  // IFNAMSIZ and a NUL
  if (given.value.size() > kNameRoom)
    return fmt::format("interface name `{}' must be shorter than 16 characters", given.value);
  switch (given.row.id) {
    case kPhysIn:
      match.in = given.value;
      match.in_invert = given.invert;
      return {};
    case kPhysOut:
      match.out = given.value;
      match.out_invert = given.invert;
      return {};
    case kIsIn:
      match.is_in = true;
      match.is_in_invert = given.invert;
      return {};
    case kIsOut:
      match.is_out = true;
      match.is_out_invert = given.invert;
      return {};
    default:
      match.is_bridged = true;
      match.is_bridged_invert = given.invert;
      return {};
  }
}

Complaint finish_physdev(uint32_t seen, PhysdevMatch&) {
  if (seen == 0) return "physdev: no physdev option specified";
  return {};
}

}  // namespace

std::span<const MatchKind> other_matches() {
  static const MatchKind kKinds[] = {
      {{"comment", AF_UNSPEC, kCommentOptions},
       make_as<CommentMatch>,
       parse_as<CommentMatch, parse_comment>,
       nullptr},
      {{"limit", AF_UNSPEC, kLimitOptions}, make_limit, parse_as<LimitMatch, parse_limit>, nullptr},
      {{"statistic", AF_UNSPEC, kStatisticOptions},
       make_as<StatisticMatch>,
       parse_as<StatisticMatch, parse_statistic>,
       finish_as<StatisticMatch, finish_statistic>},
      {{"recent", AF_UNSPEC, kRecentOptions},
       make_recent,
       parse_as<RecentMatch, parse_recent>,
       finish_as<RecentMatch, finish_recent>},
      {{"physdev", AF_UNSPEC, kPhysdevOptions},
       make_as<PhysdevMatch>,
       parse_as<PhysdevMatch, parse_physdev>,
       finish_as<PhysdevMatch, finish_physdev>},
  };
  return kKinds;
}

}  // namespace ctwin::rules
