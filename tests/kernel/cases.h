// The rows of the differential test.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "invocation.h"

namespace ctwin::test {

/// Rows by hand, one a line, under a name.
struct CaseGroup {
  const char* name;
  const char* rows;
};
std::span<const CaseGroup> reading_cases();
std::span<const CaseGroup> changing_cases();

/// All of them, read: every command, table, option, format and message.
Result<std::vector<Invocation>> picked_cases();

/// Made from a seed: commands x options x protocols x formats x good and bad values. The same seed
/// gives the same rows everywhere.
std::vector<Invocation> generated_cases(uint64_t seed, unsigned count);

}  // namespace ctwin::test
