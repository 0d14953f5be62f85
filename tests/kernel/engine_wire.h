// The table of an engine, to be filled and read by the differential test.
#pragma once

#include "backend/open.h"
#include "wire.h"

namespace ctwin::test {

/// Each conversation opens the table, and finishes it in the end.
WireSource engine_wires(const backend::TableOptions& options);

}  // namespace ctwin::test
