#include "cli/filter_values.h"

#include <netdb.h>

#include <algorithm>
#include <charconv>

#include "base/address.h"
#include "cli/names.h"
#include "cli/values.h"

namespace ctwin::cli {

namespace {

using MaybeText = std::optional<std::string>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string upper(std::string_view text) {
  std::string copy(text);
  for (char& c : copy)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  return copy;
}

std::string not_taken(std::string_view text, const SubjectWord& subject) {
  return in_quotes("", text, " is not what ") +
         in_quotes("", subject.name, " takes: ").append(subject.wants);
}

/// Digits, or 0x and hexadecimal ones, at the beginning of `text`, which loses them.
std::optional<uint64_t> take_digits(std::string_view& text) {
  const bool hex = text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x';
  const char* begin = text.data() + (hex ? 2 : 0);
  uint64_t value = 0;
  const auto [stop, error] =
      std::from_chars(begin, text.data() + text.size(), value, hex ? 16 : 10);
  if (error != std::errc{}) return {};
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  return value;
}

std::optional<uint64_t> times(uint64_t value, uint64_t unit) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(value, unit, &product)) return {};
  return product;
}

/// Numbers with the units of time behind them, one after the other: 1h30m. Without a unit, seconds.
std::optional<uint64_t> read_seconds(std::string_view text) {
  uint64_t total = 0;
  for (bool first = true; first || !text.empty(); first = false) {
    const auto value = take_digits(text);
    if (!value) return {};
    uint64_t unit = 1;
    if (!text.empty()) {
      switch (text.front() | 0x20) {
        case 's': unit = 1; break;
        case 'm': unit = 60; break;
        case 'h': unit = 3600; break;
        case 'd': unit = 86400; break;
        case 'w': unit = 604800; break;
        default: return {};
      }
      text.remove_prefix(1);
    } else if (!first) {
      return {};
    }
    const auto part = times(*value, unit);
    if (!part || __builtin_add_overflow(total, *part, &total)) return {};
  }
  return total;
}

std::optional<uint64_t> read_amount(std::string_view text) {
  const auto value = take_digits(text);
  if (!value || text.empty()) return value;
  const size_t power = std::string_view("kmgt").find(static_cast<char>(text.front() | 0x20));
  if (power == std::string_view::npos) return {};
  text.remove_prefix(1);
  const bool binary = text == "i";
  if (!binary && !text.empty()) return {};
  uint64_t unit = 1;
  for (size_t i = 0; i <= power; ++i) unit *= binary ? 1024 : 1000;
  return times(*value, unit);
}

std::optional<uint64_t> read_service(std::string_view name) {
  if (name.empty() || is_digit(name.front())) return {};
  const servent* found = getservbyname(std::string(name).c_str(), nullptr);
  if (!found) return {};
  return ntohs(static_cast<uint16_t>(found->s_port));
}

/// A number, or two of them with a dash between.
MaybeText read_numbers(std::string_view text, const SubjectWord& subject,
                       FilterCondition& condition) {
  if (const auto one = read_filter_number(text, subject)) {
    condition.ranges.push_back({*one, *one});
    return {};
  }
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return not_taken(text, subject);
  const auto low = read_filter_number(text.substr(0, dash), subject);
  const auto high = read_filter_number(text.substr(dash + 1), subject);
  if (!low || !high) return not_taken(text, subject);
  if (*low > *high) return in_quotes("the range ", text, " ends before it begins");
  condition.ranges.push_back({*low, *high});
  return {};
}

MaybeText read_network(std::string_view text, const SubjectWord& subject,
                       FilterCondition& condition) {
  const bool single = subject.values == FilterValues::kAddress;
  if (!looks_like_address(text)) return not_taken(text, subject);
  const AddressArgument parsed = parse_address_argument(text);
  if (!parsed.address.is_set()) return not_taken(text, subject);
  if (parsed.has_prefix && single)
    return in_quotes("", text, " is a network: write net in place of host");
  const unsigned bits = static_cast<unsigned>(parsed.address.size()) * 8;
  if (parsed.has_prefix && !parsed.prefix)
    return in_quotes("", text, ": the length of its prefix is from 0 to ")
        .append(std::to_string(bits));
  condition.networks.push_back(
      {parsed.address, prefix_mask(parsed.address.family, parsed.prefix.value_or(bits))});
  return {};
}

MaybeText read_protocol(std::string_view text, const SubjectWord& subject,
                        FilterCondition& condition) {
  const auto parsed = parse_protocol(same_word(text, "icmp6") ? "icmpv6" : text);
  if (!parsed) return not_taken(text, subject);
  condition.ranges.push_back({parsed->number, parsed->number});
  return {};
}

