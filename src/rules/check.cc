// What the kernel checks when a table is loaded (translate_table): from which hooks each rule can
// be reached, that no chain leads to itself, and what matches and targets say to where they are.

#include "rules/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/command.h"
#include "rules/values.h"

namespace ctwin::rules {

namespace {

constexpr uint32_t bit(Hook hook) { return 1u << static_cast<unsigned>(hook); }
constexpr uint32_t kPre = bit(Hook::kPrerouting), kIn = bit(Hook::kInput),
                   kFwd = bit(Hook::kForward), kOut = bit(Hook::kOutput),
                   kPost = bit(Hook::kPostrouting);
constexpr uint32_t kAnywhere = kPre | kIn | kFwd | kOut | kPost;

constexpr uint8_t kTcp = 6, kUdp = 17, kSctp = 132, kIcmp = 1, kIcmp6 = 58;

std::string names_of_hooks(uint32_t hooks) {
  std::string text;
  for (size_t i = 0; i < conntrack::kHooks; ++i) {
    if (!(hooks >> i & 1)) continue;
    if (!text.empty()) text += '/';
    text += conntrack::name_of(static_cast<Hook>(i));
  }
  return text;
}

/// What a match or target asks of its surroundings, as it is registered with the kernel.
struct Place {
  const char* name;
  std::optional<TableId> table = {};
  uint32_t hooks = kAnywhere;
  uint8_t proto = 0;
};

using Reason = std::optional<std::string>;

Reason check_place(const Place& place, const char* what, TableId table, uint32_t hooks,
                   const HeaderMatch& header) {
  if (place.table && *place.table != table)
    return fmt::format("{} {}: only valid in {} table, not {}", place.name, what,
                       name_of(*place.table), name_of(table));
  if (hooks & ~place.hooks)
    return fmt::format("{} {}: used from hooks {}, but only usable from {}", place.name, what,
                       names_of_hooks(hooks), names_of_hooks(place.hooks));
  if (place.proto != 0 && (header.proto != place.proto || header.proto_invert))
    return fmt::format("{} {}: only valid for protocol {}", place.name, what, place.proto);
  return {};
}

/// The rule around a match or target, and where it stands.
struct Around {
  uint8_t family;
  TableId table;
  uint32_t hooks;
  const Rule& rule;
};

// ---- matches ----

Reason check(const TcpMatch&, const Around& around) {
  return check_place({.name = "tcp", .proto = kTcp}, "match", around.table, around.hooks,
                     around.rule.header);
}

Reason check(const UdpMatch&, const Around& around) {
  return check_place({.name = "udp", .proto = kUdp}, "match", around.table, around.hooks,
                     around.rule.header);
}

Reason check(const SctpMatch&, const Around& around) {
  return check_place({.name = "sctp", .proto = kSctp}, "match", around.table, around.hooks,
                     around.rule.header);
}

Reason check(const IcmpMatch& match, const Around& around) {
  const Place place =
      match.six ? Place{.name = "icmp6", .proto = kIcmp6} : Place{.name = "icmp", .proto = kIcmp};
  return check_place(place, "match", around.table, around.hooks, around.rule.header);
}

Reason check(const MultiportMatch&, const Around& around) {
  static constexpr uint16_t kProtocols[] = {6, 17, 33, 132, 136};
  const HeaderMatch& header = around.rule.header;
  const bool known = std::ranges::find(kProtocols, header.proto) != std::end(kProtocols);
  if (!known || header.proto_invert)
    return "Invalid argument: multiport match: only with -p tcp, udp, udplite, sctp or dccp";
  return {};
}

Reason check(const MacMatch&, const Around& around) {
  return check_place({.name = "mac", .hooks = kPre | kIn | kFwd}, "match", around.table,
                     around.hooks, around.rule.header);
}

Reason check(const AddrtypeMatch& match, const Around& around) {
  const uint32_t types = match.source | match.destination;
  if (match.limit_out && around.hooks & (kPre | kIn))
    return "addrtype match: output interface limitation not valid in PREROUTING and INPUT";
  if (match.limit_in && around.hooks & (kPost | kOut))
    return "addrtype match: input interface limitation not valid in POSTROUTING and OUTPUT";
  if (match.limit_in && match.limit_out)
    return "addrtype match: both incoming and outgoing interface limitation cannot be selected";
  if (around.family != AF_INET6) return {};
  constexpr uint32_t kBlackhole = 1 << 6, kFirstOdd = 1 << 8, kBroadcast = 1 << 3;
  if (types & kBlackhole) return "addrtype match: ipv6 BLACKHOLE matching not supported";
  if (types >= kFirstOdd)
    return "addrtype match: ipv6 PROHIBIT (THROW, NAT ..) matching not supported";
  if (types & kBroadcast) return "addrtype match: ipv6 does not support BROADCAST matching";
  return {};
}

/// The credit that a burst may save up has to fit into 32 bits (user2credits at HZ=250).
Reason check(const LimitMatch& match, const Around&) {
  constexpr uint32_t kScale = 10'000;
  constexpr uint32_t kCreditsPerSecond = 250 * 128;
  const auto credits = [](uint32_t user) -> uint32_t {
    if (user > UINT32_MAX / kCreditsPerSecond) return user / kScale * kCreditsPerSecond;
    return user * kCreditsPerSecond / kScale;
  };
  if (match.burst == 0 || credits(match.average * match.burst) < credits(match.average))
    return fmt::format("Numerical result out of range: limit match: Overflow, try lower: {}/{}",
                       match.average, match.burst);
  return {};
}

Reason check(const RecentMatch& match, const Around&) {
  using Action = RecentMatch::Action;
  constexpr uint32_t kMaxStamps = 65536;
  const bool changes = match.action == Action::kSet || match.action == Action::kRemove;
  if (changes && (match.seconds != 0 || match.hitcount != 0 || match.ttl || match.reap))
    return "Invalid argument: recent match: --set and --remove go without --seconds, --hitcount, "
           "--rttl and --reap";
  if (match.hitcount >= kMaxStamps)
    return fmt::format(
        "Invalid argument: recent match: hitcount ({}) is larger than allowed "
        "maximum ({})",
        match.hitcount, kMaxStamps - 1);
  if (match.name.empty() || match.name == "." || match.name == ".." ||
      match.name.find('/') != std::string::npos)
    return fmt::format("Invalid argument: recent match: bad name \"{}\"", match.name);
  return {};
}

Reason check(const PhysdevMatch& match, const Around& around) {
  const bool bridged = match.is_bridged && !match.is_bridged_invert;
  if ((!match.out.empty() || match.is_out) && !bridged && around.hooks & kOut)
    return "physdev match: --physdev-out and --physdev-is-out only supported in the FORWARD and "
           "POSTROUTING chains with bridged traffic";
  return {};
}

template <typename T>
Reason check(const T&, const Around&) {
  return {};
}

// ---- targets ----

Reason check_target(const Place& place, const Around& around) {
  return check_place(place, "target", around.table, around.hooks, around.rule.header);
}

Reason check(const RejectTarget& target, const Around& around) {
  if (Reason reason = check_target(
          {.name = "REJECT", .table = TableId::kFilter, .hooks = kIn | kFwd | kOut}, around))
    return reason;
  const HeaderMatch& header = around.rule.header;
  if (target.with == RejectTarget::With::kTcpReset && (header.proto != kTcp || header.proto_invert))
    return "Invalid argument: REJECT target: tcp-reset invalid for non-tcp, -p tcp is needed";
  return {};
}

Reason check(const TraceTarget&, const Around& around) {
  return check_target({.name = "TRACE", .table = TableId::kRaw}, around);
}

Reason check(const NatTarget& target, const Around& around) {
  using Kind = NatTarget::Kind;
  switch (target.kind) {
    case Kind::kSnat:
      return check_target({.name = "SNAT", .table = TableId::kNat, .hooks = kPost | kIn}, around);
    case Kind::kDnat:
      return check_target({.name = "DNAT", .table = TableId::kNat, .hooks = kPre | kOut}, around);
    case Kind::kMasquerade:
      return check_target({.name = "MASQUERADE", .table = TableId::kNat, .hooks = kPost}, around);
    case Kind::kRedirect:
      return check_target({.name = "REDIRECT", .table = TableId::kNat, .hooks = kPre | kOut},
                          around);
    case Kind::kNetmap:
      return check_target(
          {.name = "NETMAP", .table = TableId::kNat, .hooks = kPre | kPost | kOut | kIn}, around);
  }
  return {};
}

/// The helpers of the kernel, with the protocol that each is for.
bool is_helper(std::string_view name, uint8_t family, uint16_t proto) {
  struct Row {
    const char* name;
    uint8_t proto;
    bool only_ipv4;
  };
  static constexpr Row kHelpers[] = {
      {"ftp", kTcp, false},   {"tftp", kUdp, false},     {"irc", kTcp, true},
      {"sip", kTcp, false},   {"sip", kUdp, false},      {"amanda", kUdp, false},
      {"sane", kTcp, false},  {"pptp", kTcp, true},      {"netbios-ns", kUdp, true},
      {"snmp", kUdp, true},   {"snmp_trap", kUdp, true}, {"RAS", kUdp, false},
      {"Q.931", kTcp, false}, {"H.245", kUdp, false}};
  return std::ranges::any_of(kHelpers, [&](const Row& row) {
    return name == row.name && proto == row.proto && (family == AF_INET || !row.only_ipv4);
  });
}

Reason check(const CtTarget& target, const Around& around) {
  const char* const name = target.notrack_alias ? "NOTRACK" : "CT";
  if (Reason reason = check_target({.name = name, .table = TableId::kRaw}, around)) return reason;
  if (target.helper.empty() || target.notrack) return {};
  const HeaderMatch& header = around.rule.header;
  if (header.proto == 0 || header.proto_invert)
    return "CT target: You must specify a L4 protocol and not use inversions on it";
  if (!is_helper(target.helper, around.family, header.proto))
    return fmt::format("CT target: No such helper \"{}\" for this protocol", target.helper);
  return {};
}

Reason check(const TcpmssTarget& target, const Around& around) {
  if (Reason reason = check_target({.name = "TCPMSS", .proto = kTcp}, around)) return reason;
  if (target.clamp && around.hooks & ~(kFwd | kOut | kPost))
    return "TCPMSS target: path-MTU clamping only supported in FORWARD, OUTPUT and POSTROUTING "
           "hooks";
  constexpr uint8_t kSyn = 0x02;
  for (const Match& match : around.rule.matches)
    if (const auto* tcp = std::get_if<TcpMatch>(&match))
      if (tcp->flags_compare & kSyn && !tcp->flags_invert) return {};
  return "TCPMSS target: Only works on TCP SYN packets: --syn or --tcp-flags SYN,RST SYN is needed";
}

Reason check(const TtlTarget& target, const Around& around) {
  return check_target({.name = target.six ? "HL" : "TTL", .table = TableId::kMangle}, around);
}

Reason check(const ChecksumTarget&, const Around& around) {
  return check_target({.name = "CHECKSUM", .table = TableId::kMangle}, around);
}

// ---- reaching ----

/// Walks the rules as packets of each hook may (mark_source_chains).
class Walk {
 public:
  explicit Walk(const Table& table) : table_(table), hooks_(table.chains.size()) {
    for (size_t i = 0; i < table.chains.size(); ++i)
      hooks_[i].resize(table.chains[i].rules.size() + 1);
  }

