// One row of the differential test: what is run, and on which tables.
//
//   row     := mark* word* [ "<<<" quoted ]
//   mark    := "@empty" | "@many" | "@packets"     tables other than the standard ones
//            | "@unprivileged"                     without any capability
//            | "@same"                             both programs in the same namespace, in turn,
//                                                  and nothing of the output may differ
//            | "@during(" action { ";" action } ")"  actions while the program runs (-E), which is
//                                                  then interrupted
//            | "@labels(" text ")"                 contents of the label file, "none" for no file
//   action  := "load" | "clear" | "packets" | "expect" | "mark:NAME=N" | "delete:NAME"
//   word    := shell word; '…' and "…" quote, \n in "…" is a new line
//
// In words {id:NAME} is the id of an entry, {dir} a folder that holds the test's files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctwin/result.h"

namespace ctwin::test {

enum class Contents { kStandard, kEmpty, kMany, kPackets };

struct Invocation {
  std::string group;
  std::vector<std::string> words;  ///< behind the program's name
  std::string input;
  Contents contents = Contents::kStandard;
  bool privileged = true;
  bool same_namespace = false;
  std::vector<std::string> actions;
  std::string labels;         ///< contents of the label file, if not the usual ones
  bool after_a_tick = false;  ///< timeouts must be below the second they were created with
  bool label_file = true;     ///< false: there is no label file

  bool is_event_case() const { return !actions.empty(); }
};

/// The number of entries that Contents::kMany stands for.
constexpr unsigned kManyEntries = 3000;

/// Reads a row; a row that cannot be read is an error of whoever wrote it.
Result<Invocation> parse_row(std::string_view row, std::string_view group);

/// The row again, from which parse_row makes the same invocation.
std::string row_text(const Invocation& invocation);

/// A word that a shell reads as `word`.
std::string shell_quoted(std::string_view word);

/// The lines of a text, without their ends; a last line without an end counts.
std::vector<std::string> split_lines(std::string_view text);

}  // namespace ctwin::test
