// Rule sets drawn from a seed, as text of iptables-restore, over all matches and targets.
//
// They are made for traffic between 10.1.0.x and 10.2.0.x, fd01::x and fd02::x (step.h), on the
// devices tl and tr: their addresses, ports and devices often fit it. Unless `odd`, the kernel
// accepts every one of them.
#pragma once

#include <string>

#include "generator.h"

namespace ctwin::test {

/// What a caller can compare, and what not.
struct Flavour {
  bool draws_lots = true;  ///< statistic --mode random, --random, --random-fully
  bool limit = true;       ///< what depends on how fast packets come
  bool recent = true;
  bool nat = true;
  bool counters = true;  ///< that are not 0 at the start
  bool odd = false;      ///< values at the ends of their ranges and beyond; some are refused
};

/// One or more blocks, from *TABLE to COMMIT.
std::string generate_rules(Dice& dice, bool six, const Flavour& flavour);

}  // namespace ctwin::test
