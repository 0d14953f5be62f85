// What commands answer in place of printing or changing entries: --dry-run and --group-by.
#pragma once

#include "cli/commands.h"
#include "cli/group_by.h"

namespace ctwin::cli {

/// -D and -U with --dry-run: prints what they would delete or change, as it is now.
Outcome rehearse(Session& session, const Arguments& arguments);

/// -L with --group-by.
int list_groups(Session& session, const Arguments& arguments);

/// Prints the groups as --top and -o say, and how many there were; `what` has been counted.
void print_groups(Session& session, const Arguments& arguments, const Groups& groups,
                  std::string_view what);

}  // namespace ctwin::cli
