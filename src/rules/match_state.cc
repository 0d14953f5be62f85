#include "rules/match_state.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace ctwin::rules {

using conntrack::Tick;

namespace {

constexpr uint32_t kCreditsPerTick = 128;  // CREDITS_PER_JIFFY of xt_limit.c at HZ=250
constexpr uint32_t kCreditsPerSecond = kCreditsPerTick * conntrack::kTicksPerSecond;
constexpr uint32_t kLimitScale = 10'000;  // XT_LIMIT_SCALE

/// 10,000ths of a second as credits, in the kernel's 32 bits: what would overflow loses precision
/// first (user2credits).
uint32_t to_credits(uint32_t time) {
  if (time > UINT32_MAX / kCreditsPerSecond) return time / kLimitScale * kCreditsPerSecond;
  return time * kCreditsPerSecond / kLimitScale;
}

}  // namespace

// ---- recent ----

void RecentList::remember_at_least(uint32_t hits) {
  constexpr uint32_t kDefaultStamps = 32;  // without ip_pkt_list_tot
  constexpr uint32_t kMostStamps = 65536;  // XT_RECENT_MAX_NSTAMPS
  const uint32_t wanted = hits == 0 ? kDefaultStamps : std::bit_ceil(std::min(hits, kMostStamps));
  most_stamps_ = std::max(most_stamps_, wanted);
}

Address RecentList::masked(const Address& address) const {
  Address result = address;
  if (mask_.is_set())
    for (size_t i = 0; i < result.size(); ++i) result.bytes[i] &= mask_.bytes[i];
  return result;
}

/// A hop count of 0 is anybody's.
size_t RecentList::find(const Address& address, uint8_t ttl) const {
  size_t at = 0;
  for (; at < entries_.size(); ++at) {
    const Entry& entry = entries_[at];
    if (entry.address == address && (ttl == entry.ttl || ttl == 0 || entry.ttl == 0)) break;
  }
  return at;
}

void RecentList::add(const Address& address, const Sighting& sighting) {
  if (entries_.size() >= kMostAddresses) entries_.erase(entries_.begin());
  entries_.push_back({address, sighting.ttl, 1, {sighting.now}});
}

/// One more stamp; the address is the last one seen now.
void RecentList::touch(size_t at, const Sighting& sighting) {
  Entry& entry = entries_[at];
  entry.next &= most_stamps_ - 1;
  if (entry.next == entry.stamps.size())
    entry.stamps.push_back(sighting.now);
  else
    entry.stamps[entry.next] = sighting.now;
  ++entry.next;
  entry.ttl = sighting.ttl;
  const auto moved = entries_.begin() + static_cast<std::ptrdiff_t>(at);
  std::rotate(moved, moved + 1, entries_.end());
}

/// Was it seen as often as asked, within the time asked?
bool RecentList::hit(const Entry& entry, const RecentMatch& match, Tick now) const {
  const Tick since = now - Tick{match.seconds} * conntrack::kTicksPerSecond;
  uint32_t hits = 0;
  for (const Tick stamp : entry.stamps) {
    if (match.seconds != 0 && stamp < since) continue;
    if (match.hitcount == 0 || ++hits >= match.hitcount) return true;
  }
  return false;
}

bool RecentList::ask(const RecentMatch& match, const Sighting& sighting) {
  using Action = RecentMatch::Action;
  const Address address = masked(sighting.address);
  const size_t at = find(address, match.ttl ? sighting.ttl : uint8_t{0});
  if (at == entries_.size()) {
    if (match.action != Action::kSet) return match.invert;
    add(address, sighting);
    return !match.invert;
  }
  switch (match.action) {
    case Action::kSet: touch(at, sighting); return !match.invert;
    case Action::kRemove:
      entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(at));
      return !match.invert;
    case Action::kCheck:
    case Action::kUpdate: break;
  }
  const bool answer = hit(entries_[at], match, sighting.now) != match.invert;
  const bool update = match.action == Action::kUpdate && answer;
  size_t still_at = at;
  if (match.reap && !(update && at == 0)) {
    const Tick since = sighting.now - Tick{match.seconds} * conntrack::kTicksPerSecond;
    if (entries_.front().last() < since) {
      entries_.erase(entries_.begin());
      --still_at;
    }
  }
  if (update) touch(still_at, sighting);
  return answer;
}

bool RecentList::restore(std::vector<Entry> entries) {
  if (entries.size() > kMostAddresses) return false;
  for (const Entry& entry : entries)
    if (entry.next == 0 || entry.next > entry.stamps.size() || entry.stamps.size() > most_stamps_)
      return false;
  entries_ = std::move(entries);
  return true;
}

// ---- numbers ----

uint32_t MatchStates::prepare(const Match& match) {
  if (const auto* limit = std::get_if<LimitMatch>(&match)) {
    const uint32_t full = to_credits(limit->average * limit->burst);
    limits_.push_back({full, full, to_credits(limit->average)});
    return static_cast<uint32_t>(limits_.size());
  }
  if (const auto* statistic = std::get_if<StatisticMatch>(&match)) {
    if (statistic->random) return 0;
    turns_.push_back(statistic->every - 1 - statistic->packet);
    return static_cast<uint32_t>(turns_.size());
  }
  if (const auto* recent = std::get_if<RecentMatch>(&match)) {
    auto list =
        std::ranges::find_if(lists_, [&](const RecentList& l) { return l.name() == recent->name; });
    if (list == lists_.end()) list = lists_.emplace(lists_.end(), recent->name, recent->mask);
    list->remember_at_least(recent->hitcount);
    return static_cast<uint32_t>(list - lists_.begin() + 1);
  }
  return 0;
}

/// limit_mt. Credit is counted in 32 bits as the kernel does, which forgets what comes together in
/// more than a day and a half of silence.
bool MatchStates::limit(uint32_t state, Tick now) {
  Limit& limit = limits_[state - 1];
  if (!std::exchange(limit.used, true)) limit.previous = now;
  const auto elapsed = static_cast<uint64_t>(now - std::exchange(limit.previous, now));
  limit.credit =
      std::min(limit.credit + static_cast<uint32_t>(elapsed * kCreditsPerTick), limit.cap);
  if (limit.credit < limit.cost) return false;
  limit.credit -= limit.cost;
  return true;
}

bool MatchStates::nth(uint32_t state, const StatisticMatch& match) {
  uint32_t& turn = turns_[state - 1];
  turn = turn + 1 == match.every ? 0 : turn + 1;
  return turn == 0;
}

conntrack::Conn& MatchStates::template_of(const CtTarget& target) {
  const auto [found, made] = templates_.try_emplace(&target);
  if (made) found->second.status = kTemplate | kConfirmed;
  return found->second;
}

}  // namespace ctwin::rules
