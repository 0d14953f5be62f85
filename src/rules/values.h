// Words of rules as values: numbers, ports, addresses, as libxtables reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctwin/address.h"
#include "rules/rule.h"

namespace ctwin::rules {

/// Why a word is refused; empty when it is not.
using Complaint = std::optional<std::string>;

/// A number at the head of `text` and how much of it that is. Base 0: 0x is hexadecimal, 0 octal.
struct LeadingNumber {
  uint64_t value = 0;
  size_t used = 0;
};
std::optional<LeadingNumber> leading_number(std::string_view text, int base = 0);

/// All of `text` is a number of [min, max].
std::optional<uint64_t> whole_number(std::string_view text, uint64_t min, uint64_t max,
                                     int base = 0);

/// A number, or a service of /etc/services. `protocol` null: of any.
std::optional<uint16_t> port_number(std::string_view text, const char* protocol, int base = 0);

/// An address in numbers. IPv4: 10.1 is the network 10.1.0.0. Unset when it is none.
Address numeric_address(std::string_view text, uint8_t family);
/// The same by the rules of inet_aton, by which 10.1 is the host 10.0.0.1.
Address host_address(std::string_view text, uint8_t family);

/// "24" or "255.255.255.0".
Address parse_mask(std::string_view text, uint8_t family);

/// -s and -d: ADDRESS[/MASK][,…], the bits outside of the mask cleared.
Complaint parse_networks(std::string_view text, uint8_t family, std::vector<AddressMatch>& out);

/// Its length when `mask` is ones before zeros, else -1.
int prefix_length(const Address& mask);

/// Without regard to case.
bool equal_ignoring_case(std::string_view a, std::string_view b);
/// Does `name` begin with `word`, which is not empty?
bool begins_ignoring_case(std::string_view name, std::string_view word);

/// "a,b,c" in its parts; an empty text is one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace ctwin::rules