  /// False: a chain leads to itself; `loop` is the jump that closes it.
  bool run(const Rule*& loop) {
    for (uint32_t i = 0; i < table_.chains.size(); ++i)
      if (table_.chains[i].built_in && !walk(i, loop)) return false;
    return true;
  }

  uint32_t hooks(size_t chain, size_t rule) const { return hooks_[chain][rule]; }

 private:
  struct Step {
    uint32_t chain;
    size_t rule;
  };

  /// A packet that meets it goes no further. A rule that asks nothing, that is.
  static bool ends_chain(const Rule& rule) {
    if (!std::holds_alternative<VerdictTarget>(rule.target) || !rule.matches.empty()) return false;
    const HeaderMatch& header = rule.header;
    return prefix_length(header.source.mask) == 0 && prefix_length(header.destination.mask) == 0 &&
           !header.source.invert && !header.destination.invert && asks_nothing(header.in) &&
           asks_nothing(header.out) && header.proto == 0 && !header.fragment;
  }
  static bool asks_nothing(const DeviceMatch& device) {
    return device.name.empty() && !device.invert && !device.prefix;
  }

  bool walk(uint32_t start, const Rule*& loop) {
    const uint32_t hook = bit(table_.chains[start].hook);
    std::vector<bool> on_path(table_.chains.size());
    std::vector<Step> path{{start, 0}};
    on_path[start] = true;
    while (!path.empty()) {
      const Step step = path.back();
      const Chain& chain = table_.chains[step.chain];
      uint32_t& seen = hooks_[step.chain][step.rule];
      const bool visited = seen & hook;
      seen |= hook;
      if (visited || step.rule == chain.rules.size() || ends_chain(chain.rules[step.rule])) {
        on_path[step.chain] = false;
        path.pop_back();
        continue;
      }
      ++path.back().rule;
      const auto* jump = std::get_if<ChainTarget>(&chain.rules[step.rule].target);
      if (!jump) continue;
      if (on_path[jump->chain]) {
        loop = &chain.rules[step.rule];
        return false;
      }
      on_path[jump->chain] = true;
      path.push_back({jump->chain, 0});
    }
    return true;
  }

