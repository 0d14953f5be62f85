#include "cases.h"

namespace ctwin::test {

Result<std::vector<Invocation>> picked_cases() {
  std::vector<Invocation> cases;
  for (const auto& groups : {reading_cases(), changing_cases()}) {
    for (const CaseGroup& group : groups) {
      for (const std::string& row : split_lines(group.rows)) {
        if (row.empty()) continue;
        Result<Invocation> invocation = parse_row(row, group.name);
        if (!invocation) return invocation.error();
        cases.push_back(std::move(*invocation));
      }
    }
  }
  return cases;
}

}  // namespace ctwin::test
