// Makes a failing sequence small: delta debugging over its steps, sysctls and rules, then over the
// words of the steps that are left. Every trial is a whole run in a fresh namespace.
#pragma once

#include <functional>

#include "sequence.h"

namespace ctwin::test {

/// Does the sequence still fail? False, too, when it cannot be run.
using StillFails = std::function<bool(const Sequence&)>;

/// A sequence that fails and of which no single step, sysctl, line of the setup or word can go; or
/// the best that `trials` runs found.
Sequence shrink(Sequence sequence, const StillFails& still_fails, size_t trials = 400);

}  // namespace ctwin::test
