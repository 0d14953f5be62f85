// The commands, one function each. They print what they find and say what they did; the number that
// comes back is the exit code.
#pragma once

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

/// -R: the commands of `file`, "-" being standard input.
int load_file(Session& session, std::string_view file);

}  // namespace ctwin::cli
