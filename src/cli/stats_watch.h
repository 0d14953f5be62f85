// -S --watch: what the counters have grown by, at regular times.
//
// On the kernel's table, or that of an engine elsewhere, the times are the wall's, until a signal
// comes or nobody reads any more. With captures they are the packets', until the last packet.
#pragma once

#include "cli/session.h"

namespace ctwin::cli {

int watch_stats(Session& session, const Arguments& arguments);

}  // namespace ctwin::cli
