#include "cli/selection.h"

#include "cli/build.h"
#include "ctnetlink/match.h"

namespace ctwin::cli {

Selection::Selection(const Arguments& arguments) : filter_(build_filter(arguments)) {}

bool Selection::matches(const Flow& flow) const { return ctnetlink::matches(filter_, flow); }

}  // namespace ctwin::cli
