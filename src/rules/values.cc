#include "rules/values.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include <charconv>

#include "base/address.h"

namespace ctwin::rules {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_hex_digit(char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f'); }

}  // namespace

std::optional<LeadingNumber> leading_number(std::string_view text, int base) {
  size_t at = text.find_first_not_of(" \t\n\v\f\r");
  if (at == text.npos) return {};
  if (text[at] == '+') ++at;
  if (base == 0) {
    base = 10;
    if (text.substr(at, 1) == "0") {
      base = 8;
      if (text.size() > at + 2 && lower(text[at + 1]) == 'x' && is_hex_digit(text[at + 2])) {
        base = 16;
        at += 2;
      }
    }
  }
  LeadingNumber number;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + at, end, number.value, base);
  if (error != std::errc()) return {};
  number.used = static_cast<size_t>(stop - text.data());
  return number;
}

std::optional<uint64_t> whole_number(std::string_view text, uint64_t min, uint64_t max, int base) {
  const auto number = leading_number(text, base);
  if (!number || number->used != text.size()) return {};
  if (number->value < min || number->value > max) return {};
  return number->value;
}

std::optional<uint16_t> port_number(std::string_view text, const char* protocol, int base) {
  if (const auto number = whole_number(text, 0, UINT16_MAX, base))
    return static_cast<uint16_t>(*number);
  const servent* service = getservbyname(std::string(text).c_str(), protocol);
  if (!service) return {};
  return ntohs(static_cast<uint16_t>(service->s_port));
}

namespace {

Address numeric_ipv4(std::string_view text, bool whole) {
  Address address;
  for (size_t i = 0; i < 4; ++i) {
    const size_t dot = i < 3 ? text.find('.') : text.npos;
    const auto byte = whole_number(text.substr(0, dot), 0, UINT8_MAX);
    if (!byte) return {};
    address.bytes[i] = static_cast<uint8_t>(*byte);
    if (dot == text.npos) {
      if (whole && i < 3) return {};
      break;
    }
    text.remove_prefix(dot + 1);
  }
  address.family = AF_INET;
  return address;
}

Address numeric_ipv6(std::string_view text) {
  Address address;
  if (inet_pton(AF_INET6, std::string(text).c_str(), address.bytes.data()) != 1) return {};
  address.family = AF_INET6;
  return address;
}

}  // namespace

Address numeric_address(std::string_view text, uint8_t family) {
  return family == AF_INET ? numeric_ipv4(text, false) : numeric_ipv6(text);
}

Address host_address(std::string_view text, uint8_t family) {
  const Address address = parse_address(text);
  return address.family == family ? address : Address{};
}

Address parse_mask(std::string_view text, uint8_t family) {
  const unsigned bits = family == AF_INET ? 32 : 128;
  if (family == AF_INET && text.find('.') != text.npos) return numeric_ipv4(text, true);
  if (const auto length = whole_number(text, 0, bits))
    return prefix_mask(family, static_cast<unsigned>(*length));
  return family == AF_INET ? Address{} : numeric_ipv6(text);
}

Complaint parse_networks(std::string_view text, uint8_t family, std::vector<AddressMatch>& out) {
  for (std::string_view word : split(text, ',')) {
    while (word.starts_with(' ')) word.remove_prefix(1);
    const size_t slash = word.find('/');
    AddressMatch& match = out.emplace_back();
    match.mask = slash == word.npos ? prefix_mask(family, family == AF_INET ? 32 : 128)
                                    : parse_mask(word.substr(slash + 1), family);
    if (!match.mask.is_set())
      return fmt::format("invalid mask `{}' specified", word.substr(slash + 1));
    match.address.family = family;
    // Nothing is left of an address under a mask of zeros, so any word will do for one.
    if (prefix_length(match.mask) == 0) continue;
    const std::string_view name = word.substr(0, slash);
    match.address = numeric_address(name, family);
    if (!match.address.is_set()) {
      const bool other = numeric_address(name, family == AF_INET ? AF_INET6 : AF_INET).is_set();
      return other
                 ? fmt::format("\"{}\" is no {} address", name, family == AF_INET ? "IPv4" : "IPv6")
                 : fmt::format(
                       "host/network `{}' not found: only addresses in numbers are "
                       "supported here",
                       name);
    }
    for (size_t i = 0; i < match.address.size(); ++i) match.address.bytes[i] &= match.mask.bytes[i];
  }
  return {};
}

int prefix_length(const Address& mask) {
  int length = 0;
  bool ended = false;
  for (size_t i = 0; i < mask.size(); ++i) {
    for (int bit = 7; bit >= 0; --bit) {
      const bool one = mask.bytes[i] >> bit & 1;
      if (one && ended) return -1;
      if (one) ++length;
      ended = !one;
    }
  }
  return length;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && (a.empty() || begins_ignoring_case(a, b));
}

bool begins_ignoring_case(std::string_view name, std::string_view word) {
  if (word.empty() || word.size() > name.size()) return false;
  for (size_t i = 0; i < word.size(); ++i)
    if (lower(word[i]) != lower(name[i])) return false;
  return true;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == text.npos) return parts;
    text.remove_prefix(at + 1);
  }
}

}  // namespace ctwin::rules
