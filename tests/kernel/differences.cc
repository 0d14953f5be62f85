#include "differences.h"

namespace ctwin::test {

std::span<const Difference> listed_differences() { return {}; }
void find_differences(Plan&) {}
Observation Plan::expected(Runner&) const { return conntrack_.seen; }

}  // namespace ctwin::test
