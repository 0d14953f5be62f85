// Text as a shell reads it, as far as a setup file goes: words, quotes, comments, continued lines
// and here-documents.
//
// What a shell would expand or take as more than a word – variables, globs, pipes, lists – is
// refused, so that the file means the same to sh and to the engine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/command.h"

namespace ctwin::setup {

using rules::Mistake;
using rules::Word;

/// The text of a file, line by line. Lines count from 1.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  /// The next line without its line feed; false at the end.
  bool next(std::string_view& line);
  uint32_t number() const { return number_; }

 private:
  std::string_view rest_;
  uint32_t number_ = 0;
};

/// <<WORD: the lines that follow, up to one that is WORD, are the command's input.
struct HereDocument {
  std::string end;
  bool quoted = false;  ///< <<'WORD': nothing in it is expanded
  bool strips_tabs = false;
};

/// One command. Columns of words count through its lines as if they were one; `place_of` tells
/// where that is.
struct Command {
  struct Place {
    uint32_t line = 0, column = 0;
  };

  std::vector<Word> words;
  std::optional<HereDocument> here;
  uint32_t line = 0;             ///< its first line
  std::vector<uint32_t> breaks;  ///< columns at which its further lines begin

  Place place_of(uint32_t column) const;
};

/// Splits `line`, and takes further ones from `lines` while they are continued by a backslash. A
/// blank line or a comment has no words.
std::optional<Mistake> split_command(std::string_view line, Lines& lines, Command& command);

/// The words of a line of iptables-save: separated by blanks, and what stands in double quotes is
/// one, with a backslash before what is meant literally.
std::optional<Mistake> split_saved(std::string_view line, std::vector<Word>& words);

}  // namespace ctwin::setup
