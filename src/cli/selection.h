// Which entries a command is about.
//
// A Selection is made once from the command's options and asked of every entry, whoever handed the
// entry out: the answerer may have honoured what was pushed down to it, or not.
#pragma once

#include "cli/session.h"
#include "ctwin/filter.h"
#include "ctwin/flow.h"

namespace ctwin::cli {

/// What a listing asks for: the table's list, and whether counters are to be zeroed.
ctnetlink::DumpKind dump_kind(const Arguments& arguments);

class Selection {
 public:
  /// `session` tells the time that conditions on age are about, and outlives the selection.
  Selection(const Session& session, const Arguments& arguments);

  bool matches(const Flow& flow) const;

  /// Conditions that every entry fulfils which the selection matches: what may be sent to the
  /// answerer to have it leave out others, of a listing or of events. Not all conditions are among
  /// them.
  const Filter& pushed_down() const { return pushed_down_; }

 private:
  const Session& session_;
  Filter filter_;  ///< what the options say
  std::optional<FilterExpr> expression_;
  std::optional<WhoHad> who_had_;
  Filter pushed_down_;
};

}  // namespace ctwin::cli
