// Which entries a command is about.
//
// A Selection is made once from the command's options and asked of every entry, whoever handed the
// entry out: the answerer may have honoured what was pushed down to it, or not.
#pragma once

#include "cli/arguments.h"
#include "ctwin/filter.h"
#include "ctwin/flow.h"

namespace ctwin::cli {

class Selection {
 public:
  explicit Selection(const Arguments& arguments);

  bool matches(const Flow& flow) const;

  /// Conditions that every entry fulfils which the selection matches: what may be sent to the
  /// answerer to have it leave out others. Not all conditions are among them.
  const Filter& pushed_down() const { return filter_; }

 private:
  Filter filter_;
};

}  // namespace ctwin::cli
