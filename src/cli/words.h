// Words into options, by the habits of getopt_long(3) that scripts rely on: options and stray words
// in any order, unique prefixes of long names, clusters of letters, --name=value, -nvalue, optional
// arguments as separate words, and -- as the end.
//
// ctwin's own options (is_own of their group) must be spelled out, so that they never make a prefix
// ambiguous that conntrack accepts. Options of a protocol are known only after `know`.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/option_table.h"

namespace ctwin::cli {

struct Word {
  const OptionRow* row = nullptr;
  std::optional<std::string_view> value;
};

class WordScanner {
 public:
  /// `words` begins with the program's name and outlives the scanner.
  explicit WordScanner(std::span<const std::string_view> words) : words_(words) {}

  /// Steps to the next option. False at the end, or at an error: then `error` is not empty.
  bool next(Word& word);

  /// Makes the options of these Protocols bits known from here on.
  void know(uint8_t protocols) { protocols_ |= protocols; }

  const std::string& error() const { return error_; }

 private:
  bool next_long(std::string_view name, Word& word);
  bool next_letter(Word& word);
  const OptionRow* find_long(std::string_view name) const;
  const OptionRow* find_letter(char letter) const;
  bool is_known(const OptionRow& row) const;
  std::optional<std::string_view> take_optional();
  bool take_argument(std::string_view attached, bool has_attached, Word& word);
  bool fail(std::string_view before, std::string_view word, std::string_view after);

  std::span<const std::string_view> words_;
  size_t next_ = 1;              ///< the word to look at next
  std::string_view current_;     ///< the word that is being read
  std::string_view cluster_;     ///< letters of it that are still to come
  std::string_view last_stray_;  ///< the last word that was no option
  bool any_stray_ = false;
  uint8_t protocols_ = 0;
  std::string error_;
};

}  // namespace ctwin::cli
