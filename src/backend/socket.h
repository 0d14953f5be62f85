// An engine that runs elsewhere, served on a unix socket (ctwin --serve).
#pragma once

#include <memory>
#include <string>

#include "ctwin/backend.h"

namespace ctwin::backend {

/// Conversations with the engine that serves on `path`. The first one begins now, so that an error
/// says at once why there can be none.
Result<std::unique_ptr<BackendSource>> socket_source(const std::string& path);

}  // namespace ctwin::backend
