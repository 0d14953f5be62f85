// The words of the command line and of its output: protocols and their states.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ctwin::cli {

/// "tcp", "udp", …: the protocols that conntrack knows by name; empty for every other number.
std::string_view protocol_name(uint8_t proto);

/// The inverse, ignoring case.
std::optional<uint8_t> named_protocol(std::string_view name);

/// State names by the kernel's numbers; NONE for a number out of range.
std::string_view tcp_state_name(uint8_t state);
std::string_view sctp_state_name(uint8_t state);
std::string_view dccp_state_name(uint8_t state);

/// The inverse, exact; LISTEN is another name of SYN_SENT2.
std::optional<uint8_t> tcp_state(std::string_view name);
std::optional<uint8_t> sctp_state(std::string_view name);
std::optional<uint8_t> dccp_state(std::string_view name);

/// The name of a status bit by its number, as enum ip_conntrack_status of the kernel has it.
constexpr unsigned kStatusBits = 16;
std::string_view status_name(unsigned bit);

}  // namespace ctwin::cli
