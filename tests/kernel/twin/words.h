// The words of a row: KEY, KEY=VALUE or KEY(VALUE), where a value in parentheses may hold spaces.
//
// Reading a word takes it; what nobody took in the end is a mistake in the row.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire.h"

namespace ctwin::test {

struct Word {
  std::string_view key;
  std::string_view value;
  bool taken = false;
};

class Words {
 public:
  explicit Words(std::string_view text);

  /// The next word that nobody took, or null; it is not taken by that.
  Word* next();
  bool take_flag(std::string_view key);
  std::optional<std::string_view> take_text(std::string_view key);
  uint32_t take_number(std::string_view key, uint32_t otherwise);
  bool has(std::string_view key) const;

  std::vector<Word>& all() { return words_; }

  uint32_t number(std::string_view text);
  std::vector<uint32_t> numbers(std::string_view text, char separator = ',');
  Packet hex(std::string_view text);

  void fail(std::string_view what, std::string_view where);
  const std::string& mistake() const { return mistake_; }

 private:
  Word* find(std::string_view key);

  std::vector<Word> words_;
  std::string mistake_;  ///< the first one
};

/// Splits at every `separator`.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace ctwin::test
