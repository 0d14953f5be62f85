#include "cli/arguments.h"

#include <netinet/in.h>

#include <charconv>
#include <limits>
#include <map>
#include <tuple>

#include "base/address.h"
#include "cli/names.h"
#include "cli/times.h"

namespace ctwin::cli {

namespace {

using MaybeProblem = std::optional<Problem>;

Problem usage(std::string text) { return {kUsageProblem, std::move(text)}; }

std::string quoted(std::string_view before, std::string_view word, std::string_view after) {
  return std::string(before).append(word).append(after);
}

// ---- commands and tables ----

std::optional<Table> parse_table(std::string_view word) {
  if (std::string_view("expect").starts_with(word)) return Table::kExpect;
  if (std::string_view("conntrack").starts_with(word)) return Table::kConntrack;
  if (std::string_view("dying").starts_with(word)) return Table::kDying;
  if (std::string_view("unconfirmed").starts_with(word)) return Table::kUnconfirmed;
  return {};
}

MaybeProblem apply_command(const Word& word, Arguments& arguments) {
  const auto table = word.value ? parse_table(*word.value) : Table::kConntrack;
  if (!table) return usage(quoted("unknown type `", *word.value, "'"));
  const Command command = word.row->command;
  const bool listing_only = *table == Table::kDying || *table == Table::kUnconfirmed;
  if (command != Command::kList && listing_only)
    return usage("Can't do that command with tables `dying' and `unconfirmed'");
  if (*table == Table::kExpect && (command == Command::kUpdate || command == Command::kAdd))
    return usage(quoted("Can't do --", word.row->name, " on expectations"));
  if (arguments.command != Command::kNone) return usage("Invalid commands combination");
  arguments.command = command;
  arguments.table = *table;
  return {};
}

// ---- addresses ----

MaybeProblem set_family(uint8_t family, Arguments& arguments) {
  if (arguments.family == AF_UNSPEC) arguments.family = family;
  if (arguments.family != family) return usage("mismatched address family");
  return {};
}

/// The option that a prefix behind an address stands for, where there is one.
std::optional<Option> mask_option(Option option) {
  switch (option) {
    case Option::kSrc:
    case Option::kTupleSrc: return Option::kMaskSrc;
    case Option::kDst:
    case Option::kTupleDst: return Option::kMaskDst;
    default: return {};
  }
}

MaybeProblem parse_plain_address(const OptionRow& row, std::string_view text, Arguments& arguments,
                                 AddressArgument& parsed) {
  parsed = parse_address_argument(text);
  if (!parsed.address.is_set()) return usage(quoted("Invalid IP address `", text, "'"));
  if (auto problem = set_family(parsed.address.family, arguments)) return problem;
  if (parsed.has_prefix && !mask_option(row.option))
    return usage(quoted("CIDR notation unavailable for `--", row.name, "'"));
  if (parsed.has_prefix && !parsed.prefix) return usage("Invalid netmask");
  return {};
}

MaybeProblem apply_address(const OptionRow& row, std::string_view text, Address& target,
                           Arguments& arguments) {
  AddressArgument parsed;
  if (auto problem = parse_plain_address(row, text, arguments, parsed)) return problem;
  target = parsed.address;
  if (!parsed.prefix || *parsed.prefix == target.size() * 8) return {};
  const Option mask = *mask_option(row.option);
  (mask == Option::kMaskSrc ? arguments.src_mask : arguments.dst_mask) =
      prefix_mask(target.family, *parsed.prefix);
  arguments.given.add(mask);
  return {};
}

MaybeProblem apply_nat(const OptionRow& row, const std::optional<std::string_view>& value,
                       NatFilter& target, Arguments& arguments) {
  target = {};
  if (!value) return {};
  const auto split = parse_nat_argument(*value);
  if (const auto* problem = std::get_if<Problem>(&split)) return *problem;
  const auto& nat = std::get<NatArgument>(split);
  AddressArgument parsed;
  if (auto problem = parse_plain_address(row, nat.address, arguments, parsed)) return problem;
  target.address = parsed.address;
  target.port = nat.port;
  return {};
}

// ---- numbers ----

/// The text that conntrack has for these options, with the letter that getopt sees.
Problem unexpected_value(const OptionRow& row, std::string_view text) {
  return usage(quoted("unexpected value '", text, "' with -") + row.letter + " option");
}

template <typename T>
MaybeProblem apply_counted(const OptionRow& row, std::string_view text, T& target) {
  const auto number = parse_number(text, 0, std::numeric_limits<T>::max());
  if (!number) return unexpected_value(row, text);
  target = static_cast<T>(*number);
  return {};
}

template <typename T>
MaybeProblem apply_number(const OptionRow& row, std::string_view text, int base, T& target) {
  constexpr uint64_t kMax = std::numeric_limits<T>::max();
  const auto number = parse_number(text, base, kMax);
  if (!number)
    return usage(quoted("invalid value '", text, "' for --") + std::string(row.name) +
                 ": expected a number from 0 to " + std::to_string(kMax));
  target = static_cast<T>(*number);
  return {};
}

template <typename T>
MaybeProblem apply_number(const OptionRow& row, std::string_view text, int base,
                          std::optional<T>& target) {
  T value = 0;
  if (auto problem = apply_number(row, text, base, value)) return problem;
  target = value;
  return {};
}

// ---- the rest ----

MaybeProblem apply_family(std::string_view text, Arguments& arguments) {
  if (text.starts_with("ipv4")) return set_family(AF_INET, arguments);
  if (text.starts_with("ipv6")) return set_family(AF_INET6, arguments);
  return usage(quoted("`", text, "' unsupported protocol"));
}

MaybeProblem apply_protocol(std::string_view text, Arguments& arguments) {
  const auto parsed = parse_protocol(text);
  if (!parsed) return usage(quoted("`", text, "' unsupported protocol"));
  arguments.proto = parsed->number;
  arguments.proto_has_options = parsed->has_options;
  return {};
}

void split_names(std::string_view text, std::vector<std::string_view>& names) {
  for (;;) {
    const size_t comma = text.find(',');
    names.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
  }
}

MaybeProblem apply_labels(const Word& word, Arguments& arguments) {
  const OptionSet& given = arguments.given;
  if (given.has(Option::kLabelAdd) && given.has(Option::kLabelDel))
    return Problem{kOtherProblem, "cannot use --label-add and --label-del at the same time"};
  if (word.row->option == Option::kLabelDel && !word.value) {
    arguments.label_del_all = true;
    return {};
  }
  auto& names = word.row->option == Option::kLabel      ? arguments.labels
                : word.row->option == Option::kLabelAdd ? arguments.label_add
                                                        : arguments.label_del;
  split_names(*word.value, names);
  return {};
}

MaybeProblem apply_state(std::string_view text, Arguments& arguments) {
  auto& state = arguments.protocol.state;
  switch (arguments.proto.value_or(0)) {
    case IPPROTO_TCP:
      if ((state = tcp_state(text))) return {};
      return usage(quoted("unknown TCP state `", text, "'"));
    case IPPROTO_SCTP:
      if ((state = sctp_state(text))) return {};
      return usage(quoted("unknown SCTP state `", text, "'"));
    default:
      if ((state = dccp_state(text))) return {};
      return usage(quoted("Unknown DCCP state `", text, "'"));
  }
}

MaybeProblem apply_role(std::string_view text, Arguments& arguments) {
  const std::string lower = [&] {
    std::string copy(text);
    for (char& c : copy) c = static_cast<char>(c | 0x20);
    return copy;
  }();
  auto& role = arguments.protocol.role;
  if (!lower.empty() && std::string_view("client").starts_with(lower))
    role = 0;
  else if (!lower.empty() && std::string_view("server").starts_with(lower))
    role = 1;
  else
    return usage(quoted("Unknown DCCP role `", text, "'"));
  return {};
}

MaybeProblem apply_protocol_option(const OptionRow& row, std::string_view text,
                                   Arguments& arguments) {
  ProtocolValues& values = arguments.protocol;
  const int base = (row.protocols & kGreOption) != 0 ? 0 : 10;
  switch (row.option) {
    case Option::kSport: return apply_number(row, text, base, values.sport);
    case Option::kDport: return apply_number(row, text, base, values.dport);
    case Option::kReplySport: return apply_number(row, text, base, values.reply_sport);
    case Option::kReplyDport: return apply_number(row, text, base, values.reply_dport);
    case Option::kMaskSport: return apply_number(row, text, base, values.mask_sport);
    case Option::kMaskDport: return apply_number(row, text, base, values.mask_dport);
    case Option::kTupleSport: return apply_number(row, text, base, values.tuple_sport);
    case Option::kTupleDport: return apply_number(row, text, base, values.tuple_dport);
    case Option::kOrigVtag: return apply_number(row, text, 10, values.orig_vtag);
    case Option::kReplyVtag: return apply_number(row, text, 10, values.reply_vtag);
    case Option::kIcmpType: return apply_number(row, text, 10, values.icmp_type);
    case Option::kIcmpCode: return apply_number(row, text, 10, values.icmp_code);
    case Option::kIcmpId: return apply_number(row, text, 10, values.icmp_id);
    case Option::kState: return apply_state(text, arguments);
    default: return apply_role(text, arguments);
  }
}

MaybeProblem apply_generic_option(const Word& word, Arguments& arguments, std::string& warnings) {
  const OptionRow& row = *word.row;
  const std::string_view text = word.value.value_or(std::string_view{});
  switch (row.option) {
    case Option::kSrc: return apply_address(row, text, arguments.src, arguments);
    case Option::kDst: return apply_address(row, text, arguments.dst, arguments);
    case Option::kReplySrc: return apply_address(row, text, arguments.reply_src, arguments);
    case Option::kReplyDst: return apply_address(row, text, arguments.reply_dst, arguments);
    case Option::kTupleSrc: return apply_address(row, text, arguments.tuple_src, arguments);
    case Option::kTupleDst: return apply_address(row, text, arguments.tuple_dst, arguments);
    case Option::kMaskSrc: return apply_address(row, text, arguments.src_mask, arguments);
    case Option::kMaskDst: return apply_address(row, text, arguments.dst_mask, arguments);
    case Option::kSrcNat: return apply_nat(row, word.value, arguments.src_nat, arguments);
    case Option::kDstNat: return apply_nat(row, word.value, arguments.dst_nat, arguments);
    case Option::kAnyNat: return apply_nat(row, word.value, arguments.any_nat, arguments);
    case Option::kProto: return apply_protocol(text, arguments);
    case Option::kFamily: return apply_family(text, arguments);
    case Option::kTimeout: return apply_number(row, text, 10, arguments.timeout);
    case Option::kBufferSize: return apply_number(row, text, 10, arguments.buffer_size);
    case Option::kZone: return apply_counted(row, text, arguments.zone);
    case Option::kOrigZone: return apply_counted(row, text, arguments.orig_zone);
    case Option::kReplyZone: return apply_counted(row, text, arguments.reply_zone);
    case Option::kId: return apply_counted(row, text, arguments.id);
    case Option::kSecmark: return apply_counted(row, text, arguments.secmark);
    case Option::kStatus: return parse_status(text, arguments.status, warnings);
    case Option::kEventMask: return parse_events(text, arguments.events, warnings);
    case Option::kOutput: return parse_output(text, arguments.output, warnings);
    case Option::kMark:
      if (const auto mark = parse_mark(text)) return arguments.mark = *mark, std::nullopt;
      return unexpected_value(row, text);
    case Option::kLabel:
    case Option::kLabelAdd:
    case Option::kLabelDel: return apply_labels(word, arguments);
    case Option::kLabelMap: arguments.label_map = text; return {};
    case Option::kNatRange: warnings += "WARNING: ignoring -a, deprecated option.\n"; return {};
    default: return {};
  }
}

MaybeProblem apply_socket_mode(std::string_view text, OwnOptions& own) {
  uint32_t mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || mode > 0777)
    return usage(quoted("invalid value '", text, "' for --socket-mode: expected 0 to 0777, octal"));
  own.socket_mode = mode;
  return {};
}

MaybeProblem apply_group_by(std::string_view text, Questions& questions) {
  auto parsed = parse_group_keys(text);
  if (const auto* problem = std::get_if<Problem>(&parsed)) return *problem;
  questions.group_by = std::get<GroupColumns>(std::move(parsed));
  return {};
}

/// Seconds with up to three decimals, as milliseconds.
MaybeProblem apply_seconds(const OptionRow& row, std::string_view text, uint32_t& milliseconds) {
  const size_t point = std::min(text.find('.'), text.size());
  const auto whole = parse_number(text.substr(0, point), 10, 86400);
  std::string decimals(text.substr(std::min(point + 1, text.size())));
  const bool too_fine = decimals.size() > 3 || (point < text.size() && decimals.empty());
  decimals.resize(3, '0');
  const auto thousandths = parse_number(decimals, 10, 999);
  if (!whole || !thousandths || too_fine || *whole * 1000 + *thousandths < 10)
    return usage(quoted("invalid value '", text, "' for --")
                     .append(row.name)
                     .append(": expected seconds, 0.01 to 86400"));
  milliseconds = static_cast<uint32_t>(*whole * 1000 + *thousandths);
  return {};
}

MaybeProblem apply_who_had(std::string_view text, Questions& questions) {
  auto parsed = parse_who_had(text);
  if (const auto* problem = std::get_if<Problem>(&parsed)) return *problem;
  questions.who_had = std::get<WhoHad>(parsed);
  return {};
}

MaybeProblem apply_question(const Word& word, Questions& questions) {
  const OptionRow& row = *word.row;
  const std::string_view text = word.value.value_or(std::string_view{});
  switch (row.option) {
    case Option::kFilter:
      if (questions.filter)
        return usage("--filter can be given once: join what must hold by `and'");
      questions.filter = text;
      return {};
    case Option::kDryRun: questions.dry_run = true; return {};
    case Option::kGroupBy: return apply_group_by(text, questions);
    case Option::kTop: return apply_number(row, text, 10, questions.top);
    case Option::kWatch: return apply_seconds(row, text, questions.watch);
    case Option::kSnapshot: questions.snapshot = true; return {};
    case Option::kNoResync: questions.no_resync = true; return {};
    case Option::kLimit: return apply_number(row, text, 10, questions.limit.emplace());
    case Option::kDuration: return apply_seconds(row, text, questions.duration);
    case Option::kExplain: questions.explain = true; return {};
    case Option::kNatUsage: questions.nat_usage = true; return {};
    case Option::kWhoHad: return apply_who_had(text, questions);
    case Option::kAt:
      questions.at = parse_time(text);
      if (questions.at) return {};
      return usage(quoted("invalid value '", text,
                          "' for --at: expected a time such as 2026-11-21T10:00:00Z, or seconds "
                          "since the epoch"));
    case Option::kEventLog: questions.event_log = text; return {};
    default: questions.verbose = true; return {};
  }
}

MaybeProblem apply_own_option(const Word& word, Arguments& arguments) {
  OwnOptions& own = arguments.own;
  const OptionRow& row = *word.row;
  const std::string_view text = word.value.value_or(std::string_view{});
  own.last_name = row.name;
  switch (row.option) {
    case Option::kNetns: own.netns = text; return {};
    case Option::kBackend:
      own.backend = parse_backend(text);
      if (own.backend) return {};
      return usage(quoted("invalid value '", text,
                          "' for --backend: expected kernel, engine, engine:FILE or unix:PATH"));
    case Option::kPcap: own.captures.push_back(text); return {};
    case Option::kSetup: own.setups.push_back(text); return {};
    case Option::kPcapOut: own.captures_out.push_back(text); return {};
    case Option::kLog: own.log = text; return {};
    case Option::kIptablesSave: own.iptables_save = text; return {};
    case Option::kSysctl: own.sysctls.push_back(text); return {};
    case Option::kTrace:
      own.trace = true;
      own.trace_only_invalid = word.value.has_value();
      if (!word.value || text == "invalid") return {};
      return usage(quoted("invalid value '", text, "' for --trace: expected invalid"));
    case Option::kRunOut: own.run_out = true; return {};
    case Option::kChecksum:
      own.checksums = text;
      if (text == "auto" || text == "verify" || text == "ignore") return {};
      return usage(
          quoted("invalid value '", text, "' for --checksum: expected auto, verify or ignore"));
    case Option::kServe: own.serve = text; return {};
    case Option::kSocketMode: return apply_socket_mode(text, own);
    case Option::kSocketGroup: own.socket_group = text; return {};
    case Option::kTun: own.tuns.push_back(text); return {};
    case Option::kCapture: own.live_captures.push_back(text); return {};
    case Option::kWait: return apply_number(row, text, 0, own.wait);
    case Option::kCaptureFilter: own.capture_filter = text; return {};
    default: return apply_number(row, text, 0, own.seed.emplace());
  }
}

// ---- checks of the whole ----

struct Pair {
  Option first, second;
  std::string_view text;
};

/// The pairs of which one must be there, for the options that the table marks with 3.
MaybeProblem check_pairs(const OptionSet& given, const Pair& orig, const Pair& reply) {
  const auto complete = [&](const Pair& pair) {
    return given.has(pair.first) && given.has(pair.second);
  };
  const auto begun = [&](const Pair& pair) {
    return given.has(pair.first) || given.has(pair.second);
  };
  if (complete(orig) || complete(reply)) return {};
  const Pair& blamed = !begun(orig) && begun(reply) ? reply : orig;
  return usage(std::string("you have to specify ").append(blamed.text));
}

MaybeProblem check_address_pairs(const OptionSet& given) {
  return check_pairs(given, {Option::kSrc, Option::kDst, "`--src' and `--dst'"},
                     {Option::kReplySrc, Option::kReplyDst, "`--reply-src' and `--reply-dst'"});
}

/// conntrack's own words, option names that do not exist included.
MaybeProblem check_port_pairs(const OptionSet& given, uint8_t proto) {
  const bool gre = proto == IPPROTO_GRE;
  const std::string_view reply = gre ? "`--reply-src-key' and `--reply-dst-key'"
                                 : proto == IPPROTO_DCCP
                                     ? "`--reply-port-src' and `--report-port-dst'"
                                     : "`--reply-src-port' and `--reply-dst-port'";
  return check_pairs(given,
                     {Option::kSport, Option::kDport,
                      gre ? "`--srckey' and `--dstkey'" : "`--sport' and `--dport'"},
                     {Option::kReplySport, Option::kReplyDport, reply});
}

/// What the option table says of one command: for the options of every protocol, or of one.
struct Validity {
  OptionSet mandatory, illegal, paired;
};

Validity read_validity(Command command, Table table, uint8_t protocols) {
  Validity validity_of;
  for (const OptionRow& row : option_table()) {
    if (row.option == Option::kCommand || row.option == Option::kNatRange) continue;
    if (protocols == 0 ? row.protocols != 0 : (row.protocols & protocols) == 0) continue;
    const char mark = validity(row, command, table);
    if (mark == 'M') validity_of.mandatory.add(row.option);
    if (mark == '-') validity_of.illegal.add(row.option);
    if (mark == '3') validity_of.paired.add(row.option);
  }
  return validity_of;
}

/// Read once for each kind of command; a file has millions of commands of few kinds.
const Validity& cached_validity(Command command, Table table, uint8_t protocols) {
  static std::map<std::tuple<Command, Table, uint8_t>, Validity> cache;
  const auto key = std::tuple(command, table, protocols);
  const auto found = cache.find(key);
  if (found != cache.end()) return found->second;
  return cache.emplace(key, read_validity(command, table, protocols)).first->second;
}

/// The first option, in the table's order, that is missing or out of place.
MaybeProblem check_validity(const Arguments& arguments, uint8_t protocols, bool& paired) {
  const Validity& rules = cached_validity(arguments.command, arguments.table, protocols);
  paired = rules.paired.any();
  const OptionSet missing = rules.mandatory - arguments.given;
  const OptionSet misplaced = rules.illegal & arguments.given;
  if (!missing.any() && !misplaced.any()) return {};
  for (const OptionRow& row : option_table()) {
    if (protocols == 0 ? row.protocols != 0 : (row.protocols & protocols) == 0) continue;
    if (missing.has(row.option))
      return usage(quoted("You need to supply the `--", row.name, "' option for this command"));
    if (misplaced.has(row.option))
      return usage(quoted("Illegal option `--", row.name, "' with this command"));
  }
  return {};
}

MaybeProblem check_generic(const Arguments& arguments) {
  bool paired = false;
  if (auto problem = check_validity(arguments, 0, paired)) return problem;
  return paired ? check_address_pairs(arguments.given) : std::nullopt;
}

MaybeProblem check_protocol(const Arguments& arguments) {
  if (!arguments.proto || !arguments.proto_has_options || arguments.command == Command::kHelp)
    return {};
  bool paired = false;
  if (auto problem = check_validity(arguments, protocol_bit(*arguments.proto), paired))
    return problem;
  return paired ? check_port_pairs(arguments.given, *arguments.proto) : std::nullopt;
}

/// What conntrack ignores though it cannot have been meant, or finds out only while it works.
MaybeProblem check_sense(const Arguments& arguments) {
  const OptionSet& given = arguments.given;
  const bool creates = arguments.command == Command::kCreate || arguments.command == Command::kAdd;
  if (creates && given.has(Option::kSrcNat) && !arguments.src_nat.address.is_set())
    return usage("--src-nat needs an address with this command");
  if (creates && given.has(Option::kDstNat) && !arguments.dst_nat.address.is_set())
    return usage("--dst-nat needs an address with this command");
  if (given.has(Option::kLabelDel) && arguments.label_del_all && !arguments.label_del.empty())
    return usage("--label-del without a list clears all labels, so give it once");
  return {};
}

/// Whether the words of -o mean something for sums.
bool sums_up(const OutputList& words) {
  return !words.xml && !words.save && !words.extended && !words.timestamp && !words.id &&
         !words.ktimestamp && !words.labels;
}

MaybeProblem check_sums(const Arguments& arguments) {
  const Questions& questions = arguments.questions;
  const bool groups = !questions.group_by.empty();
  const std::string name = groups ? "--group-by" : "--nat-usage";
  if (questions.top && !groups && !questions.nat_usage)
    return usage("--top goes with --group-by and --nat-usage");
  if (!groups && !questions.nat_usage) return {};
  if (groups && questions.nat_usage) return usage("--group-by and --nat-usage exclude each other");
  if (!sums_up(arguments.output)) return usage(name + " knows no output format but json");
  if (arguments.given.has(Option::kZero)) return usage(name + " zeroes no counters: leave -z away");
  return {};
}

MaybeProblem check_nat_questions(const Arguments& arguments) {
  const Questions& questions = arguments.questions;
  const bool lists = arguments.command == Command::kList && arguments.table == Table::kConntrack;
  if (questions.at && !questions.event_log) return usage("--at needs --event-log FILE");
  if (questions.event_log && !questions.who_had) return usage("--event-log goes with --who-had");
  if (questions.stand_alone() && !lists)
    return usage("--nat-usage and --who-had go with -L, or stand alone");
  if (questions.who_had && (questions.nat_usage || !questions.group_by.empty()))
    return usage("--who-had shows entries, not sums");
  if (!questions.event_log) return {};
  OptionSet others = arguments.given;
  for (const Option option : {Option::kProto, Option::kOutput}) others.remove(option);
  if (others.any() || questions.filter) return usage("with --event-log only -p selects");
  if (!sums_up(arguments.output)) return usage("--event-log knows no output format but json");
  return {};
}

/// What the options are for that select, sum up and explain.
MaybeProblem check_questions(const Arguments& arguments) {
  const Command command = arguments.command;
  const auto is = [command](auto... commands) { return ((command == commands) || ...); };
  const bool tracked = arguments.table != Table::kExpect;
  const std::string of_table = tracked ? "" : " of connections, not of expectations";
  const Questions& questions = arguments.questions;
  if (questions.filter && !(tracked && is(Command::kList, Command::kDelete, Command::kUpdate,
                                          Command::kEvent, Command::kCount)))
    return usage("--filter goes with -L, -D, -U, -E and -C" + of_table);
  if (questions.dry_run && !(tracked && is(Command::kDelete, Command::kUpdate)))
    return usage("--dry-run goes with -D and -U" + of_table);
  if (!questions.group_by.empty() && !(tracked && is(Command::kList, Command::kEvent)))
    return usage("--group-by goes with -L and -E" + of_table);
  const bool watches = questions.limit || questions.duration != 0;
  if (watches && !is(Command::kEvent)) return usage("--limit and --duration go with -E");
  if ((questions.snapshot || questions.no_resync) && !(tracked && is(Command::kEvent)))
    return usage("--snapshot and --no-resync go with -E" + of_table);
  if (questions.snapshot && !questions.group_by.empty())
    return usage("--snapshot does not go with --group-by: it would sum up entries and events");
  if (questions.watch != 0 && !is(Command::kStats)) return usage("--watch goes with -S");
  if (questions.explain && !is(Command::kStats)) return usage("--explain goes with -S");
  if (questions.verbose && !(tracked && is(Command::kCount)))
    return usage("--verbose goes with -C" + of_table);
  if (auto problem = check_sums(arguments)) return problem;
  return check_nat_questions(arguments);
}

MaybeProblem check_masks(const Arguments& arguments) {
  const OptionSet& given = arguments.given;
  if (arguments.table == Table::kExpect) return {};
  if (given.has(Option::kMaskSrc) && !given.has(Option::kSrc))
    return usage("Can't use --mask-src without --src");
  if (given.has(Option::kMaskDst) && !given.has(Option::kDst))
    return usage("Can't use --mask-dst without --dst");
  return {};
}

MaybeProblem check_zero(const Arguments& arguments) {
  const OptionSet& given = arguments.given;
  if (arguments.command != Command::kList || !given.has(Option::kZero)) return {};
  if (arguments.table != Table::kConntrack) return {};
  for (const Option option :
       {Option::kProto, Option::kSrc, Option::kDst, Option::kReplySrc, Option::kReplyDst,
        Option::kMark, Option::kSecmark, Option::kStatus, Option::kId, Option::kZone,
        Option::kOrigZone, Option::kReplyZone, Option::kLabel})
    if (given.has(option)) return usage("Can't use -z with filtering parameters");
  return {};
}

}  // namespace