  const Table& table_;
  std::vector<std::vector<uint32_t>> hooks_;  ///< by chain and rule, and one for the chain's end
};

std::optional<RuleMistake> check_table(uint8_t family, const Table& table) {
  Walk walk(table);
  const Rule* loop = nullptr;
  if (!walk.run(loop))
    return RuleMistake{loop->origin,
                       fmt::format("Too many levels of symbolic links: chains of table {} lead "
                                   "back to \"{}\"",
                                   name_of(table.id),
                                   table.chains[std::get<ChainTarget>(loop->target).chain].name)};
  for (size_t i = 0; i < table.chains.size(); ++i) {
    const auto& rules = table.chains[i].rules;
    for (size_t k = 0; k < rules.size(); ++k)
      if (auto refusal = check_rule(family, table.id, walk.hooks(i, k), rules[k]))
        return RuleMistake{rules[k].origin, std::move(refusal->text)};
  }
  return {};
}

}  // namespace

std::optional<Refusal> check_rule(uint8_t family, TableId table, uint32_t hooks, const Rule& rule) {
  const Around around{family, table, hooks, rule};
  for (size_t i = 0; i < rule.matches.size(); ++i)
    if (Reason reason =
            std::visit([&](const auto& m) { return check(m, around); }, rule.matches[i]))
      return Refusal{Refusal::Part::kMatch, i, std::move(*reason)};
  if (Reason reason = std::visit([&](const auto& t) { return check(t, around); }, rule.target))
    return Refusal{Refusal::Part::kTarget, 0, std::move(*reason)};
  return {};
}

std::optional<RuleMistake> check_ruleset(const Ruleset& rules) {
  for (const Table& table : rules.tables)
    if (auto mistake = check_table(rules.family, table)) return mistake;
  return {};
}

}  // namespace ctwin::rules
