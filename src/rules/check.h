// What the kernel asks of one rule when its table is loaded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rules/rule.h"

namespace ctwin::rules {

struct Refusal {
  enum class Part : uint8_t { kMatch, kTarget } part = Part::kTarget;
  size_t match = 0;  ///< index into the rule's matches
  std::string text;
};

/// `hooks`: 1 << Hook of those from which the rule can be reached.
std::optional<Refusal> check_rule(uint8_t family, TableId table, uint32_t hooks, const Rule& rule);

}  // namespace ctwin::rules
