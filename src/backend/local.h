// An engine in this process, as a table to talk to.
#pragma once

#include <memory>

#include "ctwin/backend.h"

namespace ctwin::engine {
class Responder;
}

namespace ctwin::backend {

/// Conversations with `responder`, which outlives the source and all that it opens. Nothing waits:
/// `receive` fails with EAGAIN when there is nothing to receive, and `fd` is -1. `received_at`
/// tells the engine's time.
std::unique_ptr<BackendSource> local_source(engine::Responder& responder);

}  // namespace ctwin::backend
