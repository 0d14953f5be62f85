#include "rules/command_line.h"

#include <fmt/format.h>

#include <deque>

#include "base/address.h"
#include "rules/extensions.h"
#include "rules/protocols.h"

namespace ctwin::rules {

namespace {

using Failure = std::optional<Mistake>;
using Takes = OptionRow::Takes;

constexpr size_t kNameRoom = 29;    // XT_EXTENSION_MAXNAMELEN
constexpr size_t kDeviceRoom = 16;  // IFNAMSIZ
constexpr char kLineNumbers = '0';

constexpr OptionRow kOwnOptions[] = {
    {.name = "append", .id = 'A'},
    {.name = "delete", .id = 'D'},
    {.name = "check", .id = 'C'},
    {.name = "insert", .id = 'I'},
    {.name = "replace", .id = 'R'},
    {.name = "list", .id = 'L', .takes = Takes::kMaybe},
    {.name = "list-rules", .id = 'S', .takes = Takes::kMaybe},
    {.name = "flush", .id = 'F', .takes = Takes::kMaybe},
    {.name = "zero", .id = 'Z', .takes = Takes::kMaybe},
    {.name = "new-chain", .id = 'N'},
    {.name = "delete-chain", .id = 'X', .takes = Takes::kMaybe},
    {.name = "rename-chain", .id = 'E'},
    {.name = "policy", .id = 'P'},
    {.name = "source", .id = 's', .inverts = true},
    {.name = "destination", .id = 'd', .inverts = true},
    {.name = "src", .id = 's', .inverts = true},
    {.name = "dst", .id = 'd', .inverts = true},
    {.name = "protocol", .id = 'p', .inverts = true},
    {.name = "in-interface", .id = 'i', .inverts = true},
    {.name = "jump", .id = 'j'},
    {.name = "table", .id = 't'},
    {.name = "match", .id = 'm'},
    {.name = "numeric", .id = 'n', .takes = Takes::kNothing},
    {.name = "out-interface", .id = 'o', .inverts = true},
    {.name = "verbose", .id = 'v', .takes = Takes::kNothing},
    {.name = "wait", .id = 'w', .takes = Takes::kMaybe},
    {.name = "wait-interval", .id = 'W', .takes = Takes::kMaybe},
    {.name = "exact", .id = 'x', .takes = Takes::kNothing},
    {.name = "fragments", .id = 'f', .takes = Takes::kNothing, .inverts = true},
    {.name = "version", .id = 'V', .takes = Takes::kNothing},
    {.name = "help", .id = 'h', .takes = Takes::kMaybe},
    {.name = "line-numbers", .id = kLineNumbers, .takes = Takes::kNothing},
    {.name = "modprobe", .id = 'M'},
    {.name = "set-counters", .id = 'c'},
    {.name = "goto", .id = 'g'},
    {.name = "ipv4", .id = '4', .takes = Takes::kNothing},
    {.name = "ipv6", .id = '6', .takes = Takes::kNothing},
};

/// Reads one line. Matches and the target collect their options in the order of the words.
class Parser {
 public:
  Parser(std::span<const Word> words, uint8_t family, std::optional<TableId> table,
         CommandLine& line)
      : scanner_(words, kOwnOptions), in_block_(table.has_value()), line_(line) {
    so_far_.family = family;
    if (table) line_.table = *table;
  }

  Failure parse();

 private:
  /// A match or target whose options are being collected.
  template <typename Kind, typename Variant>
  struct Instance {
    const Kind* kind = nullptr;
    Variant value;
    uint32_t seen = 0;
    uint32_t column = 1;
    bool completed = false;  ///< the same match came again: options are for that one
  };
  using MatchInstance = Instance<MatchKind, Match>;
  using TargetInstance = Instance<TargetKind, Target>;

  static Mistake at(uint32_t column, std::string text) { return {column, std::move(text)}; }
  static Mistake at(const Found& found, std::string text) {
    return {found.value_column, std::move(text)};
  }

