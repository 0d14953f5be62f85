#include "cli/selection.h"

#include "cli/build.h"
#include "ctnetlink/match.h"

namespace ctwin::cli {

using ctnetlink::DumpKind;

DumpKind dump_kind(const Arguments& arguments) {
  switch (arguments.table) {
    case Table::kDying: return DumpKind::kDying;
    case Table::kUnconfirmed: return DumpKind::kUnconfirmed;
    default: return arguments.given.has(Option::kZero) ? DumpKind::kTableAndZero : DumpKind::kTable;
  }
}

Selection::Selection(const Session& session, const Arguments& arguments)
    : session_(session),
      filter_(build_filter(arguments)),
      expression_(arguments.filter),
      who_had_(arguments.questions.who_had) {
  pushed_down_ = filter_;
  if (expression_) expression_->narrow(pushed_down_);
}

bool Selection::matches(const Flow& flow) const {
  if (!ctnetlink::matches(filter_, flow)) return false;
  if (who_had_ && !who_had_->matches(flow)) return false;
  return !expression_ || expression_->matches(flow, expression_->uses_time() ? session_.now() : 0);
}

}  // namespace ctwin::cli
