// From the words of the command line to what crosses the seam: entries to create, changes to make,
// conditions to check, expectations.
#pragma once

#include "cli/arguments.h"
#include "ctwin/expectation.h"
#include "ctwin/filter.h"
#include "ctwin/flow.h"

namespace ctwin::cli {

/// What -L, -D and -E select, or -G and -U: the options that are values to set there are left out.
Filter build_filter(const Arguments& arguments);

/// The entry that -I and -A make. A direction that is not given is the mirror of the other.
Flow build_entry(const Arguments& arguments);

/// The tuple that -G asks for.
Flow build_query(const Arguments& arguments);

/// The change that -U makes to `entry`, as a request; false when nothing would change.
bool build_update(const Arguments& arguments, const Flow& entry, Flow& update);

/// The change that -A makes to an entry that exists: `wanted` (see build_entry) without what cannot
/// be given to it again. NAT that it has already, EXPECTED as it stands, a fixed timeout that is
/// asked for as fixed; and TCP's flags, since live flows keep their window tracking.
Flow adapt_to_existing(const Flow& wanted, const Flow& existing);

/// The expectation that -I creates, or whose tuple -G and -D name.
Expectation build_expectation(const Arguments& arguments);

}  // namespace ctwin::cli
