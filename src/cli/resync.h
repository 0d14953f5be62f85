// Keeps what was printed of the table and the table itself in step, where events alone cannot: at
// the beginning of a watch that starts with a listing, and when events were lost.
//
// In both cases the table is listed while further events pile up behind the subscription. Those of
// them that happened before the listing came by are told a second time by it, so until the events
// have caught up with the listing, what they say is compared with what the reader knows (Picture):
// an entry that is known is not new again, and one that is unknown has not ended. Nothing is told
// twice, and nothing is left out.
//
// Entries that are about to be deleted (DYING) count as gone: their last event is on its way or was
// lost. Entries that the kernel makes while nobody listens have no events at all as long as
// nf_conntrack_events is 2, so of those a listing is all that will ever be told.
#pragma once

#include <functional>

#include "cli/picture.h"
#include "cli/selection.h"
#include "cli/session.h"
#include "ctnetlink/client.h"

namespace ctwin::cli {

class Resync {
 public:
  /// Prints one flow as this kind of event; kNone is a line of a listing.
  using Print = std::function<void(const Flow&, EventKind)>;

  /// `for_good`: what was printed is remembered to the end; else only as long as it takes the
  /// events to catch up with the listing that a watch begins with.
  Resync(Session& session, const Selection& selection, const EventList& wanted, bool for_good);

  /// What an event is to the reader; kNone: no news. The flow is one that was selected.
  EventKind judge(EventKind kind, const Flow& flow);
  /// An event of a flow that is not selected, and is not shown. What matters is that an entry ends;
  /// other events need not come here.
  void pass_over(EventKind kind, const Flow& flow);

  /// Lists the table to a reader who knows nothing of it.
  Status begin(const Print& print);
  bool can_repeat() const { return for_good_; }
  /// Compares the table with what the reader knows, and prints what differs.
  Status repeat(const Print& print);
  /// The events that were received before the last listing ended have all been judged.
  void caught_up();

 private:
  Status list(const Print& print, EventKind unknown, EventKind changed);

  Session& session_;
  const Selection& selection_;
  const EventList wanted_;
  const bool for_good_;
  Filter lasting_;  ///< conditions that an entry fulfils for its whole life or never
  Picture picture_;
  bool merging_ = false;
};

}  // namespace ctwin::cli
