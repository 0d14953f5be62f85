// Rules loaded by the kernel, with iptables-legacy, and by us; what each says to them.
#pragma once

#include <string>
#include <string_view>

#include "ctwin/result.h"

namespace ctwin::test {

struct Loaded {
  bool accepted = false;
  std::string saved;      ///< what iptables-save -c prints then, without its comments
  std::string complaint;  ///< why they were not accepted
  uint32_t line = 0;      ///< where, when that was said; 0 when not
};

/// `text` is what iptables-restore reads. A namespace of its own, which is gone afterwards.
Result<Loaded> load_by_kernel(std::string_view text, bool six);
/// What iptables-legacy-restore --test says to it, which loads nothing; empty when it accepts it.
Result<std::string> complaint_of_test(std::string_view text, bool six);
Loaded load_by_engine(std::string_view text, bool six);

/// The first line in which the two differ, or what only one of them refuses; empty when they agree.
std::string difference(std::string_view text, const Loaded& kernel, const Loaded& engine);

/// iptables-legacy and private namespaces can be used; else why not.
std::string why_not_here();

}  // namespace ctwin::test
