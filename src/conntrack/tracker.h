// Connection tracking: what the kernel's hooks do with a packet, from its tuple to its entry.
//
// Overview. A packet comes in (`in`, nf_conntrack_in), gets its entry – found, or made new and in
// nobody's index yet – and is judged by its protocol's tracker. When it leaves, `confirm` puts a
// new entry into the table and delivers the events that the packet caused, all in one message. What
// the packet carries in between is a Tracked: the entry and how the packet stands to it.
//
// Life of an entry: made at `in`, confirmed by its first packet, refreshed by those that follow,
// ended by its timer, by a packet (reopen, RST without reply), by early drop or by a command; each
// end is one DESTROY event. A first packet that does not reach `confirm` leaves nothing.
//
// Not done here: rules and NAT, what helpers expect, and who gets the events (EventListener).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "base/random.h"
#include "conntrack/chains.h"
#include "conntrack/proto.h"
#include "conntrack/settings.h"
#include "conntrack/skb.h"
#include "conntrack/table.h"
#include "conntrack/timer_wheel.h"
#include "conntrack/zone.h"

namespace ctwin::conntrack {

/// The counters of -S (struct ip_conntrack_stat). One worker, so one set.
struct Stats {
  uint32_t found = 0;
  uint32_t invalid = 0;
  uint32_t insert = 0;
  uint32_t insert_failed = 0;
  uint32_t drop = 0;
  uint32_t early_drop = 0;
  uint32_t error = 0;
  uint32_t search_restart = 0;
  uint32_t clash_resolve = 0;
  uint32_t chaintoolong = 0;
};

/// Gets the events as they are delivered.
class EventListener {
 public:
  virtual ~EventListener() = default;
  /// Does anybody want events? Entries made while nobody does never have any (events=2).
  virtual bool anybody() const = 0;
  /// `bits` are what has happened; `port_id` is the netlink port of the program that caused it, 0
  /// for packets and time.
  virtual void event(const Conn& ct, EventKind kind, uint16_t bits, uint32_t port_id) = 0;
};

/// Is told when an entry's place is given up, whether it was confirmed or not.
class EntryWatcher {
 public:
  virtual ~EntryWatcher() = default;
  virtual void forget(ConnIndex index) = 0;
};

class Tracker final : public TrackActions {
 public:
  /// `capacity` bounds the entries whatever nf_conntrack_max says.
  Tracker(const Settings& settings, uint32_t capacity, uint64_t seed);

  void listen(EventListener* listener) { listener_ = listener; }
  void take_notes(NoteSink* notes) { notes_ = notes; }
  void watch_entries(EntryWatcher* watcher) { watcher_ = watcher; }
  /// New entries have room for labels: some rule looks at them.
  void use_labels() { labels_ = true; }

  /// Moves the clock, expiring entries on the way. Time never goes back.
  void advance(uint64_t time_ns);
  uint64_t now_ns() const { return now_ns_; }
  /// When `advance` has something to do next: never later than the next entry expires, and at most
  /// `limit_ns`.
  uint64_t next_look_ns(uint64_t limit_ns) const {
    const Tick limit = static_cast<Tick>((limit_ns + kTickNs - 1) / kTickNs);
    const Tick look = wheel_.next_look(relief_ == 0 ? limit : std::min(limit, relief_));
    return std::min(limit_ns, static_cast<uint64_t>(look) * kTickNs);
  }
  Tick now() const { return wheel_.now(); }

  /// What is known of a packet before its turn: see `look_ahead`.
  struct Lookup {
    TupleKey key;
    uint64_t hash = 0;
    ConnTable::Guess guess;
    bool ready = false;
  };
  /// How conntrack is asked: by which hook, and what a template and the mark say.
  struct Terms {
    bool verify_checksum = true;  ///< PREROUTING does, OUTPUT does not
    const TrackTemplate* wanted = nullptr;
    uint32_t mark = 0;
    /// An entry that the packet itself ends (a RST that nobody had answered) is left to the caller,
    /// who may need it for NAT and rules, and then discards it.
    bool keep_ended = false;
  };
  /// At PREROUTING, without a template.
  static const Terms kPlainTerms;

  /// The hook at PREROUTING and OUTPUT: finds or makes the packet's entry and tracks the packet.
  Tracked in(const packet::Packet& packet);
  Tracked in(const packet::Packet& packet, Lookup& lookup, const Terms& terms);
  /// The last hook: inserts a new entry and delivers cached events. False: the packet is dropped.
  bool confirm(Tracked& tracked, const packet::Packet& packet);

  /// Reads the packet's tuple, and asks for where the index has it.
  void look_ahead(const packet::Packet& packet, Lookup& lookup) const;
  /// Asks for the entry itself, a few packets before its turn.
  /// Answers whether the flow seems to be known.
  bool await_entry(Lookup& lookup) const;
  /// Packets whose entries are on their way from memory while one is worked on.
  static constexpr size_t kAhead = 6;

  /// Packets in order, `in` and then `confirm` for each, their memory asked for beforehand.
  /// `done(i, tracked)` is called for each packet in turn.
  template <typename Done>
  void process(std::span<const packet::Packet> packets, const Done& done);

  // ---- for the Responder ----

  ConnTable& table() { return table_; }
  const ConnTable& table() const { return table_; }
  const Settings& settings() const { return settings_; }
  Stats& stats() { return stats_; }
  /// Entries, unconfirmed ones included (nf_conntrack_count).
  uint32_t count() const { return table_.size(); }

