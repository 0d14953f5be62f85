#include "base/address.h"

#include <arpa/inet.h>

namespace ctwin {

Address parse_address(const std::string& text) {
  Address address;
  in_addr v4;
  if (inet_aton(text.c_str(), &v4) != 0) {
    address.family = AF_INET;
    std::memcpy(address.bytes.data(), &v4, sizeof v4);
  } else if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) {
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
