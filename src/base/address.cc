#include "base/address.h"

#include <arpa/inet.h>

#include <string>

namespace ctwin {

namespace {

/// Four decimal numbers, the form in which nearly every IPv4 address comes.
bool parse_dotted_quad(std::string_view text, uint8_t* bytes) {
  for (int i = 0; i < 4; ++i) {
    unsigned value = 0;
    size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits)
      value = value * 10 + static_cast<unsigned>(text[digits] - '0');
    const bool octal = digits > 1 && text[0] == '0';
    if (digits == 0 || digits > 3 || octal || value > 255) return false;
    bytes[i] = static_cast<uint8_t>(value);
    text.remove_prefix(digits);
    if (i == 3) return text.empty();
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
  }
  return false;
}

}  // namespace

Address parse_address(std::string_view text) {
  Address address;
  if (parse_dotted_quad(text, address.bytes.data())) {
    address.family = AF_INET;
    return address;
  }
  address.bytes = {};
  const std::string copy(text);
  in_addr v4;
  if (inet_aton(copy.c_str(), &v4) != 0) {
    address.family = AF_INET;
    std::memcpy(address.bytes.data(), &v4, sizeof v4);
  } else if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) {
    address.family = AF_INET6;
  }
  return address;
}

namespace {

char* format_byte(unsigned byte, char* out) {
  if (byte >= 100) *out++ = static_cast<char>('0' + byte / 100);
  if (byte >= 10) *out++ = static_cast<char>('0' + byte / 10 % 10);
  *out++ = static_cast<char>('0' + byte % 10);
  return out;
}

char* format_ipv4(const uint8_t* bytes, char* out) {
  for (int i = 0; i < 3; ++i) {
    out = format_byte(bytes[i], out);
    *out++ = '.';
  }
  return format_byte(bytes[3], out);
}

char* format_word(unsigned word, char* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  if (word >= 0x1000) *out++ = kHex[word >> 12];
  if (word >= 0x100) *out++ = kHex[word >> 8 & 15];
  if (word >= 0x10) *out++ = kHex[word >> 4 & 15];
  *out++ = kHex[word & 15];
  return out;
}

/// A run of words that are 0.
struct Run {
  int begin = 0;
  int length = 0;
};

/// The first of the longest runs of two or more words that are 0; empty where there is none.
Run longest_zeros(const unsigned (&words)[8]) {
  Run longest;
  for (int i = 0; i < 8; ++i) {
    if (words[i] != 0) continue;
    Run run{i, 1};
    while (i + 1 < 8 && words[i + 1] == 0) ++run.length, ++i;
    if (run.length >= 2 && run.length > longest.length) longest = run;
  }
  return longest;
}

char* format_ipv6(const uint8_t* bytes, char* out) {
  unsigned words[8];
  for (int i = 0; i < 8; ++i)
    words[i] = static_cast<unsigned>(bytes[2 * i]) << 8 | bytes[2 * i + 1];
  const Run zeros = longest_zeros(words);
  // ::1.2.3.4 and ::ffff:1.2.3.4 end as IPv4.
  const bool ends_as_ipv4 =
      zeros.begin == 0 && (zeros.length == 6 || (zeros.length == 5 && words[5] == 0xffff));
  const int end = ends_as_ipv4 ? 6 : 8;
  for (int i = 0; i < end; ++i) {
    if (zeros.length != 0 && i == zeros.begin) {
      *out++ = ':';
      i += zeros.length - 1;
      if (i == 7) *out++ = ':';
      continue;
    }
    if (i != 0) *out++ = ':';
    out = format_word(words[i], out);
  }
  if (!ends_as_ipv4) return out;
  *out++ = ':';
  return format_ipv4(bytes + 12, out);
}

}  // namespace

char* format_address(const Address& address, char* out) {
  if (address.family == AF_INET) return format_ipv4(address.bytes.data(), out);
  if (address.family == AF_INET6) return format_ipv6(address.bytes.data(), out);
  return out;
}

Address prefix_mask(uint8_t family, unsigned bits) {
  Address mask;
  mask.family = family;
  for (unsigned i = 0; i < mask.size(); ++i, bits -= bits < 8 ? bits : 8)
    mask.bytes[i] = bits >= 8 ? 0xff : static_cast<uint8_t>(0xff00 >> bits);
  return mask;
}

}  // namespace ctwin