std::optional<Problem> apply_option(const Word& word, Arguments& arguments, std::string& warnings) {
  const OptionRow& row = *word.row;
  if (row.option == Option::kCommand) return apply_command(word, arguments);
  if (row.option == Option::kLabelMap && arguments.given.has(Option::kLabelMap))
    return usage("option `--labelmap' can only be specified once");
  if (row.option != Option::kNatRange && !is_own(row.group)) arguments.given.add(row.option);
  if (row.group == Group::kQuestion) return apply_question(word, arguments.questions);
  if (row.group == Group::kOwn) return apply_own_option(word, arguments);
  if (row.protocols != 0) return apply_protocol_option(row, *word.value, arguments);
  return apply_generic_option(word, arguments, warnings);
}

std::optional<Problem> resolve_labels(const LabelMap* map, Arguments& arguments) {
  const auto resolve = [map](const std::vector<std::string_view>& names,
                             Labels& bits) -> MaybeProblem {
    for (const std::string_view name : names) {
      const auto bit = map ? map->bit(name) : std::nullopt;
      if (!bit) return usage(quoted("unknown label '", name, "'"));
      if (*bit >= Labels::kBits)
        return usage(quoted("label '", name, "' is beyond bit 127, the last that is kept"));
      bits.set(*bit);
    }
    return {};
  };
  if (auto problem = resolve(arguments.labels, arguments.label_bits)) return problem;
  if (auto problem = resolve(arguments.label_add, arguments.label_add_bits)) return problem;
  return resolve(arguments.label_del, arguments.label_del_bits);
}