  /// A new entry with the id, the features and the hooks' extensions that `settings` gives it; 0
  /// when the table is full and nothing could be dropped. `hash` is of its original tuple.
  ConnIndex make(uint64_t hash);
  /// Is it confirmed, and not ended? An entry that is not must be discarded by who has it.
  static bool is_in_table(const Conn& ct) { return ct.has(kConfirmed) && !ct.has(kDying); }
  /// Gives up an entry that is not in the table.
  void discard(ConnIndex index) { release(index); }
  /// Does another entry have one of the tuples of this one, which is not in the table?
  bool clashes(const Conn& ct, const ConnTable::Hashes& hashes) const;
  /// Would the kernel refuse the entry because its bucket is too full? That counts.
  bool in_long_chain(const ConnTable::Hashes& hashes);
  /// Makes the entry part of the table: absolute timer, CONFIRMED, indexed.
  void add_confirmed(ConnIndex index) { add_confirmed(index, table_.hashes(table_[index])); }
  void add_confirmed(ConnIndex index, const ConnTable::Hashes& hashes);
  /// Ends a confirmed entry with its DESTROY event; false when it is ending already.
  bool destroy(ConnIndex index, uint32_t port_id);
  /// Makes `master` the master of an entry that is not confirmed yet.
  void adopt(Conn& ct, ConnIndex master);
  Random& random() { return random_; }
  /// Sends an event now, apart from what is cached.
  void deliver(const Conn& ct, EventKind kind, uint16_t bits, uint32_t port_id);
  /// The entry's timer was set.
  void timer_changed(ConnIndex index) { wheel_.hasten(index); }

  // ---- for a state that is kept ----

  /// What the tracker knows beside its table.
  struct Position {
    uint64_t now_ns = 0;
    uint32_t next_id = 1;
    uint64_t random = 0;
    Tick relief = 0;  ///< when a table under pressure is relieved, 0 for none
    Stats stats;
  };
  Position position() const { return {now_ns_, next_id_, random_.state(), relief_, stats_}; }
  /// Goes on from there; nothing has happened here yet.
  void resume(const Position& position);
  /// The entry was put back into the table's place of it, as it was: CONFIRMED, and complete.
  void restore(ConnIndex index) {
    put_into_index(index, table_.hashes(table_[index]));
    wheel_.add(index);
  }

  // ---- TrackActions ----

  void cache_event(Conn& ct, EventBit bit) override {
    if (ct.features & kHasEvents) ct.events |= bit;
  }
  bool kill(Conn& ct) override;
  void account(Conn& ct, CtInfo info, const packet::Packet& packet) override;
  uint32_t sequence_offset(const Conn& ct, Direction dir, uint32_t seq) override;

 private:
  static constexpr size_t kBatch = 32;

  /// The ICMP error pre-handlers (icmp_error.cc). True when the packet is dealt with.
  bool icmp_error(const packet::Packet& packet, Tracked& tracked);
  bool icmpv6_error(const packet::Packet& packet, Tracked& tracked);
  bool inner_error(const packet::Packet& packet, uint32_t inner_offset, Tracked& tracked);
  ConnIndex resolve(const packet::Packet& packet, Lookup& lookup, CtInfo& info, bool& drop);
  ConnIndex begin_flow(const TupleKey& key, uint64_t hash, bool& drop);
  void apply_template(Conn& ct, const TrackTemplate& wanted);
  Tracked judge(const packet::Packet& packet, Lookup& lookup);
  void set_terms(const Terms& terms);
  bool resolve_clash(Tracked& tracked, const packet::Packet& packet);
  void deliver_cached(Conn& ct);
  void expire_until(Tick tick);
  bool early_drop(uint64_t hash);
  Tick collector_interval() const;
  void relieve();
  void leave_master(const Conn& ct);
  void finish(ConnIndex index, uint32_t port_id);
  void put_into_index(ConnIndex index, const ConnTable::Hashes& hashes) {
    table_.insert(index, hashes);
    if (chains_) chains_->add(hashes);
  }
  void release(ConnIndex index) {
    if (watcher_) watcher_->forget(index);
    table_.release(index);
  }
  ProtoContext context() {
    return {wheel_.now(), settings_, *this, notes_, settings_.checksum && terms_->verify_checksum};
  }

  const Settings& settings_;
  Random random_;
  ConnTable table_;
  TimerWheel wheel_;
  std::optional<Chains> chains_;  ///< where the settings limit them
  Stats stats_;
  EventListener* listener_ = nullptr;
  NoteSink* notes_ = nullptr;
  EntryWatcher* watcher_ = nullptr;
  bool labels_ = false;
  ConnIndex held_ = 0;                 ///< not released when it ends
  const Terms* terms_ = &kPlainTerms;  ///< of the packet that is passing
  Zone zone_;                          ///< likewise
  uint64_t now_ns_ = 0;
  uint32_t next_id_ = 1;
  Tick relief_ = 0;  ///< when the collector comes by, of a table under pressure; else 0
};

template <typename Done>
void Tracker::process(std::span<const packet::Packet> packets, const Done& done) {
  std::array<Lookup, kBatch> lookups;
  for (size_t first = 0; first < packets.size(); first += kBatch) {
    const auto batch = packets.subspan(first, std::min(kBatch, packets.size() - first));
    for (size_t i = 0; i < batch.size(); ++i) look_ahead(batch[i], lookups[i]);
    for (size_t i = 0; i < std::min(kAhead, batch.size()); ++i) await_entry(lookups[i]);
    for (size_t i = 0; i < batch.size(); ++i) {
      if (i + kAhead < batch.size()) await_entry(lookups[i + kAhead]);
      advance(batch[i].time);
      Tracked tracked = in(batch[i], lookups[i], kPlainTerms);
      if (!tracked.drop && !confirm(tracked, batch[i])) tracked.drop = true;
      done(first + i, tracked);
    }
  }
}

}  // namespace ctwin::conntrack
