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

char* format_address(const Address& address, char* out) {
  if (address.family == AF_INET) {
    for (int i = 0; i < 4; ++i) {
      const unsigned byte = address.bytes[i];
      if (byte >= 100) *out++ = static_cast<char>('0' + byte / 100);
      if (byte >= 10) *out++ = static_cast<char>('0' + byte / 10 % 10);
      *out++ = static_cast<char>('0' + byte % 10);
      if (i < 3) *out++ = '.';
    }
    return out;
  }
  if (address.family == AF_INET6 &&
      inet_ntop(AF_INET6, address.bytes.data(), out, kAddressText) != nullptr)
    return out + std::strlen(out);
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
