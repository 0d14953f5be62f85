#include "cli/values.h"

#include <netdb.h>
#include <strings.h>

#include <array>
#include <cctype>
#include <charconv>
#include <functional>
#include <span>

#include "base/address.h"
#include "cli/names.h"
#include "cli/option_table.h"

namespace ctwin::cli {

namespace {

bool is_digits(std::string_view text) {
  for (const char c : text)
    if (!std::isdigit(static_cast<unsigned char>(c))) return false;
  return !text.empty();
}

Problem bad_parameter(std::string_view rest) {
  return {kUsageProblem, std::string("Bad parameter `").append(rest).append("'")};
}

/// `word` is the beginning of `name`, whatever the case. The empty word begins everything.
bool begins(std::string_view word, std::string_view name) {
  return word.size() <= name.size() && strncasecmp(word.data(), name.data(), word.size()) == 0;
}

void ignore_nat_word(std::string_view name, std::string_view option, std::string& ignored) {
  ignored.append("WARNING: ignoring ").append(name).append(", use ").append(option);
  ignored.append(" instead\n");
}

/// SRC_NAT and DST_NAT were status words once.
bool is_old_nat_word(std::string_view word, std::string& ignored) {
  if (begins(word, "SRC_NAT"))
    ignore_nat_word("SRC_NAT", "--src-nat", ignored);
  else if (begins(word, "DST_NAT"))
    ignore_nat_word("DST_NAT", "--dst-nat", ignored);
  else
    return false;
  return true;
}

/// Hands the words between commas to `read`, which says whether it knows them. A complaint names
/// the rest of the list from the bad word on, without the mark of its negation.
std::optional<Problem> parse_list(std::string_view text,
                                  const std::function<bool(std::string_view)>& read,
                                  bool may_negate = false) {
  for (;;) {
    const size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    const bool negated = may_negate && word.starts_with('!');
    if (word.empty() || !read(word)) return bad_parameter(text.substr(negated ? 1 : 0));
    if (comma == std::string_view::npos) return {};
    text.remove_prefix(comma + 1);
  }
}

struct StatusWord {
  std::string_view name;
  uint32_t bit;
};
constexpr std::array<StatusWord, 7> kStatusWords{{{"ASSURED", kAssured},
                                                  {"SEEN_REPLY", kSeenReply},
                                                  {"UNSET", 0},
                                                  {"FIXED_TIMEOUT", kFixedTimeout},
                                                  {"EXPECTED", kExpected},
                                                  {"OFFLOAD", kOffload},
                                                  {"HW_OFFLOAD", kHwOffload}}};

bool read_status_word(std::string_view word, StatusList& list, std::string& ignored) {
  const bool negated = word.starts_with('!');
  if (negated) word.remove_prefix(1);
  if (word.empty()) return false;
  if (!negated && word.starts_with("UNREPLIED")) {
    list.clear |= kSeenReply;
    return true;
  }
  if (is_old_nat_word(word, ignored)) return true;
  for (const StatusWord& known : kStatusWords) {
    if (!begins(word, known.name)) continue;
    (negated ? list.clear : list.set) |= known.bit;
    list.unset |= known.bit == 0;
    return true;
  }
  return false;
}

}  // namespace

std::optional<uint64_t> parse_number(std::string_view text, int base, uint64_t max) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  if (base == 0) {
    base = 10;
    if (text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
      base = 16;
      text.remove_prefix(2);
    } else if (text.size() > 1 && text[0] == '0') {
      base = 8;
    }
  }
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc{} || stop != end || value > max) return {};
  return value;
}

std::optional<MarkFilter> parse_mark(std::string_view text) {
  const size_t slash = text.find('/');
  const auto value = parse_number(text.substr(0, slash), 0, UINT32_MAX);
  if (!value) return {};
  MarkFilter mark{static_cast<uint32_t>(*value)};
  if (slash != std::string_view::npos) {
    const auto mask = parse_number(text.substr(slash + 1), 0, UINT32_MAX);
    if (!mask) return {};
    mark.mask = static_cast<uint32_t>(*mask);
  }
  return mark;
}

AddressArgument parse_address_argument(std::string_view text) {
  AddressArgument argument;
  const size_t slash = text.find('/');
  argument.address = parse_address(text.substr(0, slash));
  if (slash == std::string_view::npos) return argument;
  argument.has_prefix = true;
  if (const auto bits = parse_number(text.substr(slash + 1), 10, argument.address.size() * 8))
    argument.prefix = static_cast<unsigned>(*bits);
  return argument;
}

