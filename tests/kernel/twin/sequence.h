// A sequence of steps and the sysctls and the setup that hold for it, run through the kernel and
// the engine.
#pragma once

#include <cerrno>
#include <functional>

#include "box.h"

namespace ctwin::test {

struct Sequence {
  std::string name;
  Sysctls sysctls;
  std::vector<std::string> steps;
  bool outputs_differ = false;  ///< a router drops what conntrack lets pass: not compared
  /// Makes both sides routers. The addresses of the hosts' networks and the default routes come
  /// before it (10.1.0.1 and fd01::1 on the left, 10.2.0.1 and fd02::1 on the right, where
  /// everything else is, too), and behind it rules that do nothing but have the kernel track.
  SetupLines setup = {};
};

/// The whole of what makes the sequence's router; nothing where nothing is routed.
SetupLines whole_setup(const Sequence& sequence);

/// Runs it in a fresh namespace, waiting where it says so.
Result<Recording> run_kernel(const Sequence& sequence);
/// Which ports an engine with rules draws. What it draws as the kernel did it handles one by one.
enum class Drawing : uint8_t { kAsKernel, kItsOwn };

/// Runs the packets of a recording through a fresh engine, at the same times, so many at once.
Result<Recording> run_engine(const Sequence& sequence, const Recording& kernel, size_t at_once = 1,
                             Drawing drawing = Drawing::kAsKernel);

/// The code of the error when the kernel does not take the setup.
constexpr int kSetupRefused = ENOEXEC;

/// What the two do not agree in, or else what an engine that gets its packets one by one and one
/// that gets many at once do not agree in. An error says why it could not be found out.
Result<std::vector<Difference>> find_differences(const Sequence& sequence);

/// The steps with what came of each, as the recording has it.
std::string show(const Sequence& sequence, const Recording& recording);

}  // namespace ctwin::test