  Failure take_option(const Found& found);
  Failure take_command(const Found& found);
  Failure take_own(const Found& found);
  Failure take_extension_option(const Found& found);
  template <typename Kind, typename Variant>
  Failure feed(Instance<Kind, Variant>& instance, const Found& found);
  template <typename Kind, typename Variant>
  Failure finish(Instance<Kind, Variant>& instance);
  Failure unknown_option(const Found& found, bool& retry);

  Failure once(const Found& found);
  Failure take_protocol(const Found& found);
  Failure take_device(const Found& found, DeviceMatch& device);
  Failure take_counters(const Found& found);
  Failure take_table(const Found& found);
  Failure take_jump(const Found& found);
  Failure take_wait(const Found& found);
  Failure take_rule_number(const Word& word);
  Failure add_match(const MatchKind* kind, uint32_t column);

  Failure check_line();
  Failure check_rule_line();
  Failure take_addresses(const Found& found, std::string_view text, std::vector<AddressMatch>& out);
  bool takes_rule() const {
    return std::string_view("ADICR").find(line_.command) != std::string_view::npos;
  }

  OptionScanner scanner_;
  const bool in_block_;
  CommandLine& line_;
  RuleSoFar so_far_;
  bool invert_ = false;
  uint32_t invert_column_ = 1;
  bool proto_used_ = false;
  std::string protocol_;
  bool seen_[256] = {};         ///< by letter
  uint32_t columns_[256] = {};  ///< of these
  Found sources_, destinations_;
  std::deque<MatchInstance> matches_;
  TargetInstance target_;
};

Failure Parser::parse() {
  for (;;) {
    const Found found = scanner_.next();
    switch (found.kind) {
      case Found::Kind::kEnd: return check_line();
      case Found::Kind::kMistake: {
        bool retry = false;
        if (found.unknown)
          if (Failure failure = unknown_option(found, retry)) return failure;
        if (!retry) return found.mistake;
        continue;
      }
      case Found::Kind::kWord:
        if (found.written == "--" && scanner_.next().kind == Found::Kind::kEnd) return check_line();
        if (found.written != "!") return at(found, fmt::format("Bad argument `{}'", found.written));
        if (invert_) return at(found, "multiple consecutive ! not allowed");
        invert_ = true;
        invert_column_ = found.column;
        continue;
      case Found::Kind::kOption:
        if (Failure failure = take_option(found)) return failure;
        if (line_.other_family) return {};
        invert_ = false;
    }
  }
}

/// An option that nobody knows may be one of the protocol's match, which is loaded then.
Failure Parser::unknown_option(const Found& found, bool& retry) {
  if (protocol_.empty() || proto_used_) return {};
  const bool by_number = whole_number(protocol_, 0, UINT8_MAX).has_value();
  const char* const name = by_number ? protocol_name(so_far_.proto) : protocol_.c_str();
  if (!name) return {};
  const MatchKind* const kind = match_named(name, so_far_.family);
  if (!kind) {
    if (!is_known_match(name)) return {};
    return at(found.column, fmt::format("{} is not supported with -p {}: -m multiport has ports of "
                                        "tcp, udp, udplite, sctp and dccp",
                                        found.written, name));
  }
  proto_used_ = true;
  if (Failure failure = add_match(kind, found.column)) return failure;
  scanner_.again();
  retry = true;
  return {};
}

Failure Parser::take_option(const Found& found) {
  if (found.owner) return take_extension_option(found);
  if (invert_ && !found.row->inverts)
    return at(invert_column_, fmt::format("cannot have ! before {}", found.written));
  if (std::string_view("ADCIRLSFZNXEP").find(static_cast<char>(found.row->id)) !=
      std::string_view::npos)
    return take_command(found);
  return take_own(found);
}

Failure Parser::take_rule_number(const Word& word) {
  const auto number = whole_number(word.text, 1, INT32_MAX);
  if (!number) return at(word.column, fmt::format("Invalid rule number `{}'", word.text));
  line_.number = static_cast<uint32_t>(*number);
  line_.number_column = word.column;
  return {};
}

Failure Parser::take_command(const Found& found) {
  const char letter = static_cast<char>(found.row->id);
  if (line_.command != 0)
    return at(found.column, fmt::format("Cannot use -{} with -{}", letter, line_.command));
  line_.command = letter;
  line_.command_column = found.column;
  if (found.has_value) {
    line_.chain = {std::string(found.value), found.value_column};
  } else if (const Word* chain = scanner_.take_word()) {
    line_.chain = *chain;
  }
  switch (letter) {
    case 'L':
    case 'S':
      return at(found.column, fmt::format("-{} prints rules: it has no place here", letter));
    case 'N': return check_chain_name(line_.chain);
    case 'D':
    case 'I':
    case 'Z':
      if (const Word* number = scanner_.take_word()) return take_rule_number(*number);
      return {};
    case 'R':
      if (const Word* number = scanner_.take_word()) return take_rule_number(*number);
      return at(found.column, "-R requires a rule number");
    case 'E':
    case 'P':
      if (const Word* argument = scanner_.take_word()) {
        line_.argument = *argument;
        return {};
      }
      return at(found.column, letter == 'E' ? "-E requires old-chain-name and new-chain-name"
                                            : "-P requires a chain and a policy");
    default: return {};
  }
}

Failure Parser::once(const Found& found) {
  if (seen_[found.row->id] && found.row->id != 'v')
    return at(found.column,
              fmt::format("multiple -{} flags not allowed", static_cast<char>(found.row->id)));
  seen_[found.row->id] = true;
  columns_[found.row->id] = found.column;
  return {};
}

Failure Parser::take_own(const Found& found) {
  const char letter = static_cast<char>(found.row->id);
  if (std::string_view("mtwWM46").find(letter) == std::string_view::npos)
    if (Failure failure = once(found)) return failure;
  switch (letter) {
    case 's':
      sources_ = found;
      line_.rule.header.source.invert = invert_;
      return {};
    case 'd':
      destinations_ = found;
      line_.rule.header.destination.invert = invert_;
      return {};
    case 'p': return take_protocol(found);
    case 'i': return take_device(found, line_.rule.header.in);
    case 'o': return take_device(found, line_.rule.header.out);
    case 'j':
    case 'g': return take_jump(found);
    case 't': return take_table(found);
    case 'c': return take_counters(found);
    case 'w':
    case 'W': return take_wait(found);
    case 'm': {
      const MatchKind* const kind = match_named(found.value, so_far_.family);
      if (!kind) return at(found, why_no_match(found.value, so_far_.family));
      return add_match(kind, found.value_column);
    }
    case 'f':
      if (so_far_.family == AF_INET6)
        return at(found, "`-f' is not supported in IPv6, use -m frag instead");
      line_.rule.header.fragment = true;
      line_.rule.header.fragment_invert = invert_;
      return {};
    case '4':
    case '6':
      if ((letter == '4') == (so_far_.family == AF_INET)) return {};
      if (!in_block_) return at(found, fmt::format("-{} is for the other family's rules", letter));
      line_.other_family = true;
      return {};
    case 'V':
    case 'h': return at(found, fmt::format("{} has no place here", found.written));
    default: return {};  // -n -v -x --line-numbers --modprobe change nothing, or are refused later
  }
}

Failure Parser::take_protocol(const Found& found) {
  protocol_.clear();
  for (const char c : found.value)
    protocol_ += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto number = protocol_number(protocol_);
  if (!number) return at(found, fmt::format("unknown protocol \"{}\" specified", protocol_));
  if (*number == 0 && invert_) return at(found, "rule would never match protocol");
  so_far_.proto = line_.rule.header.proto = *number;
  so_far_.proto_invert = line_.rule.header.proto_invert = invert_;
  return {};
}

Failure Parser::take_device(const Found& found, DeviceMatch& device) {
  if (found.value.empty()) return at(found, "Empty interface is likely to be undesired");
  if (found.value.size() >= kDeviceRoom)
    return at(found, fmt::format("interface name `{}' must be shorter than {} characters",
                                 found.value, kDeviceRoom));
  device.set = true;
  device.invert = invert_;
  device.prefix = found.value.ends_with('+');
  device.name = found.value.substr(0, found.value.size() - device.prefix);
  return {};
}

Failure Parser::take_counters(const Found& found) {
  const size_t comma = found.value.find(',', 1);
  std::string_view bytes;
  if (comma != found.value.npos) {
    bytes = found.value.substr(comma + 1);
  } else if (const Word* word = scanner_.take_word()) {
    bytes = word->text;
  } else {
    return at(found, "-c requires packet and byte counter");
  }
  const auto packets_read = leading_number(found.value.substr(0, comma), 10);
  const auto bytes_read = leading_number(bytes, 10);
  if (!packets_read) return at(found, "-c packet counter not numeric");
  if (!bytes_read) return at(found, "-c byte counter not numeric");
  line_.rule.counters = {packets_read->value, bytes_read->value};
  line_.has_counters = true;
  line_.counters_column = found.column;
  return {};
}

Failure Parser::take_table(const Found& found) {
  if (in_block_)
    return at(found.column, "The -t option cannot be used in a block: *TABLE began it");
  const auto table = table_named(found.value);
  if (!table)
    return at(found, fmt::format("can't initialize table `{}': Table does not exist; there are "
                                 "raw mangle nat filter security",
                                 found.value));
  line_.table = *table;
  return {};
}

Failure Parser::take_jump(const Found& found) {
  if (!line_.jump.text.empty()) return at(found.column, "multiple -j flags not allowed");
  if (found.value.empty()) return at(found, "Invalid target name (too short)");
  if (found.value.size() >= kNameRoom)
    return at(found,
              fmt::format("Invalid target name `{}' ({} chars max)", found.value, kNameRoom - 1));
  if (found.value.find_first_of(" \t\n\v\f\r") != found.value.npos)
    return at(found, fmt::format("Invalid target name `{}'", found.value));
  line_.jump = {std::string(found.value), found.value_column};
  line_.go_to = found.row->id == 'g';
  using Verdict = VerdictTarget::Kind;
  if (!line_.go_to) {
    if (found.value == "ACCEPT" || found.value == "DROP" || found.value == "RETURN") {
      line_.rule.target = VerdictTarget{found.value == "ACCEPT" ? Verdict::kAccept
                                        : found.value == "DROP" ? Verdict::kDrop
                                                                : Verdict::kReturn};
      return {};
    }
    if (const TargetKind* kind = target_named(found.value, so_far_.family)) {
      target_.kind = kind;
      target_.value = kind->make(so_far_.family);
      target_.column = found.value_column;
      scanner_.add(kind, kind->options);
      return {};
    }
    if (std::string why = why_no_target(found.value, so_far_.family); !why.empty())
      return at(found, std::move(why));
  }
  line_.jump_is_chain = true;
  return {};
}

Failure Parser::take_wait(const Found& found) {
  if (in_block_)
    return at(found.column, fmt::format("You cannot use {} in a block", found.written));
  std::string_view seconds = found.value;
  if (!found.has_value) {
    const Word* const word = scanner_.take_word();
    if (!word) return {};
    seconds = word->text;
  }
  if (!leading_number(seconds)) return at(found, "wait seconds not numeric");
  return {};
}

Failure Parser::add_match(const MatchKind* kind, uint32_t column) {
  bool loaded = false;
  for (MatchInstance& match : matches_) {
    if (match.kind != kind) continue;
    match.completed = true;
    loaded = true;
  }
  MatchInstance& match = matches_.emplace_back();
  match.kind = kind;
  match.value = kind->make(so_far_.family);
  match.column = column;
  if (!loaded) scanner_.add(kind, kind->options);
  return {};
}

Failure Parser::take_extension_option(const Found& found) {
  if (found.row->unsupported)
    return at(found.column,
              fmt::format("{}: {} is not supported", found.owner->name, found.written));
  if (found.owner == target_.kind) return feed(target_, found);
  for (MatchInstance& match : matches_)
    if (!match.completed && found.owner == match.kind) return feed(match, found);
  return at(found.column, fmt::format("unknown option \"{}\"", found.written));
}

template <typename Kind, typename Variant>
Failure Parser::feed(Instance<Kind, Variant>& instance, const Found& found) {
  const uint32_t bit = 1u << found.row->id;
  const std::string name(instance.kind->name);
  if (instance.seen & bit)
    return at(found.column,
              fmt::format("{}: option \"--{}\" can only be used once", name, found.row->name));
  if (invert_ && !found.row->inverts)
    return at(invert_column_,
              fmt::format("{}: option \"--{}\" cannot be inverted", name, found.row->name));
  const Given given{.extension = name.c_str(),
                    .row = *found.row,
                    .value = found.value,
                    .invert = invert_,
                    .rule = so_far_,
                    .scanner = scanner_};
  if (Complaint complaint = instance.kind->parse(given, instance.value))
    return at(found, std::move(*complaint));
  instance.seen |= bit;
  return {};
}

/// What can only be said when all of its options are known.
template <typename Kind, typename Variant>
Failure Parser::finish(Instance<Kind, Variant>& instance) {
  const Kind& kind = *instance.kind;
  if (kind.finish)
    if (Complaint complaint = kind.finish(instance.seen, instance.value))
      return at(instance.column, std::move(*complaint));
  const auto name_of_bit = [&](uint32_t bits) {
    for (const OptionRow& row : kind.options)
      if (bits >> row.id & 1) return row.name;
    return "";
  };
  for (const OptionRow& row : kind.options) {
    const uint32_t bit = 1u << row.id;
    if (row.mandatory && !(instance.seen & bit))
      return at(instance.column,
                fmt::format("{}: option \"--{}\" must be specified", kind.name, row.name));
    if (!(instance.seen & bit)) continue;
    if (const uint32_t missing = row.needs & ~instance.seen)
      return at(instance.column, fmt::format("{}: option \"--{}\" also requires \"--{}\"",
                                             kind.name, row.name, name_of_bit(missing)));
    if (const uint32_t other = row.excludes & instance.seen & ~bit)
      return at(instance.column,
                fmt::format("{}: option \"--{}\" cannot be used together with \"--{}\"", kind.name,
                            row.name, name_of_bit(other)));
  }
  return {};
}

Failure Parser::take_addresses(const Found& found, std::string_view text,
                               std::vector<AddressMatch>& out) {
  if (Complaint complaint = parse_networks(text, so_far_.family, out))
    return at(found, std::move(*complaint));
  return {};
}

Failure Parser::check_line() {
  const uint32_t end = scanner_.end_column();
  if (line_.command == 0) return at(end, "no command specified: -A -I -D -R -C -P -N -X -E -F -Z");
  if (invert_) return at(invert_column_, "nothing appropriate following !");
  const bool nat_drop = line_.argument.text == "DROP" || line_.jump.text == "DROP";
  if (line_.table == TableId::kNat && nat_drop)
    return at(line_.jump.text.empty() ? line_.argument.column : line_.jump.column,
              "The \"nat\" table is not intended for filtering, the use of DROP is therefore "
              "inhibited.");
  for (MatchInstance& match : matches_)
    if (Failure failure = finish(match)) return failure;
  if (target_.kind)
    if (Failure failure = finish(target_)) return failure;
  // Which options a command takes.
  const bool rule = takes_rule() && !(line_.command == 'D' && line_.number != 0);
  for (const char letter : std::string_view("nsdpjgxiocf0")) {
    if (!seen_[static_cast<uint8_t>(letter)]) continue;
    const bool fits = letter == 'c'
                          ? std::string_view("AIRP").find(line_.command) != std::string_view::npos
                          : rule && std::string_view("nx0").find(letter) == std::string_view::npos;
    if (!fits)
      return at(columns_[static_cast<uint8_t>(letter)],
                fmt::format("Illegal option `-{}' with this command", letter));
  }
  if (line_.chain.text.size() >= kNameRoom)
    return at(line_.chain.column, fmt::format("chain name `{}' too long (must be under {} chars)",
                                              line_.chain.text, kNameRoom));
  return takes_rule() ? check_rule_line() : Failure{};
}

Failure Parser::check_rule_line() {
  const std::string_view chain = line_.chain.text;
  if (line_.rule.header.out.set && (chain == "PREROUTING" || chain == "INPUT"))
    return at(columns_[size_t{'o'}], fmt::format("Can't use -o with {}", chain));
  if (line_.rule.header.in.set && (chain == "POSTROUTING" || chain == "OUTPUT"))
    return at(columns_[size_t{'i'}], fmt::format("Can't use -i with {}", chain));
  const Word everything{so_far_.family == AF_INET ? "0.0.0.0/0" : "::/0", 1};
  if (Failure failure = take_addresses(
          sources_, seen_[size_t{'s'}] ? sources_.value : everything.text, line_.sources))
    return failure;
  if (Failure failure =
          take_addresses(destinations_, seen_[size_t{'d'}] ? destinations_.value : everything.text,
                         line_.destinations))
    return failure;
  const HeaderMatch& header = line_.rule.header;
  if ((line_.sources.size() > 1 || line_.destinations.size() > 1) &&
      (header.source.invert || header.destination.invert))
    return at(header.source.invert ? sources_ : destinations_,
              "! not allowed with multiple source or destination IP addresses");
  if (line_.command == 'R' && (line_.sources.size() > 1 || line_.destinations.size() > 1))
    return at(line_.command_column, "Replacement rule does not specify a unique address");
  for (AddressMatch& match : line_.sources) match.invert = header.source.invert;
  for (AddressMatch& match : line_.destinations) match.invert = header.destination.invert;
  for (MatchInstance& match : matches_) {
    line_.rule.matches.push_back(std::move(match.value));
    line_.match_columns.push_back(match.column);
  }
  if (target_.kind) line_.rule.target = std::move(target_.value);
  return {};
}

}  // namespace

std::optional<Mistake> parse_command(std::span<const Word> words, uint8_t family,
                                     std::optional<TableId> table, CommandLine& line) {
  return Parser(words, family, table, line).parse();
}

std::optional<Mistake> check_chain_name(const Word& name) {
  const std::string& text = name.text;
  if (text.empty()) return Mistake{name.column, "a chain's name is empty"};
  if (text.size() >= kNameRoom)
    return Mistake{name.column, fmt::format("chain name `{}' too long (must be under {} chars)",
                                            text, kNameRoom)};
  if (text[0] == '-' || text[0] == '!')
    return Mistake{name.column, fmt::format("chain name not allowed to start with `{}'", text[0])};
  if (text == "ACCEPT" || text == "DROP" || text == "RETURN" || target_named(text, AF_INET) ||
      target_named(text, AF_INET6) || !why_no_target(text, AF_INET).empty())
    return Mistake{name.column,
                   fmt::format("chain name may not clash with target name: \"{}\"", text)};
  if (text.find_first_of(" \t\n\v\f\r") != text.npos)
    return Mistake{name.column, fmt::format("Invalid chain name `{}'", text)};
  return {};
}

}  // namespace ctwin::rules
