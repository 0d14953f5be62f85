// Protocols by name, as /etc/protocols has them; built in, so that a rule means the same
// everywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ctwin::rules {

/// "tcp" of 6; null where there is no name.
const char* protocol_name(uint16_t number);

/// By name ("tcp", "icmpv6", "all") or number. Case matters.
std::optional<uint16_t> protocol_number(std::string_view word);

}  // namespace ctwin::rules