std::variant<NatArgument, Problem> parse_nat_argument(std::string_view text) {
  std::string_view address = text;
  size_t colon = text.find(':');
  if (const size_t open = text.find('['); open != std::string_view::npos) {
    const size_t close = text.find(']', open);
    if (close == open + 1) return Problem{kUsageProblem, "No IPv6 address specified"};
    if (close == std::string_view::npos)
      return Problem{kUsageProblem, "No closing ']' around IPv6 address"};
    colon = text.find(':', close);
    if (colon != std::string_view::npos) address = text.substr(open + 1, close - open - 1);
  } else if (colon != std::string_view::npos && text.find(':', colon + 1) == text.npos) {
    address = text.substr(0, colon);
  } else {
    colon = std::string_view::npos;  // none, or the colons of a bare IPv6 address
  }
  if (colon == std::string_view::npos) return NatArgument{address, {}};
  const std::string_view port = text.substr(colon + 1);
  if (port.empty()) return Problem{kUsageProblem, "No port specified after `:'"};
  const auto number = is_digits(port) ? parse_number(port, 10, UINT16_MAX) : std::nullopt;
  if (!number) return Problem{kUsageProblem, std::string("Invalid port `").append(port) + "'"};
  return NatArgument{address, static_cast<uint16_t>(*number)};
}

std::optional<Problem> parse_status(std::string_view text, StatusList& list, std::string& ignored) {
  return parse_list(
      text, [&](std::string_view word) { return read_status_word(word, list, ignored); }, true);
}

std::optional<Problem> parse_events(std::string_view text, EventList& list, std::string& ignored) {
  return parse_list(text, [&](std::string_view word) {
    // Events come first: D is DESTROY, not the DST_NAT of old.
    if (begins(word, "ALL"))
      list = {true, true, true};
    else if (begins(word, "NEW"))
      list.created = true;
    else if (begins(word, "UPDATES"))
      list.updated = true;
    else if (begins(word, "DESTROY"))
      list.destroyed = true;
    else
      return is_old_nat_word(word, ignored);
    return true;
  });
}

std::optional<Problem> parse_output(std::string_view text, OutputList& list, std::string& ignored) {
  struct OutputWord {
    std::string_view name;
    bool* flag;
  };
  bool userspace = false;  // accepted, and without effect
  const OutputWord words[] = {{"xml", &list.xml},
                              {"extended", &list.extended},
                              {"timestamp", &list.timestamp},
                              {"id", &list.id},
                              {"ktimestamp", &list.ktimestamp},
                              {"labels", &list.labels},
                              {"userspace", &userspace},
                              {"save", &list.save},
                              {"json", &list.json}};
  const auto problem = parse_list(text, [&](std::string_view word) {
    if (is_old_nat_word(word, ignored)) return true;
    for (const OutputWord& known : words) {
      if (!begins(word, known.name)) continue;
      *known.flag = true;
      return true;
    }
    return false;
  });
  if (problem) return problem;
  const bool others = list.extended || list.timestamp || list.id || list.ktimestamp || list.labels;
  if (list.save && (others || list.xml || list.json))
    return Problem{kOtherProblem,
                   "cannot combine save output with any other output type, use -o save only"};
  if (list.xml && list.json) return Problem{kUsageProblem, "cannot combine xml with json output"};
  return {};
}

std::optional<ProtocolArgument> parse_protocol(std::string_view text) {
  if (const auto known = named_protocol(text)) return ProtocolArgument{*known, true};
  const bool number_like = !text.empty() && std::isdigit(static_cast<unsigned char>(text[0]));
  if (!number_like)
    if (const protoent* entry = getprotobyname(std::string(text).c_str()))
      return ProtocolArgument{static_cast<uint8_t>(entry->p_proto), false};
  const auto number = parse_number(text, 0, UINT8_MAX);
  if (!number) return {};
  const uint8_t proto = static_cast<uint8_t>(*number);
  return ProtocolArgument{proto, protocol_bit(proto) != 0};
}

std::string system_protocol_name(uint8_t proto) {
  const protoent* entry = getprotobynumber(proto);
  return entry ? entry->p_name : "unknown";
}

}  // namespace ctwin::cli
