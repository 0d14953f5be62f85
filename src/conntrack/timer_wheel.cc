#include "conntrack/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace ctwin::conntrack {

TimerWheel::TimerWheel(Conn* conns) : conns_(conns) {
  for (uint32_t slot = 0; slot < slots_.size(); ++slot)
    slots_[slot] = {link_of(slot), link_of(slot)};
}

/// The slot for something due then: the lowest level whose span reaches it. What is due already is
/// looked at next.
uint32_t TimerWheel::slot_for(Tick due) const {
  const Tick at = std::max(due, now_ + 1);
  for (int level = 0; level < kLevels; ++level) {
    const int shift = 8 * level;
    if ((at >> shift) - (now_ >> shift) < static_cast<Tick>(kSlots) || level == kLevels - 1)
      return static_cast<uint32_t>(level) * kSlots + static_cast<uint32_t>(at >> shift) % kSlots;
  }
  return 0;
}

void TimerWheel::link(ConnIndex index, uint32_t slot) {
  Slot& list = slots_[slot];
  Conn& ct = conns_[index];
  ct.timer_next = link_of(slot);
  ct.timer_prev = list.last;
  (list.last & kSlotLink ? list.first : conns_[list.last].timer_next) = index;
  list.last = index;
  if (slot < kSlots) occupied_[slot / 64] |= uint64_t{1} << (slot % 64);
}

void TimerWheel::unlink(ConnIndex index) {
  const Conn& ct = conns_[index];
  const ConnIndex next = ct.timer_next, prev = ct.timer_prev;
  (prev & kSlotLink ? slots_[prev & ~kSlotLink].first : conns_[prev].timer_next) = next;
  (next & kSlotLink ? slots_[next & ~kSlotLink].last : conns_[next].timer_prev) = prev;
  const uint32_t slot = next & ~kSlotLink;
  if (next & prev & kSlotLink && slot < kSlots)
    occupied_[slot / 64] &= ~(uint64_t{1} << (slot % 64));
}

void TimerWheel::add(ConnIndex index) {
  conns_[index].timer_due = conns_[index].expiry;
  link(index, slot_for(conns_[index].timer_due));
  ++count_;
}

void TimerWheel::remove(ConnIndex index) {
  unlink(index);
  --count_;
}

void TimerWheel::refile(ConnIndex index) {
  unlink(index);
  conns_[index].timer_due = conns_[index].expiry;
  link(index, slot_for(conns_[index].timer_due));
}

/// Spreads the slot that has come up at `level` over the levels below.
void TimerWheel::cascade(int level) {
  const uint32_t slot =
      static_cast<uint32_t>(level) * kSlots + static_cast<uint32_t>(now_ >> (8 * level)) % kSlots;
  ConnIndex index = slots_[slot].first;
  slots_[slot] = {link_of(slot), link_of(slot)};
  while (!(index & kSlotLink)) {
    const ConnIndex next = conns_[index].timer_next;
    conns_[index].timer_due = conns_[index].expiry;
    // What is due in this very tick belongs into level 0's slot of it, which is collected next.
    const Tick due = conns_[index].timer_due;
    link(index, due <= now_ ? static_cast<uint32_t>(now_) % kSlots : slot_for(due));
    index = next;
  }
}

/// Takes what is due out of a slot of level 0 and files the rest anew.
void TimerWheel::collect(uint32_t slot) {
  ConnIndex index = slots_[slot].first;
  slots_[slot] = {link_of(slot), link_of(slot)};
  occupied_[slot / 64] &= ~(uint64_t{1} << (slot % 64));
  while (!(index & kSlotLink)) {
    Conn& ct = conns_[index];
    const ConnIndex next = ct.timer_next;
    if (ct.expiry <= now_) {
      due_.push_back(index);
      --count_;
    } else {
      ct.timer_due = ct.expiry;
      link(index, slot_for(ct.timer_due));
    }
    index = next;
  }
  std::sort(due_.begin(), due_.end(), [this](ConnIndex a, ConnIndex b) {
    const Conn &first = conns_[a], &second = conns_[b];
    if (first.expiry != second.expiry) return first.expiry < second.expiry;
    return static_cast<int32_t>(first.id - second.id) < 0;
  });
}

/// The next tick whose slot of level 0 has entries, else the one at which higher levels come up.
Tick TimerWheel::next_occupied() const {
  const Tick window = now_ | (kSlots - 1);
  for (Tick at = now_ + 1; at <= window; at = (at | 63) + 1) {
    const uint32_t slot = static_cast<uint32_t>(at) % kSlots;
    const uint64_t ahead = occupied_[slot / 64] >> (slot % 64);
    if (ahead != 0) return at + std::countr_zero(ahead);
  }
  return window + 1;
}

Tick TimerWheel::next_look(Tick limit) const {
  return count_ == 0 ? limit : std::min(limit, next_occupied());
}

/// Goes on to the next tick that has something to do, at most to `limit`. True when entries are
/// due: they are in `due_`.
bool TimerWheel::step(Tick limit) {
  const Tick next = next_occupied();
  if (next > limit) {
    now_ = limit;
    return false;
  }
  now_ = next;
  for (int level = kLevels - 1; level > 0; --level)
    if ((now_ & ((Tick{1} << (8 * level)) - 1)) == 0) cascade(level);
  collect(static_cast<uint32_t>(now_) % kSlots);
  return !due_.empty();
}

}  // namespace ctwin::conntrack
