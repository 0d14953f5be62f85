// Reading and writing addresses as text.
#pragma once

#include <string_view>

#include "ctwin/address.h"

namespace ctwin {

/// Reads an address as conntrack does: IPv4 by inet_aton (so 1.1 and 0x01010101 are addresses),
/// else IPv6 by inet_pton. AF_UNSPEC when it is neither.
Address parse_address(std::string_view text);

/// Longest text of an address, and room for a NUL.
constexpr size_t kAddressText = 46;

/// Writes `address` at `out`, which has room for kAddressText, and returns the end of the text;
/// no NUL is written. IPv6 is compressed as inet_ntop does.
char* format_address(const Address& address, char* out);

/// The mask of the first `bits` bits of an address of `family`.
Address prefix_mask(uint8_t family, unsigned bits);

}  // namespace ctwin
