// Times as text: what --at takes and what -o json writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ctwin::cli {

/// Nanoseconds since the epoch of a date and time of RFC 3339 (2026-11-21T10:00:00.5Z, or with an
/// offset as +01:00 behind it), or of seconds since the epoch with up to 9 decimals. Nothing for
/// every other text, and for times before 1970 or after 2500.
std::optional<uint64_t> parse_time(std::string_view text);

}  // namespace ctwin::cli
