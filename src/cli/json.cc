#include "cli/json.h"

#include <chrono>

namespace ctwin::cli {

void write_json_string(std::string_view text, Writer& out) {
  const auto escape = [&](char byte) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(byte);
    out.put("\\u00");
    out.character(kHex[value >> 4]);
    out.character(kHex[value & 15]);
  };
  out.character('"');
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const char first = text.front();
    if (length == 0 || static_cast<unsigned char>(first) < 0x20) {
      escape(first);
    } else {
      if (first == '"' || first == '\\') out.character('\\');
      out.text(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out.character('"');
}

void write_time(uint64_t nanoseconds, unsigned digits, Writer& out) {
  using namespace std::chrono;
  const uint64_t whole = nanoseconds / kNanosecondsPerSecond;
  const uint64_t fraction = nanoseconds % kNanosecondsPerSecond;
  const uint64_t second = whole % 86400;
  const year_month_day date(sys_days(days(static_cast<int>(whole / 86400))));
  out.padded(static_cast<uint64_t>(static_cast<int>(date.year())), 4);
  out.character('-');
  out.padded(static_cast<unsigned>(date.month()), 2);
  out.character('-');
  out.padded(static_cast<unsigned>(date.day()), 2);
  out.character('T');
  out.padded(second / 3600, 2);
  out.character(':');
  out.padded(second / 60 % 60, 2);
  out.character(':');
  out.padded(second % 60, 2);
  out.character('.');
  out.padded(digits == 9 ? fraction : fraction / 1000, digits);
  out.character('Z');
}

void write_json_time(uint64_t nanoseconds, unsigned digits, Writer& out) {
  out.character('"');
  write_time(nanoseconds, digits, out);
  out.character('"');
}

}  // namespace ctwin::cli
