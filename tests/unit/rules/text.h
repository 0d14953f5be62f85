// Rules from text, for tests: a line is split at its blanks, double quotes hold words together.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "rules/command.h"

namespace ctwin::test {

inline std::vector<rules::Word> words_of(std::string_view line) {
  std::vector<rules::Word> words;
  bool quoted = false, inside = false;
  for (uint32_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (!quoted && c == ' ') {
      inside = false;
      continue;
    }
    if (!inside) words.push_back({"", i + 1});
    inside = true;
    if (c == '"')
      quoted = !quoted;
    else if (c == '\\' && i + 1 < line.size())
      words.back().text += line[++i];
    else
      words.back().text += c;
  }
  return words;
}

/// A box whose rules are typed.
struct Typist {
  rules::Ruleset rules;
  uint32_t line = 0;

  explicit Typist(uint8_t family = AF_INET) { rules.family = family; }

  /// "COLUMN: why", or nothing when it was done.
  std::string type(std::string_view text) {
    const auto mistake = rules::run_command(rules, words_of(text), {0, ++line, 1});
    return mistake ? std::to_string(mistake->column) + ": " + mistake->text : "";
  }
  void must(std::string_view text) {
    const std::string why = type(text);
    REQUIRE_MESSAGE(why.empty(), text, " -> ", why);
  }
  /// The rules of all tables, without chains, counters and *TABLE.
  std::string saved_rules() const {
    std::string out;
    const std::string all = rules::save(rules);
    for (size_t at = 0; at < all.size();) {
      const size_t end = all.find('\n', at);
      const std::string row = all.substr(at, end - at);
      if (row.starts_with('[')) out += row.substr(row.find(' ') + 1) + "\n";
      at = end + 1;
    }
    return out;
  }
};

/// Reads blocks as SaveBlock does; "LINE:COLUMN: why", or nothing.
inline std::string load(rules::Ruleset& rules, std::string_view text) {
  rules::SaveBlock block(rules);
  uint32_t number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::vector<rules::Word> words = words_of(text.substr(at, end - at));
    at = end + 1;
    ++number;
    if (const auto mistake = block.line(words, {0, number, 1}))
      return std::to_string(number) + ":" + std::to_string(mistake->column) + ": " + mistake->text;
  }
  return block.is_open() ? "no COMMIT" : "";
}

}  // namespace ctwin::test
