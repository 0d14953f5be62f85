// iptables and ip6tables as text: their commands, and the blocks that iptables-save writes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rules/rule.h"

namespace ctwin::rules {

/// A word of a line, unquoted. The column counts from 1.
struct Word {
  std::string text;
  uint32_t column = 1;
};

/// What was wrong with a line, and where in it.
struct Mistake {
  uint32_t column = 1;
  std::string text;  ///< names the word, says what is supported or the kernel's reason
};

/// Runs one iptables command: `words` are those behind the program's name (-t -A -I -D -R -P -N -X
/// -E -F -Z, -w). All or nothing.
std::optional<Mistake> run_command(Ruleset& rules, std::span<const Word> words, Origin origin);

/// Reads the lines of an iptables-save block (*table … COMMIT), one at a time, counters included.
/// As iptables-restore does, a block replaces what its table held.
class SaveBlock {
 public:
  explicit SaveBlock(Ruleset& rules) : rules_(rules) {}

  /// Does the line begin a block?
  static bool begins(std::span<const Word> words);
  /// Takes a line, the first one included. After COMMIT `is_open` is false.
  std::optional<Mistake> line(std::span<const Word> words, Origin origin);
  bool is_open() const { return table_.has_value(); }

 private:
  Ruleset& rules_;
  std::optional<TableId> table_;
};

/// What the kernel checks when a table is loaded: targets and matches where they may not be, loops
/// of chains. The mistake's place is the rule's origin.
struct RuleMistake {
  Origin origin;
  std::string text;
};
std::optional<RuleMistake> check_ruleset(const Ruleset& rules);

/// The text of all tables as `iptables-legacy-save -c` prints it, without its comment lines.
std::string save(const Ruleset& rules);

}  // namespace ctwin::rules