MaybeText read_family(std::string_view text, const SubjectWord& subject,
                      FilterCondition& condition) {
  FilterNode node;
  if (!read_protocol_word(text, node) || node.condition.subject != FilterSubject::kFamily)
    return not_taken(text, subject);
  condition.ranges.push_back(node.condition.ranges.front());
  return {};
}

/// A name that several protocols have means the states of all of them.
MaybeText read_state(std::string_view text, const FilterValueContext& context,
                     FilterCondition& condition) {
  const std::string name = upper(text);
  const auto add = [&](uint8_t proto, size_t index, std::optional<uint8_t> state) {
    if (!state || (context.protocol != 0 && context.protocol != proto)) return false;
    condition.states[index] |= static_cast<uint16_t>(1 << *state);
    return true;
  };
  bool any = add(IPPROTO_TCP, 0, tcp_state(name));
  any |= add(IPPROTO_SCTP, 1, sctp_state(name));
  any |= add(IPPROTO_DCCP, 2, dccp_state(name));
  if (any) return {};
  if (context.protocol == 0) return not_taken(text, context.subject);
  return in_quotes(std::string(protocol_name(context.protocol)) + " has no state ", text, "");
}

MaybeText read_status(std::string_view text, const SubjectWord& subject, FilterNode& node) {
  if (read_plain_word(text, node) && node.kind == FilterNode::Kind::kNot) return {};
  const std::string name = upper(text);
  for (unsigned bit = 0; bit < kStatusBits; ++bit) {
    if (name != status_name(bit)) continue;
    node.condition.mask = 1u << bit;
    return {};
  }
  return not_taken(text, subject);
}

MaybeText read_mark(std::string_view text, const SubjectWord& subject, FilterCondition& condition) {
  const size_t slash = text.find('/');
  condition.mask = UINT32_MAX;
  if (slash == std::string_view::npos) return read_numbers(text, subject, condition);
  const auto value = read_filter_number(text.substr(0, slash), subject);
  const auto mask = read_filter_number(text.substr(slash + 1), subject);
  if (!value || !mask) return not_taken(text, subject);
  if ((*value & ~*mask) != 0)
    return in_quotes("no mark is ", text, ": the value has bits that its mask leaves out");
  condition.mask = static_cast<uint32_t>(*mask);
  condition.ranges.push_back({*value, *value});
  return {};
}

MaybeText read_label(std::string_view text, const FilterValueContext& context,
                     FilterCondition& condition) {
  std::optional<uint64_t> bit;
  if (context.labels) bit = context.labels->bit(text);
  if (!bit) {
    std::string_view rest = text;
    bit = take_digits(rest);
    if (!bit || !rest.empty()) return in_quotes("unknown label ", text, "");
  }
  if (*bit >= Labels::kBits)
    return in_quotes("label ", text, " is beyond bit 127, the last that is kept");
  condition.ranges.push_back({*bit, *bit});
  return {};
}

}  // namespace

std::optional<uint64_t> read_filter_number(std::string_view text, const SubjectWord& subject) {
  std::optional<uint64_t> value;
  std::string_view rest = text;
  switch (subject.values) {
    case FilterValues::kAmount: value = read_amount(text); break;
    case FilterValues::kSeconds: value = read_seconds(text); break;
    default:
      value = take_digits(rest);
      if (!rest.empty()) value.reset();
      if (!value && subject.values == FilterValues::kPort) value = read_service(text);
  }
  return value && *value <= subject.max ? value : std::nullopt;
}

std::optional<std::string> read_filter_value(std::string_view text,
                                             const FilterValueContext& context, FilterNode& node) {
  const SubjectWord& subject = context.subject;
  FilterCondition& condition = node.condition;
  switch (subject.values) {
    case FilterValues::kAddress:
    case FilterValues::kNetwork: return read_network(text, subject, condition);
    case FilterValues::kProtocol: return read_protocol(text, subject, condition);
    case FilterValues::kFamily: return read_family(text, subject, condition);
    case FilterValues::kState: return read_state(text, context, condition);
    case FilterValues::kStatus: return read_status(text, subject, node);
    case FilterValues::kMark: return read_mark(text, subject, condition);
    case FilterValues::kLabel: return read_label(text, context, condition);
    case FilterValues::kHelper: condition.helper = text; return {};
    default: return read_numbers(text, subject, condition);
  }
}

bool looks_like_address(std::string_view text) {
  const std::string_view address = text.substr(0, text.find('/'));
  return address.find(':') != std::string_view::npos ||
         std::count(address.begin(), address.end(), '.') == 3;
}

bool looks_like_value(std::string_view text) {
  return !text.empty() && (is_digit(text.front()) || looks_like_address(text));
}

bool has_states(uint8_t proto) {
  return proto == IPPROTO_TCP || proto == IPPROTO_SCTP || proto == IPPROTO_DCCP;
}

}  // namespace ctwin::cli
