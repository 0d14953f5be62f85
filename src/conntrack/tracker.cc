#include "conntrack/tracker.h"

#include <netinet/in.h>

#include "conntrack/tuple.h"

namespace ctwin::conntrack {

namespace {

KeyedHash::Key make_key(Random& random) {
  return {random.next(), random.next(), random.next() | 1, random.next() | 1};
}

CtInfo info_of(const Conn& ct, Direction dir) {
  // Which direction comes next cannot be predicted, so no branch depends on it.
  CtInfo info = ct.has(kExpected) ? CtInfo::kRelated : CtInfo::kNew;
  if (ct.has(kSeenReply)) info = CtInfo::kEstablished;
  return dir == Direction::kReply ? CtInfo::kEstablishedReply : info;
}

}  // namespace

const Tracker::Terms Tracker::kPlainTerms{};

Tracker::Tracker(const Settings& settings, uint32_t capacity, uint64_t seed)
    : settings_(settings),
      random_(seed),
      table_(capacity, make_key(random_)),
      wheel_(table_.base()) {
  if (settings.buckets != 0) chains_.emplace(settings.buckets);
}

void Tracker::advance(uint64_t time_ns) {
  if (time_ns <= now_ns_) return;
  const Tick tick = static_cast<Tick>(time_ns / kTickNs);
  if (now_ns_ == 0) wheel_.start(tick);
  if (relief_ != 0 && tick >= relief_) {
    expire_until(relief_);
    now_ns_ = static_cast<uint64_t>(wheel_.now()) * kTickNs;
    relieve();
  }
  expire_until(tick);
  now_ns_ = time_ns;
}

void Tracker::expire_until(Tick tick) {
  wheel_.advance(tick, [this](ConnIndex index) {
    now_ns_ = static_cast<uint64_t>(wheel_.now()) * kTickNs;
    finish(index, 0);
  });
}

void Tracker::resume(const Position& position) {
  now_ns_ = position.now_ns;
  wheel_.start(static_cast<Tick>(now_ns_ / kTickNs));
  next_id_ = position.next_id;
  random_ = Random(position.random);
  relief_ = position.relief;
  stats_ = position.stats;
}

// ---- a packet comes in ----

void Tracker::look_ahead(const packet::Packet& packet, Lookup& lookup) const {
  lookup.ready = extract_tuple(packet, 0, lookup.key) == ExtractResult::kOk;
  if (!lookup.ready) return;
  lookup.hash = table_.hash(lookup.key);
  table_.prefetch_bucket(lookup.hash);
}

/// Asks for what `in` and `confirm` will read: the entry, or for a flow that seems to be new, where
/// its reply will be looked for.
bool Tracker::await_entry(Lookup& lookup) const {
  if (!lookup.ready) return true;
  lookup.guess = table_.prefetch_entry(lookup.hash);
  if (lookup.guess.ref != 0) return true;
  TupleKey reply;
  if (invert_tuple(lookup.key, lookup.key.zone, reply)) table_.prefetch_bucket(table_.hash(reply));
  return false;
}

Tracked Tracker::in(const packet::Packet& packet) {
  Lookup lookup;
  look_ahead(packet, lookup);
  return in(packet, lookup, kPlainTerms);
}

/// The zone is the template's, which may take it from the mark.
void Tracker::set_terms(const Terms& terms) {
  terms_ = &terms;
  const bool zoned = terms.wanted && terms.wanted->has_zone;
  if (zoned || zone_.id != 0) zone_ = {};
  if (!zoned) return;
  const TrackTemplate& wanted = *terms.wanted;
  zone_.id = wanted.zone_from_mark ? static_cast<uint16_t>(terms.mark) : wanted.zone;
  if (wanted.zone_orig != wanted.zone_reply)
    zone_.orig = wanted.zone_orig, zone_.reply = wanted.zone_reply;
}

Tracked Tracker::in(const packet::Packet& packet, Lookup& lookup, const Terms& terms) {
  set_terms(terms);
  if (zone_.id != 0 && lookup.ready) {
    lookup.key.zone = zone_.in(Direction::kOriginal);
    lookup.hash = table_.hash(lookup.key);
  }
  return judge(packet, lookup);
}

Tracked Tracker::judge(const packet::Packet& packet, Lookup& lookup) {
  Tracked tracked;
  if (packet.proto == IPPROTO_ICMP && packet.family == AF_INET) {
    if (icmp_error(packet, tracked)) return tracked;
  } else if (packet.proto == IPPROTO_ICMPV6 && packet.family == AF_INET6) {
    if (icmpv6_error(packet, tracked)) return tracked;
  }
  for (;;) {
    tracked.index = resolve(packet, lookup, tracked.info, tracked.drop);
    if (tracked.index == 0) {
      tracked.not_tracked = tracked.info == CtInfo::kUntracked;
      if (tracked.not_tracked) tracked.info = CtInfo::kInvalid;
      return tracked;
    }
    Conn& ct = table_[tracked.index];
    held_ = terms_->keep_ended ? tracked.index : 0;
    const TrackVerdict verdict = track(context(), ct, tracked.info, packet);
    held_ = 0;
    // A packet that is refused may have shortened the timer as well.
    if (ct.in_use && is_in_table(ct)) wheel_.hasten(tracked.index);
    if (verdict == TrackVerdict::kAccept) break;
    if (ct.in_use && !is_in_table(ct)) discard(tracked.index);
    tracked.index = 0;
    if (verdict == TrackVerdict::kRepeat) continue;
    tracked.info = CtInfo::kInvalid;
    tracked.not_tracked = verdict == TrackVerdict::kNotCaptured;
    if (tracked.not_tracked) return tracked;
    ++stats_.invalid;
    tracked.drop = verdict == TrackVerdict::kDrop;
    stats_.drop += tracked.drop;
    return tracked;
  }
  Conn& ct = table_[tracked.index];
  if (!ct.in_use) {  // its last packet: a RST that nobody had answered
    tracked.index = 0;
    return tracked;
  }
  if (!ct.has(kSeenReply) && tracked.info == CtInfo::kEstablishedReply) {
    ct.status |= kSeenReply;
    cache_event(ct, kEventReply);
  }
  return tracked;
}

/// The packet's entry, found or new. 0: none, and then `info` is kUntracked when that is because
/// the capture holds too little.
ConnIndex Tracker::resolve(const packet::Packet& packet, Lookup& lookup, CtInfo& info, bool& drop) {
  info = CtInfo::kInvalid;
  if (!lookup.ready) {
    if (extract_tuple(packet, 0, lookup.key) == ExtractResult::kNotCaptured)
      info = CtInfo::kUntracked;
    else
      ++stats_.invalid;
    return 0;
  }
  const ConnTable::Found found = zone_.one_way()
                                     ? find_flow(table_, lookup.key, zone_)
                                     : table_.find(lookup.key, lookup.hash, lookup.guess);
  if (found.index != 0) {
    info = info_of(table_[found.index], found.dir);
    return found.index;
  }
  const ConnIndex made = begin_flow(lookup.key, lookup.hash, drop);
  if (made != 0) info = CtInfo::kNew;
  return made;
}

ConnIndex Tracker::begin_flow(const TupleKey& key, uint64_t hash, bool& drop) {
  TupleKey reply;
  if (!invert_tuple(key, zone_.in(Direction::kReply), reply)) {
    ++stats_.invalid;
    return 0;
  }
  const ConnIndex index = make(hash);
  if (index == 0) {
    ++stats_.drop;
    drop = true;
    return 0;
  }
  table_[index].tuple = {key, reply};
  if (terms_->wanted) apply_template(table_[index], *terms_->wanted);
  return index;
}

void Tracker::apply_template(Conn& ct, const TrackTemplate& wanted) {
  if (wanted.has_event_mask) {
    ct.features |= kHasEvents;
    table_.extend(ct).event_mask = wanted.event_mask;
  }
  if (!wanted.helper.empty()) {
    table_.extend(ct).helper = wanted.helper;
    ct.status |= kHelperBit;
  }
}

ConnIndex Tracker::make(uint64_t hash) {
  if (table_.size() >= settings_.max_entries && !early_drop(hash)) return 0;
  const ConnIndex index = table_.allocate();
  if (index == 0) return 0;
  Conn& ct = table_[index];
  ct.id = next_id_++;
  if (settings_.acct) ct.features |= kHasAccounting;
  if (settings_.timestamp) ct.features |= kHasTimestamps;
  if (labels_) ct.features |= kHasLabels;
  const bool heard = listener_ && listener_->anybody();
  if (settings_.events == 1 || (settings_.events == 2 && heard)) ct.features |= kHasEvents;
  if (ct.features & (kHasAccounting | kHasTimestamps)) table_.extend(ct);
  return index;
}

// ---- a packet leaves ----

bool Tracker::confirm(Tracked& tracked, const packet::Packet& packet) {
  if (tracked.index == 0) return true;
  Conn& ct = table_[tracked.index];
  if (!ct.has(kConfirmed)) {
    if (tracked.info != CtInfo::kNew && tracked.info != CtInfo::kRelated) return true;
    const ConnTable::Hashes hashes = table_.hashes(ct);
    if (clashes(ct, hashes)) {
      if (!resolve_clash(tracked, packet)) return false;
    } else if (in_long_chain(hashes)) {
      ++stats_.insert_failed;
      discard(std::exchange(tracked.index, 0));
      return false;
    } else {
      add_confirmed(tracked.index, hashes);
      if (ct.has(kHelperBit)) cache_event(ct, kEventHelper);
      cache_event(ct, ct.has(kExpected) ? kEventRelated : kEventNew);
    }
  }
  deliver_cached(table_[tracked.index]);
  return true;
}

bool Tracker::clashes(const Conn& ct, const ConnTable::Hashes& hashes) const {
  const bool one_way = zone_of(ct).one_way();
  const auto taken = [&](Direction dir) {
    const TupleKey& key = ct.tuple[index_of(dir)];
    return (one_way ? table_.find(key, dir) : table_.find(key, hashes[index_of(dir)])).index != 0;
  };
  return taken(Direction::kOriginal) || taken(Direction::kReply);
}

bool Tracker::in_long_chain(const ConnTable::Hashes& hashes) {
  const bool found = chains_ && chains_->too_long(hashes, random_);
  stats_.chaintoolong += found;
  return found;
}

/// Another entry has one of the tuples (__nf_ct_resolve_clash). If it is the same flow, the packet
/// joins that entry; what is left are answers that two flows would wait for, because NAT found no
/// free port.
bool Tracker::resolve_clash(Tracked& tracked, const packet::Packet& packet) {
  Conn& mine = table_[tracked.index];
  const ConnTable::Found found =
      find_clash(table_, mine.tuple[0], zone_of(mine), Direction::kOriginal);
  const bool same = found.index != 0 && allows_clash(mine.tuple[0].proto) &&
                    table_[found.index].tuple[1 - index_of(found.dir)] == mine.tuple[1];
  discard(tracked.index);
  tracked.index = 0;
  if (!same) {
    ++stats_.drop;
    ++stats_.insert_failed;
    return false;
  }
  ++stats_.clash_resolve;
  tracked.index = found.index;
  account(table_[found.index], tracked.info, packet);
  return true;
}

void Tracker::add_confirmed(ConnIndex index, const ConnTable::Hashes& hashes) {
  Conn& ct = table_[index];
  ct.expiry += wheel_.now();
  ct.status |= kConfirmed;
  if (ct.features & kHasTimestamps) table_.extend(ct).timestamp_start = now_ns_;
  put_into_index(index, hashes);
  wheel_.add(index);
}

void Tracker::deliver_cached(Conn& ct) {
  if (ct.events == 0 || !ct.has(kConfirmed) || ct.has(kDying)) return;
  const uint16_t bits = ct.events;
  ct.events = 0;
  deliver(ct, bits & (kEventNew | kEventRelated) ? EventKind::kNew : EventKind::kUpdate, bits, 0);
}

void Tracker::deliver(const Conn& ct, EventKind kind, uint16_t bits, uint32_t port_id) {
  if (!listener_ || !(ct.features & kHasEvents)) return;
  const Extension* extension = table_.extension(ct);
  if (extension && !(extension->event_mask & bits)) return;
  listener_->event(ct, kind, bits, port_id);
}

// ---- an entry ends ----

/// Says that the entry is gone, and forgets it. It is in no timer slot any more.
void Tracker::finish(ConnIndex index, uint32_t port_id) {
  Conn& ct = table_[index];
  ct.status |= kDying;
  if (ct.features & kHasTimestamps) table_.extend(ct).timestamp_stop = now_ns_;
  deliver(ct, EventKind::kDestroy, kEventDestroy, port_id);
  leave_master(ct);
  if (chains_) chains_->remove(table_.hashes(ct));
  table_.erase(index);
  if (index != held_) release(index);
}

void Tracker::adopt(Conn& ct, ConnIndex master) {
  Extension& mine = table_.extend(ct);
  mine.master = master;
  mine.master_id = table_[master].id;
  mine.master_tuple = table_[master].tuple[0];
  ct.status |= kExpected;
  ++table_.extend(table_[master]).children;
}

/// A master may end before its children; its place may be another entry's by then.
void Tracker::leave_master(const Conn& ct) {
  const Extension* mine = table_.extension(ct);
  if (!mine || mine->master == 0) return;
  Conn& master = table_[mine->master];
  if (master.in_use && master.id == mine->master_id) --table_.extend(master).children;
}

bool Tracker::destroy(ConnIndex index, uint32_t port_id) {
  if (table_[index].has(kDying)) return false;
  wheel_.remove(index);
  finish(index, port_id);
  return true;
}

bool Tracker::kill(Conn& ct) {
  if (ct.has(kConfirmed)) return destroy(table_.index_of(ct), 0);
  ct.status |= kDying;
  return true;
}

void Tracker::account(Conn& ct, CtInfo info, const packet::Packet& packet) {
  if (!(ct.features & kHasAccounting)) return;
  Counters& counters = table_.extend(ct).counters[index_of(direction_of(info))];
  ++counters.packets;
  counters.bytes += packet.length;
}

uint32_t Tracker::sequence_offset(const Conn& ct, Direction dir, uint32_t seq) {
  const Extension* extension = table_.extension(ct);
  if (!extension) return 0;
  const SeqAdj& adjust = extension->seq_adj[index_of(dir)];
  const bool behind = static_cast<int32_t>(seq - adjust.correction_pos) > 0;
  return static_cast<uint32_t>(behind ? adjust.offset_after : adjust.offset_before);
}

}  // namespace ctwin::conntrack
