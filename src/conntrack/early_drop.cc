// What makes room when the table is full.
//
// A new entry may take the place of entries that nobody answered, if there are any near where it
// would stand (early_drop). If there are none its packet is dropped, and the table is under
// pressure: the next time that the kernel's collector comes by (gc_worker) it takes entries that
// are not assured, and connections that are being closed, until it has taken so many or the table
// is less than 95 % full. Those are not counted in early_drop.
//
// When the collector comes by is chance in the kernel, which it does every second to every minute,
// by how long entries have to live. Here it has always just been there when pressure begins, and
// takes entries in the order of their places.
#include <netinet/in.h>

#include <algorithm>
#include <vector>

#include "conntrack/proto_states.h"
#include "conntrack/tracker.h"

namespace ctwin::conntrack {

namespace {

// GC_SCAN_INTERVAL_MIN, _MAX and _CLAMP, and what an average begins with.
constexpr Tick kShortest = 1 * kTicksPerSecond;
constexpr Tick kLongest = 60 * kTicksPerSecond;
constexpr Tick kMostRemaining = 300 * kTicksPerSecond;
constexpr int64_t kFirstWeight = 100;
constexpr uint32_t kMostTaken = 257;  ///< behind GC_SCAN_EXPIRED_MAX the pressure is forgotten

/// A connection that is being closed (can_early_drop of its protocol).
bool is_closing(const Conn& ct) {
  switch (ct.tuple[0].proto) {
    case IPPROTO_TCP: {
      const TcpState state{ct.track.tcp.state};
      return state >= TcpState::kFinWait && state <= TcpState::kClose;
    }
    case IPPROTO_SCTP: {
      const SctpState state{ct.track.sctp.state};
      return state >= SctpState::kShutdownSent && state <= SctpState::kShutdownAckSent;
    }
    default: return false;
  }
}

}  // namespace

/// Makes room: in the first of eight buckets from here on that holds entries which may go, deletes
/// all of these. Which buckets these are is up to the hash, in the kernel as here.
bool Tracker::early_drop(uint64_t hash) {
  struct Victims {
    Tracker& tracker;
    std::vector<ConnIndex>& found;
    void operator()(ConnIndex index) const {
      const Conn& ct = tracker.table_[index];
      const bool kept = ct.status & (kAssured | kDying | kOffload);
      if (ct.has(kConfirmed) && !kept) found.push_back(index);
    }
    bool done() const { return !found.empty(); }
  };
  constexpr size_t kBuckets = 8;
  std::vector<ConnIndex> found;
  table_.walk_from(hash, kBuckets, Victims{*this, found});
  uint32_t dropped = 0;
  for (const ConnIndex index : found) dropped += destroy(index, 0);
  stats_.early_drop += dropped;
  if (dropped == 0 && relief_ == 0) relief_ = wheel_.now() + collector_interval();
  return dropped != 0;
}

/// How long the kernel's collector rests after a table like this one.
Tick Tracker::collector_interval() const {
  Tick sum = kLongest * kFirstWeight;
  int64_t weight = kFirstWeight;
  for (ConnIndex index = 1; index < table_.end(); ++index) {
    const Conn& ct = table_[index];
    if (!ct.in_use || !is_in_table(ct)) continue;
    sum += std::clamp(ct.expiry - wheel_.now(), kShortest, kMostRemaining);
    ++weight;
  }
  return std::clamp(sum / weight, kShortest, kLongest);
}

/// The collector comes by.
void Tracker::relieve() {
  relief_ = 0;
  const uint32_t nearly_full = settings_.max_entries / 100 * 95;
  uint32_t taken = 0;
  for (ConnIndex index = 1; index < table_.end() && taken < kMostTaken; ++index) {
    if (nearly_full == 0 || table_.size() < nearly_full) return;
    const Conn& ct = table_[index];
    if (!ct.in_use || !is_in_table(ct) || ct.has(kOffload)) continue;
    if (!ct.has(kAssured) || is_closing(ct)) taken += destroy(index, 0);
  }
}

}  // namespace ctwin::conntrack
