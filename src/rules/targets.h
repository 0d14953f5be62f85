// What targets do with a packet that a rule matched.
#pragma once

#include "rules/matches.h"
#include "rules/rule.h"

namespace ctwin::rules {

enum class Outcome : uint8_t { kContinue, kAccept, kDrop };

/// Every target but those that only steer through the chains, and REJECT.
Outcome apply(const Target& target, Passage& passage);

}  // namespace ctwin::rules
