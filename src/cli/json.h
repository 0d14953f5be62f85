// JSON as text: strings, times, and the commas of objects and arrays.
#pragma once

#include <cstdint>
#include <string_view>

#include "cli/print_formats.h"

namespace ctwin::cli {

/// `text` in quotes. Each byte that is not UTF-8 is written as \u00XX.
void write_json_string(std::string_view text, Writer& out);

/// A date and time of RFC 3339 in UTC, with `digits` (6 or 9) digits behind the second; as a string
/// of JSON, in quotes.
void write_time(uint64_t nanoseconds, unsigned digits, Writer& out);
void write_json_time(uint64_t nanoseconds, unsigned digits, Writer& out);

/// A list in the making: writes the commas between what is put into it.
class JsonList {
 public:
  JsonList(char open, Writer& out) : out_(out), close_(open == '{' ? '}' : ']') {
    out.character(open);
  }
  ~JsonList() { out_.character(close_); }
  JsonList(const JsonList&) = delete;
  JsonList& operator=(const JsonList&) = delete;

  /// Call before each element.
  Writer& next() {
    if (any_) out_.character(',');
    any_ = true;
    return out_;
  }

  /// Call before each member of an object; `key` needs no escaping.
  Writer& key(std::string_view key) {
    next().character('"');
    out_.text(key);
    out_.put("\":");
    return out_;
  }

  void number(std::string_view name, uint64_t value) { key(name).number(value); }
  void number_or_null(std::string_view name, bool known, uint64_t value) {
    known ? key(name).number(value) : key(name).put("null");
  }
  void string(std::string_view name, std::string_view value) {
    write_json_string(value, key(name));
  }
  void word_or_null(std::string_view name, std::string_view word) {
    word.empty() ? key(name).put("null") : string(name, word);
  }

 private:
  Writer& out_;
  char close_;
  bool any_ = false;
};

}  // namespace ctwin::cli
