// Packets on their way into the engine, and how far they are: on a terminal's stderr only.
#pragma once

#include "cli/session.h"

namespace ctwin::cli {

/// Lets the next packets pass; false when there are none left, or the program is to end.
bool step_feed(Session& session);

/// Lets all packets pass; if they have no end, until a signal comes.
void run_feed(Session& session);

/// What was wrong with the captures: said once, at the end. Answers with the exit code, 0 for
/// nothing.
int finish_feed(Session& session);

}  // namespace ctwin::cli
