// The table of an engine, to be filled and read by the differential test.
#pragma once

#include <functional>
#include <memory>

#include "backend/open.h"
#include "wire.h"

namespace ctwin::test {

/// Each conversation opens the table, and finishes it in the end.
using OpenTable = std::function<Result<std::unique_ptr<backend::Table>>()>;
WireSource engine_wires(OpenTable open);

}  // namespace ctwin::test