std::optional<Problem> resolve_filter(const LabelMap* map, Arguments& arguments) {
  if (!arguments.questions.filter) return {};
  auto parsed = FilterExpr::parse(*arguments.questions.filter, map);
  if (const auto* mistake = std::get_if<FilterMistake>(&parsed))
    return usage(point_at(*mistake, *arguments.questions.filter));
  arguments.filter = std::get<FilterExpr>(std::move(parsed));
  return {};
}

std::optional<BackendChoice> parse_backend(std::string_view text) {
  using Kind = BackendChoice::Kind;
  if (text == "kernel") return BackendChoice{Kind::kKernel, {}};
  if (text == "engine") return BackendChoice{Kind::kEngine, {}};
  for (const auto& [prefix, kind] : {std::pair(std::string_view("engine:"), Kind::kEngine),
                                     std::pair(std::string_view("unix:"), Kind::kSocket)})
    if (text.size() > prefix.size() && text.starts_with(prefix))
      return BackendChoice{kind, text.substr(prefix.size())};
  return {};
}

std::optional<Problem> check_arguments(const Arguments& arguments) {
  const OptionSet& given = arguments.given;
  if (given.has(Option::kAnyNat) && (given.has(Option::kSrcNat) || given.has(Option::kDstNat)))
    return usage("cannot specify `--src-nat' or `--dst-nat' with `--any-nat'");
  if (auto problem = check_questions(arguments)) return problem;
  const bool traces_alone = arguments.own.trace && given.only(Option::kOutput);
  if (arguments.command == Command::kNone && (!given.any() || traces_alone)) return {};
  if (auto problem = check_generic(arguments)) return problem;
  if (auto problem = check_protocol(arguments)) return problem;
  if (auto problem = check_sense(arguments)) return problem;
  if (auto problem = check_zero(arguments)) return problem;
  return check_masks(arguments);
}

std::optional<Problem> check_load(const Arguments& arguments) {
  if (arguments.questions.filter)
    return usage("--filter does not go with -R; a line of the file may have one");
  return check_questions(arguments);
}

std::optional<Problem> parse_arguments(std::span<const std::string_view> words,
                                       Arguments& arguments, std::string& warnings) {
  WordScanner scanner(words);
  for (Word word; scanner.next(word);) {
    if (auto problem = apply_option(word, arguments, warnings)) return problem;
    if (word.row->option == Option::kProto && arguments.proto_has_options)
      scanner.know(protocol_bit(*arguments.proto));
  }
  if (!scanner.error().empty()) return usage(scanner.error());
  return {};
}

}  // namespace ctwin::cli
