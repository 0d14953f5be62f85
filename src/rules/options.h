// The options of a command line, as getopt_long finds them: abbreviated, with = or the next word,
// short ones in a bunch; the tables grow while the line is read, with every -m and -j.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/command.h"

namespace ctwin::rules {

/// One option of iptables itself (`id` is its letter) or of an extension (`id` counts from 0).
struct OptionRow {
  const char* name;
  uint8_t id;
  enum class Takes : uint8_t { kNothing, kArgument, kMaybe } takes = Takes::kArgument;
  bool inverts = false;
  bool mandatory = false;
  uint32_t excludes = 0;  ///< 1 << id of those that it cannot stand with
  uint32_t needs = 0;     ///< 1 << id of those that it cannot stand without
  /// Known to iptables and not to us.
  bool unsupported = false;
};

/// Who brought an option; null for iptables itself.
struct Extension;

/// What comes next on the line.
struct Found {
  enum class Kind : uint8_t { kEnd, kOption, kWord, kMistake } kind = Kind::kEnd;
  const OptionRow* row = nullptr;
  const Extension* owner = nullptr;
  std::string_view written;  ///< "--dport", or the word itself
  std::string_view value;
  bool has_value = false;
  uint32_t column = 0;        ///< of the option
  uint32_t value_column = 0;  ///< of its argument, or of the option when it has none
  Mistake mistake;
  bool unknown = false;  ///< the mistake is an option that nobody knows, so far
};

class OptionScanner {
 public:
  OptionScanner(std::span<const Word> words, std::span<const OptionRow> own);

  /// From now on the options of `owner` are known, too; the youngest are looked at first.
  void add(const Extension* owner, std::span<const OptionRow> rows);

  Found next();
  /// Goes back to before what `next` found last.
  void again() { position_ = last_; }

  /// The next word, when there is one that is neither an option nor '!'.
  const Word* take_word();
  /// Where the line ends.
  uint32_t end_column() const;

 private:
  struct Group {
    const Extension* owner = nullptr;
    std::span<const OptionRow> rows;
  };
  struct Position {
    size_t word = 0;
    size_t letter = 0;  ///< within a bunch of short options; 0: at the start of the word
  };

  Found next_short(const Word& word);
  Found next_long(const Word& word);
  bool look_up(std::string_view name, Found& found) const;
  void take_argument(Found& found);

  std::span<const Word> words_;
  std::vector<Group> groups_;
  Position position_, last_;
};

}  // namespace ctwin::rules
