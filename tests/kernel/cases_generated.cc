// Rows from a seed.
#include "cases.h"

namespace ctwin::test {

std::vector<Invocation> generated_cases(uint64_t, unsigned) { return {}; }

}  // namespace ctwin::test
