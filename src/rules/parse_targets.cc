// Targets that are not of the nat table.

#include <fmt/format.h>

#include "rules/extensions.h"
#include "rules/names.h"

namespace ctwin::rules {

namespace {

using Takes = OptionRow::Takes;

// ---- REJECT, LOG, NFLOG ----

constexpr OptionRow kRejectOptions[] = {{.name = "reject-with", .id = 0}};

Complaint parse_reject(const Given& given, RejectTarget& target) {
  const auto names = given.rule.family == AF_INET ? std::span<const RejectName>(kRejects4)
                                                  : std::span<const RejectName>(kRejects6);
  std::string known;
  for (const RejectName& row : names) {
    if (begins_ignoring_case(row.name, given.value) ||
        begins_ignoring_case(row.alias, given.value)) {
      target.with = row.with;
      return {};
    }
    known.append(" ").append(row.name);
  }
  return fmt::format("unknown reject type \"{}\"; known:{}", given.value, known);
}

Target make_reject(uint8_t family) {
  using With = RejectTarget::With;
  return RejectTarget{family == AF_INET ? With::kPortUnreachable : With::kPortUnreachable6};
}

enum LogOption : uint8_t { kLevel, kLogPrefix, kSequence, kTcpOptions, kIpOptions, kUid, kMac };
constexpr OptionRow kLogOptions[] = {
    {.name = "log-level", .id = kLevel},
    {.name = "log-prefix", .id = kLogPrefix},
    {.name = "log-tcp-sequence", .id = kSequence, .takes = Takes::kNothing},
    {.name = "log-tcp-options", .id = kTcpOptions, .takes = Takes::kNothing},
    {.name = "log-ip-options", .id = kIpOptions, .takes = Takes::kNothing},
    {.name = "log-uid", .id = kUid, .takes = Takes::kNothing},
    {.name = "log-macdecode", .id = kMac, .takes = Takes::kNothing},
};

Complaint parse_level(std::string_view text, uint8_t& level) {
  struct Row {
    const char* name;
    uint8_t level;
  };
  static constexpr Row kNames[] = {{"alert", 1},  {"crit", 2},  {"debug", 7},
                                   {"emerg", 0},  {"error", 3}, {"info", 6},
                                   {"notice", 5}, {"panic", 0}, {"warning", 4}};
  if (const auto number = whole_number(text, 0, 7)) {
    level = static_cast<uint8_t>(*number);
    return {};
  }
  for (const Row& row : kNames) {
    if (text != row.name) continue;
    level = row.level;
    return {};
  }
  return fmt::format("log level \"{}\" unknown", text);
}

/// A prefix in the room that the kernel has for it; what is longer is cut.
Complaint parse_prefix(std::string_view text, size_t room, std::string& prefix) {
  if (text.empty()) return "Argument must have a minimum length of 1 characters";
  if (text.find('\n') != text.npos) return "Newlines not allowed in --log-prefix";
  prefix = text.substr(0, room);
  return {};
}

Complaint parse_log(const Given& given, LogTarget& target) {
  static constexpr size_t kPrefixRoom = 29;
  const auto set = [&](LogTarget::Flag flag) {
    target.flags = static_cast<uint8_t>(target.flags | flag);
    return Complaint{};
  };
  switch (given.row.id) {
    case kLevel: return parse_level(given.value, target.level);
    case kLogPrefix: return parse_prefix(given.value, kPrefixRoom, target.prefix);
    case kSequence: return set(LogTarget::kTcpSequence);
    case kTcpOptions: return set(LogTarget::kTcpOptions);
    case kIpOptions: return set(LogTarget::kIpOptions);
    case kUid: return set(LogTarget::kUid);
    default: return set(LogTarget::kMacDecode);
  }
}

enum NflogOption : uint8_t { kGroup, kNflogPrefix, kRange, kSize, kThreshold };
constexpr OptionRow kNflogOptions[] = {
    {.name = "nflog-group", .id = kGroup},
    {.name = "nflog-prefix", .id = kNflogPrefix},
    {.name = "nflog-range", .id = kRange, .excludes = 1 << kSize},
    {.name = "nflog-size", .id = kSize, .excludes = 1 << kRange},
    {.name = "nflog-threshold", .id = kThreshold},
};

Complaint parse_nflog(const Given& given, NflogTarget& target) {
  static constexpr size_t kPrefixRoom = 63;
  switch (given.row.id) {
    case kGroup: return given.number(target.group, 0, UINT16_MAX);
    case kNflogPrefix: return parse_prefix(given.value, kPrefixRoom, target.prefix);
    case kThreshold: return given.number(target.threshold, 0, UINT16_MAX);
    default:
      target.has_range = true;
      target.is_size = given.row.id == kSize;
      return given.number(target.range, 0, UINT32_MAX);
  }
}

Complaint no_options(const Given& given, TraceTarget&) { return given.bad_value(); }

// ---- MARK, CONNMARK ----

enum MarkOption : uint8_t { kSetMark, kAndMark, kOrMark, kXorMark, kSetXmark };
constexpr uint32_t kAnyMark = 0x1f;
constexpr OptionRow kMarkOptions[] = {
    {.name = "set-xmark", .id = kSetXmark, .excludes = kAnyMark},
    {.name = "set-mark", .id = kSetMark, .excludes = kAnyMark},
    {.name = "and-mark", .id = kAndMark, .excludes = kAnyMark},
    {.name = "or-mark", .id = kOrMark, .excludes = kAnyMark},
    {.name = "xor-mark", .id = kXorMark, .excludes = kAnyMark},
};

/// The five ways to say which bits are cleared, and which are flipped then.
Complaint parse_mark_change(const Given& given, uint32_t& clear, uint32_t& flip) {
  uint32_t value = 0, mask = 0;
  const bool plain = given.row.id != kSetXmark && given.row.id != kSetMark;
  if (Complaint complaint = plain ? given.number(value, 0, UINT32_MAX) : given.mark(value, mask))
    return complaint;
  flip = given.row.id == kAndMark ? 0 : value;
  switch (given.row.id) {
    case kSetXmark: clear = mask; return {};
    case kSetMark: clear = value | mask; return {};
    case kAndMark: clear = ~value; return {};
    case kOrMark: clear = value; return {};
    default: clear = 0; return {};
  }
}

Complaint parse_mark(const Given& given, MarkTarget& target) {
  return parse_mark_change(given, target.clear, target.flip);
}

Complaint finish_mark(uint32_t seen, MarkTarget&) {
  if (seen == 0) return "MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required";
  return {};
}

enum ConnmarkOption : uint8_t {
  kSaveMark = kSetXmark + 1,
  kRestoreMark,
  kCtMask,
  kNfMask,
  kBothMasks,
  kLeftShift,
  kRightShift,
};
constexpr uint32_t kAnyConnmark = kAnyMark | 1 << kSaveMark | 1 << kRestoreMark;
constexpr OptionRow kConnmarkOptions[] = {
    {.name = "set-xmark", .id = kSetXmark, .excludes = kAnyConnmark},
    {.name = "set-mark", .id = kSetMark, .excludes = kAnyConnmark},
    {.name = "and-mark", .id = kAndMark, .excludes = kAnyConnmark},
    {.name = "or-mark", .id = kOrMark, .excludes = kAnyConnmark},
    {.name = "xor-mark", .id = kXorMark, .excludes = kAnyConnmark},
    {.name = "save-mark", .id = kSaveMark, .takes = Takes::kNothing, .excludes = kAnyConnmark},
    {.name = "restore-mark",
     .id = kRestoreMark,
     .takes = Takes::kNothing,
     .excludes = kAnyConnmark},
    {.name = "left-shift-mark", .id = kLeftShift, .unsupported = true},
    {.name = "right-shift-mark", .id = kRightShift, .unsupported = true},
    {.name = "ctmask", .id = kCtMask, .excludes = 1 << kBothMasks},
    {.name = "nfmask", .id = kNfMask, .excludes = 1 << kBothMasks},
    {.name = "mask", .id = kBothMasks, .excludes = 1 << kCtMask | 1 << kNfMask},
};

Complaint parse_connmark(const Given& given, ConnmarkTarget& target) {
  using Mode = ConnmarkTarget::Mode;
  switch (given.row.id) {
    case kSaveMark: target.mode = Mode::kSave; return {};
    case kRestoreMark: target.mode = Mode::kRestore; return {};
    case kCtMask: return given.number(target.ctmask, 0, UINT32_MAX);
    case kNfMask: return given.number(target.nfmask, 0, UINT32_MAX);
    case kBothMasks: {
      Complaint complaint = given.number(target.ctmask, 0, UINT32_MAX);
      target.nfmask = target.ctmask;
      return complaint;
    }
    default:
      target.mode = Mode::kSet;
      return parse_mark_change(given, target.ctmask, target.ctmark);
  }
}

Complaint finish_connmark(uint32_t seen, ConnmarkTarget&) {
  if (!(seen & kAnyConnmark)) return "CONNMARK target: No operation specified";
  return {};
}

// ---- CT ----

enum CtOption : uint8_t {
  kNotrack,
  kHelper,
  kTimeout,
  kCtEvents,
  kExpEvents,
  kZone,
  kZoneOrig,
  kZoneReply,
};
constexpr OptionRow kCtOptions[] = {
    {.name = "notrack", .id = kNotrack, .takes = Takes::kNothing},
    {.name = "helper", .id = kHelper},
    {.name = "timeout", .id = kTimeout, .unsupported = true},
    {.name = "ctevents", .id = kCtEvents},
    {.name = "expevents", .id = kExpEvents},
    {.name = "zone-orig", .id = kZoneOrig},
    {.name = "zone-reply", .id = kZoneReply},
    {.name = "zone", .id = kZone},
};

Complaint parse_zone(const Given& given, CtTarget& target) {
  if (given.row.id == kZoneOrig) target.zone_orig = true;
  if (given.row.id == kZoneReply) target.zone_reply = true;
  target.has_zone = true;
  target.zone = 0;
  if (equal_ignoring_case(given.value, "mark")) {
    target.zone_from_mark = true;
    return {};
  }
  const auto zone = whole_number(given.value, 0, UINT16_MAX);
  if (!zone) return fmt::format("Cannot parse {} as a zone ID", given.value);
  target.zone = static_cast<uint16_t>(*zone);
  return {};
}

Complaint parse_events(std::string_view text, std::span<const FlagName> names, uint16_t& mask) {
  mask = 0;
  for (const std::string_view word : split(text, ',')) {
    const FlagName* found = nullptr;
    for (const FlagName& row : names)
      if (word == row.name) found = &row;
    if (!found) return fmt::format("Unknown event type \"{}\"", word);
    mask = static_cast<uint16_t>(mask | found->flag);
  }
  return {};
}

Complaint parse_ct(const Given& given, CtTarget& target) {
  static constexpr size_t kHelperRoom = 15;
  static constexpr FlagName kExpectEvents[] = {{"new", 1}};
  switch (given.row.id) {
    case kNotrack: target.notrack = true; return {};
    case kHelper: target.helper = given.value.substr(0, kHelperRoom); return {};
    case kCtEvents: return parse_events(given.value, kEvents, target.event_mask);
    case kExpEvents: return parse_events(given.value, kExpectEvents, target.expect_event_mask);
    default: return parse_zone(given, target);
  }
}

Target make_notrack(uint8_t) {
  CtTarget target;
  target.notrack = target.notrack_alias = true;
  return target;
}

// ---- TCPMSS, TTL, HL, CHECKSUM ----

constexpr OptionRow kTcpmssOptions[] = {
    {.name = "set-mss", .id = 0},
    {.name = "clamp-mss-to-pmtu", .id = 1, .takes = Takes::kNothing},
};

Complaint parse_tcpmss(const Given& given, TcpmssTarget& target) {
  static constexpr uint16_t kHeader4 = 20, kHeader6 = 40;
  if (given.row.id == 1) {
    target.clamp = true;
    return {};
  }
  // The kernel has one number for both: what is said last counts.
  target.clamp = false;
  return given.number(target.mss, 0,
                      UINT16_MAX - (given.rule.family == AF_INET ? kHeader4 : kHeader6));
}

Complaint finish_tcpmss(uint32_t seen, TcpmssTarget& target) {
  if (seen == 0) return "TCPMSS target: At least one parameter is required";
  if (target.clamp) target.mss = 0;
  return {};
}

constexpr uint32_t kAnyTtl = 7;
constexpr OptionRow kTtlOptions[] = {
    {.name = "ttl-set", .id = 0, .excludes = kAnyTtl},
    {.name = "ttl-dec", .id = 2, .excludes = kAnyTtl},
    {.name = "ttl-inc", .id = 1, .excludes = kAnyTtl},
};
constexpr OptionRow kHlOptions[] = {
    {.name = "hl-set", .id = 0, .excludes = kAnyTtl},
    {.name = "hl-dec", .id = 2, .excludes = kAnyTtl},
    {.name = "hl-inc", .id = 1, .excludes = kAnyTtl},
};

Complaint parse_ttl(const Given& given, TtlTarget& target) {
  target.how = static_cast<TtlTarget::How>(given.row.id);
  return given.number(target.value, target.how == TtlTarget::How::kSet ? 0 : 1, UINT8_MAX);
}

Complaint finish_ttl(uint32_t seen, TtlTarget& target) {
  if (seen == 0) return fmt::format("{}: You must specify an action", target.six ? "HL" : "TTL");
  return {};
}

Target make_ttl(uint8_t family) { return TtlTarget{.six = family == AF_INET6}; }

constexpr OptionRow kChecksumOptions[] = {
    {.name = "checksum-fill", .id = 0, .takes = Takes::kNothing, .mandatory = true}};

Complaint parse_checksum(const Given&, ChecksumTarget&) { return {}; }

}  // namespace

std::span<const TargetKind> plain_targets() {
  static const TargetKind kKinds[] = {
      {{"REJECT", AF_UNSPEC, kRejectOptions},
       make_reject,
       parse_as<RejectTarget, parse_reject>,
       nullptr},
      {{"LOG", AF_UNSPEC, kLogOptions},
       make_as<LogTarget>,
       parse_as<LogTarget, parse_log>,
       nullptr},
      {{"NFLOG", AF_UNSPEC, kNflogOptions},
       make_as<NflogTarget>,
       parse_as<NflogTarget, parse_nflog>,
       nullptr},
      {{"TRACE", AF_UNSPEC, {}}, make_as<TraceTarget>, parse_as<TraceTarget, no_options>, nullptr},
      {{"MARK", AF_UNSPEC, kMarkOptions},
       make_as<MarkTarget>,
       parse_as<MarkTarget, parse_mark>,
       finish_as<MarkTarget, finish_mark>},
      {{"CONNMARK", AF_UNSPEC, kConnmarkOptions},
       make_as<ConnmarkTarget>,
       parse_as<ConnmarkTarget, parse_connmark>,
       finish_as<ConnmarkTarget, finish_connmark>},
      {{"CT", AF_UNSPEC, kCtOptions}, make_as<CtTarget>, parse_as<CtTarget, parse_ct>, nullptr},
      {{"NOTRACK", AF_UNSPEC, {}}, make_notrack, parse_as<CtTarget, parse_ct>, nullptr},
      {{"TCPMSS", AF_UNSPEC, kTcpmssOptions},
       make_as<TcpmssTarget>,
       parse_as<TcpmssTarget, parse_tcpmss>,
       finish_as<TcpmssTarget, finish_tcpmss>},
      {{"TTL", AF_INET, kTtlOptions},
       make_ttl,
       parse_as<TtlTarget, parse_ttl>,
       finish_as<TtlTarget, finish_ttl>},
      {{"HL", AF_INET6, kHlOptions},
       make_ttl,
       parse_as<TtlTarget, parse_ttl>,
       finish_as<TtlTarget, finish_ttl>},
      {{"CHECKSUM", AF_UNSPEC, kChecksumOptions},
       make_as<ChecksumTarget>,
       parse_as<ChecksumTarget, parse_checksum>,
       nullptr},
  };
  return kKinds;
}

}  // namespace ctwin::rules
