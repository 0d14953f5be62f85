// A packet's hold on its entry while it is on its way.
#pragma once

#include "conntrack/skb.h"
#include "conntrack/tracker.h"

namespace ctwin::engine {

/// An entry that its first packet did not carry to the end of its way leaves nothing, and one that
/// its last packet ended goes with that.
class Passage {
 public:
  Passage(conntrack::Tracker& tracker, const conntrack::Skb& skb) : tracker_(tracker), skb_(skb) {}
  ~Passage() {
    if (skb_.ct.index == 0 || skb_.looped) return;
    const conntrack::Conn& ct = tracker_.table()[skb_.ct.index];
    if (ct.in_use && !conntrack::Tracker::is_in_table(ct)) tracker_.discard(skb_.ct.index);
  }
  Passage(const Passage&) = delete;
  Passage& operator=(const Passage&) = delete;

 private:
  conntrack::Tracker& tracker_;
  const conntrack::Skb& skb_;
};

}  // namespace ctwin::engine
