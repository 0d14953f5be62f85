// The commands, one function each. They print what they find and say what they did; the number that
// comes back is the exit code.
#pragma once

#include <variant>

#include "base/posix.h"
#include "cli/session.h"

namespace ctwin::cli {

/// Runs any command but -E, -R, -V and -h. In a file of commands (-R) there are no summaries and
/// -D and -U may find nothing.
int run_command(Session& session, const Arguments& arguments);

/// The three of which -R runs many: their outcome without a summary.
struct Outcome {
  size_t count = 0;
  std::optional<Error> error;  ///< of the first element that failed
};
Outcome delete_entries(Session& session, const Arguments& arguments);
Outcome update_entries(Session& session, const Arguments& arguments);
Outcome flush_entries(Session& session, const Arguments& arguments);

/// -E: until a signal, or until nobody reads.
int watch_events(Session& session, const Arguments& arguments);

/// The commands for -R, opened and, where they can be read only once, read.
struct LoadInput {
  std::string name;
  UniqueFd fd;
};
/// Opens a file for -R, "-" being standard input; an exit code when that cannot be, which was said.
/// What writes into a pipe here may itself need the table: it is read before the table is opened.
std::variant<LoadInput, int> open_load_file(Session& session, std::string_view file);
/// -R: the commands of the file.
int load_file(Session& session, const LoadInput& input);

}  // namespace ctwin::cli
