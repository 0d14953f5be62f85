// The choice of a mapping: a tuple within a range whose answers nobody else waits for
// (get_unique_tuple and what it calls).
#pragma once

#include "conntrack/tracker.h"
#include "nat/range.h"

namespace ctwin::nat {

/// Flows by where they came from, for the reuse of mappings.
class SourceIndex {
 public:
  virtual ~SourceIndex() = default;
  /// The mapped tuple, with the destination of `tuple`, of the youngest flow that has the source of
  /// `tuple` and whose mapping `accepts` it; false when there is none.
  virtual bool find(const conntrack::TupleKey& tuple, const Range& range,
                    conntrack::TupleKey& mapped) const = 0;
};

/// Is one side of `tuple` in the range already?
bool in_range(const conntrack::TupleKey& tuple, const Range& range, Manip manip);

/// Gives one side of `tuple` the range's address, or the one of its addresses that the hash of both
/// sides picks (find_best_ips_proto).
void choose_address(conntrack::TupleKey& tuple, const Range& range, Manip manip, uint16_t zone);

/// Maps one side of `current`, the tuple of what the entry's packets look like now. May end another
/// entry in TIME_WAIT to get its port. When every port that it tries is taken the last one stays,
/// and the clash is found when the entry is confirmed.
conntrack::TupleKey choose_unique(conntrack::Tracker& tracker, const SourceIndex& sources,
                                  const conntrack::Conn& ct, const conntrack::TupleKey& current,
                                  const Range& range, Manip manip);

}  // namespace ctwin::nat
