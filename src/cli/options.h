// The command line of the process. CLI11 holds the grammar, declared from the option table: it
// takes the words that the scanner has put into their canonical form, hands each to its effect in
// the order of appearance, and writes --help.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/arguments.h"

namespace ctwin::cli {

/// What the process is asked to do.
struct CommandLine {
  Arguments arguments;
  std::optional<std::string_view> load_file;  ///< -R
  std::string warnings;
  std::optional<Problem> problem;  ///< why it cannot be done
};

/// Reads the words of the process, its name first; the views in the answer point into them.
/// Labels are not resolved and the command is not checked as a whole yet (arguments.h).
CommandLine parse_command_line(std::span<const std::string_view> words);

/// The text of -h: every option in its group, and those of a protocol when -p names one.
std::string help_text(std::string_view program, const Arguments& arguments);

}  // namespace ctwin::cli
