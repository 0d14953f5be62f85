// A sequence of steps and the sysctls that hold for it, run through the kernel and the engine.
#pragma once

#include <functional>

#include "box.h"

namespace ctwin::test {

struct Sequence {
  std::string name;
  Sysctls sysctls;
  std::vector<std::string> steps;
  bool outputs_differ = false;  ///< a router drops what conntrack lets pass: not compared
};

/// Runs it in a fresh namespace, waiting where it says so.
Result<Recording> run_kernel(const Sequence& sequence);
/// Runs the packets of a recording through a fresh engine, at the same times, so many at once.
Result<Recording> run_engine(const Sequence& sequence, const Recording& kernel, size_t at_once = 1);

/// What the two do not agree in, or else what an engine that gets its packets one by one and one
/// that gets many at once do not agree in. An error says why it could not be found out.
Result<std::vector<Difference>> find_differences(const Sequence& sequence);

/// The steps with what came of each, as the recording has it.
std::string show(const Sequence& sequence, const Recording& recording);

}  // namespace ctwin::test
