// When entries expire: a hierarchical timer wheel, four levels of 256 slots over ticks of 4 ms.
//
// An entry's expiry moves with nearly every packet, its place in the wheel does not: the wheel
// looks at an entry at `timer_due`, and if its `expiry` has moved on by then, files it anew. Only
// an expiry that moves nearer than `timer_due` has to be told (`hasten`). Lists are linked through
// the entries; a link with the top bit set names a slot.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "conntrack/conn.h"

namespace ctwin::conntrack {

class TimerWheel {
 public:
  /// `conns` is the base of the entries that indexes count from.
  explicit TimerWheel(Conn* conns);

  /// Sets the clock of an empty wheel.
  void start(Tick now) { now_ = now; }
  Tick now() const { return now_; }

  /// Files an entry that is in no slot, at its expiry.
  void add(ConnIndex index);
  void remove(ConnIndex index);
  /// The expiry may have moved nearer.
  void hasten(ConnIndex index) {
    if (conns_[index].expiry < conns_[index].timer_due) refile(index);
  }

  /// When the wheel has something to do next, be it only to file entries anew: at most `limit`,
  /// and never later than the next entry expires.
  Tick next_look(Tick limit) const;

  /// Moves the clock to `now` and takes out of the wheel, in order of expiry and then of age, the
  /// entries that expire up to then; each is handed to `expire`, which may add and remove others.
  /// The clock stands at the entry's expiry meanwhile.
  template <typename Expire>
  void advance(Tick now, const Expire& expire) {
    while (now_ < now) {
      if (count_ == 0) {
        now_ = now;
        return;
      }
      if (!step(now)) continue;
      for (size_t i = 0; i < due_.size(); ++i)
        if (conns_[due_[i]].in_use) expire(due_[i]);
      due_.clear();
    }
  }

 private:
  static constexpr int kLevels = 4;
  static constexpr uint32_t kSlots = 256;
  static constexpr ConnIndex kSlotLink = 1u << 31;

  struct Slot {
    ConnIndex first, last;
  };

  static ConnIndex link_of(uint32_t slot) { return kSlotLink | slot; }
  uint32_t slot_for(Tick due) const;
  void link(ConnIndex index, uint32_t slot);
  void unlink(ConnIndex index);
  void refile(ConnIndex index);
  void cascade(int level);
  Tick next_occupied() const;
  bool step(Tick limit);
  void collect(uint32_t slot);

  Conn* conns_;
  Tick now_ = 0;
  size_t count_ = 0;
  std::array<Slot, kLevels * kSlots> slots_;
  std::array<uint64_t, kSlots / 64> occupied_{};  ///< of level 0
  std::vector<ConnIndex> due_;
};

}  // namespace ctwin::conntrack
