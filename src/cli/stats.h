// -C and -S: numbers from ctnetlink, or from /proc where that is not permitted.
#pragma once

#include "cli/session.h"

namespace ctwin::cli {

int count_entries(Session& session, const Arguments& arguments);
int count_expectations(Session& session, const Arguments& arguments);
int show_stats(Session& session, const Arguments& arguments);

}  // namespace ctwin::cli
