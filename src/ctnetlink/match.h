// Does a flow satisfy a Filter? The one place where that is decided.
#pragma once

#include "ctwin/filter.h"

namespace ctwin::ctnetlink {

/// Attributes that the answerer leaves out when they are zero (mark, zone) count as zero.
bool matches(const Filter& filter, const Flow& flow);

/// Was the source (destination) translated? By address, or by port where the protocol has ports.
bool is_source_nat(const Flow& flow);
bool is_destination_nat(const Flow& flow);

}  // namespace ctwin::ctnetlink
