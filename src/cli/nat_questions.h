// What is asked of translations: --nat-usage, and --who-had of a log. --who-had of the table is a
// listing, see Selection.
#pragma once

#include "cli/session.h"

namespace ctwin::cli {

int show_nat_usage(Session& session, const Arguments& arguments);

/// --event-log: finding nobody is exit code 1.
int search_event_log(Session& session, const Arguments& arguments);

}  // namespace ctwin::cli
