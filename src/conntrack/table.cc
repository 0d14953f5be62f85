#include "conntrack/table.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cassert>
#include <cstddef>
#include <utility>

namespace ctwin::conntrack {

namespace {

constexpr size_t kFirstBuckets = 64;

}  // namespace

ConnTable::ConnTable(uint32_t capacity, const KeyedHash::Key& key)
    : hash_(key),
      capacity_(capacity),
      memory_(size_t{capacity} + 1),
      conns_(memory_.data()),
      buckets_(kFirstBuckets),
      mask_(kFirstBuckets - 1) {}

/// The slots of a bucket that carry `tag`, a bit each. Which slot it is cannot be predicted, so no
/// branch depends on it. Free slots keep their last tag: look at the ref.
uint32_t ConnTable::matching_slots(const Bucket& bucket, uint32_t tag) {
#ifdef __SSE2__
  const __m128i wanted = _mm_set1_epi32(static_cast<int>(tag));
  const auto equal = [&](const uint32_t* four) {
    const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(four));
    return static_cast<uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(tags, wanted))));
  };
  // The eighth word is no tag.
  static_assert(kSlots == 7 && offsetof(Bucket, tags) == 0);
  return (equal(bucket.tags) | equal(bucket.tags + 4) << 4) & 0x7f;
#else
  uint32_t slots = 0;
  for (size_t i = 0; i < kSlots; ++i) slots |= uint32_t{bucket.tags[i] == tag} << i;
  return slots;
#endif
}

/// `accepts` has the last word on a reference whose tuple is the key's. Where several have the key
/// it is the youngest, which the kernel's chains hold in front.
template <typename Accepts>
ConnTable::Found ConnTable::search(const TupleKey& key, uint64_t hash,
                                   const Accepts& accepts) const {
  const uint32_t tag = tag_of(hash);
  Found youngest;
  for (size_t at = home_of(tag);; at = (at + 1) & mask_) {
    const Bucket& bucket = buckets_[at];
    for (uint32_t slots = matching_slots(bucket, tag); slots != 0; slots &= slots - 1) {
      const uint32_t ref = bucket.refs[std::countr_zero(slots)];
      const Found found{ref / 2, static_cast<Direction>(ref & 1)};
      if (ref == 0 || !(conns_[found.index].tuple[ref & 1] == key) || !accepts(found)) continue;
      if (!keys_are_shared_) return found;
      const uint32_t age = conns_[youngest.index].id - conns_[found.index].id;
      if (youngest.index == 0 || static_cast<int32_t>(age) < 0) youngest = found;
    }
    if (bucket.passed_on == 0) return youngest;
  }
}

ConnTable::Found ConnTable::find(const TupleKey& key, uint64_t hash) const {
  return search(key, hash, [](const Found&) { return true; });
}

ConnTable::Found ConnTable::find(const TupleKey& key, Direction dir) const {
  return search(key, hash(key), [&](const Found& found) {
    return found.dir == dir || !is_original_indexed(conns_[found.index]);
  });
}

ConnTable::Guess ConnTable::prefetch_entry(uint64_t hash) const {
  const uint32_t tag = tag_of(hash);
  const Bucket& bucket = buckets_[home_of(tag)];
  const uint32_t slots = matching_slots(bucket, tag);
  if (slots == 0) return {};
  const uint32_t ref = bucket.refs[std::countr_zero(slots)];
  const auto* entry = reinterpret_cast<const char*>(&conns_[ref / 2]);
  __builtin_prefetch(entry, 1);
  __builtin_prefetch(entry + 64, 1);
  __builtin_prefetch(entry + 128, 1);
  return {ref, changes_};
}

ConnIndex ConnTable::allocate() {
  ConnIndex index = free_;
  if (index != 0) {
    free_ = conns_[index].timer_next;
    std::memset(static_cast<void*>(&conns_[index]), 0, sizeof(Conn));
  } else if (end_ <= capacity_) {
    index = end_++;  // in memory that nobody has written to
  } else {
    return 0;
  }
  Conn& ct = conns_[index];
  ct.in_use = 1;
  ++size_;
  return index;
}

void ConnTable::release(ConnIndex index) {
  Conn& ct = conns_[index];
  assert(ct.in_use);
  if (ct.extension != 0) free_extensions_.push_back(ct.extension);
  ct.extension = 0;
  ct.in_use = 0;
  ct.timer_next = free_;
  free_ = index;
  --size_;
}

// ---- a table that was kept ----

bool ConnTable::begin_restore(ConnIndex end) {
  assert(end_ == 1);
  if (end == 0 || end - 1 > capacity_) return false;
  end_ = end;
  return true;
}

Conn* ConnTable::place(ConnIndex index) {
  if (index == 0 || index >= end_ || conns_[index].in_use) return nullptr;
  Conn& ct = conns_[index];
  std::memset(static_cast<void*>(&ct), 0, sizeof ct);
  ct.in_use = 1;
  ++size_;
  return &ct;
}

std::vector<ConnIndex> ConnTable::free_places() const {
  std::vector<ConnIndex> places;
  for (ConnIndex index = free_; index != 0; index = conns_[index].timer_next)
    places.push_back(index);
  return places;
}

bool ConnTable::set_free_places(std::span<const ConnIndex> places) {
  std::vector<bool> seen(end_);
  for (const ConnIndex index : places) {
    if (index == 0 || index >= end_ || conns_[index].in_use || seen[index]) return false;
    seen[index] = true;
  }
  if (places.size() + size_ != end_ - 1) return false;
  free_ = 0;
  for (size_t i = places.size(); i-- > 0;) {
    conns_[places[i]].timer_next = free_;
    free_ = places[i];
  }
  return true;
}

void ConnTable::insert_ref(uint32_t tag, uint32_t ref) {
  for (size_t at = home_of(tag);; at = (at + 1) & mask_) {
    Bucket& bucket = buckets_[at];
    for (size_t i = 0; i < kSlots; ++i) {
      if (bucket.refs[i] != 0) continue;
      bucket.tags[i] = tag;
      bucket.refs[i] = ref;
      ++refs_;
      return;
    }
    ++bucket.passed_on;
  }
}

void ConnTable::erase_ref(uint32_t tag, uint32_t ref) {
  for (size_t at = home_of(tag);; at = (at + 1) & mask_) {
    Bucket& bucket = buckets_[at];
    for (size_t i = 0; i < kSlots; ++i) {
      if (bucket.refs[i] != ref) continue;
      bucket.refs[i] = 0;
      --refs_;
      return;
    }
    assert(bucket.passed_on != 0);
    --bucket.passed_on;
  }
}

/// Doubles the index. What stands in a bucket goes to one of two, both of which go up with it.
void ConnTable::grow() {
  const ReservedArray<Bucket> old = std::exchange(buckets_, ReservedArray<Bucket>(2 * (mask_ + 1)));
  mask_ = mask_ * 2 + 1;
  refs_ = 0;
  for (size_t at = 0; at < old.size(); ++at)
    for (size_t i = 0; i < kSlots; ++i)
      if (old[at].refs[i] != 0) insert_ref(old[at].tags[i], old[at].refs[i]);
}

/// A flow between two ends that are alike is found as its reply, which the kernel's chains hold in
/// front.
bool ConnTable::is_original_indexed(const Conn& ct) { return !(ct.tuple[0] == ct.tuple[1]); }

void ConnTable::insert(ConnIndex index, const Hashes& hashes) {
  if (refs_ + 2 > (mask_ + 1) * kSlots * 2 / 3) grow();
  ++changes_;
  const Conn& ct = conns_[index];
  keys_are_shared_ |= ct.tuple[0].zone != ct.tuple[1].zone;
  if (is_original_indexed(ct)) insert_ref(tag_of(hashes[0]), index * 2);
  insert_ref(tag_of(hashes[1]), index * 2 + 1);
}

void ConnTable::erase(ConnIndex index) {
  ++changes_;
  const Conn& ct = conns_[index];
  if (is_original_indexed(ct)) erase_ref(tag_of(hash(ct.tuple[0])), index * 2);
  erase_ref(tag_of(hash(ct.tuple[1])), index * 2 + 1);
}

Extension& ConnTable::extend(Conn& ct) {
  if (ct.extension == 0) {
    if (free_extensions_.empty()) {
      extensions_.emplace_back();
      ct.extension = static_cast<uint32_t>(extensions_.size());
    } else {
      ct.extension = free_extensions_.back();
      free_extensions_.pop_back();
      extensions_[ct.extension - 1] = {};
    }
  }
  return extensions_[ct.extension - 1];
}

size_t ConnTable::bytes_used() const {
  return size_t{end_} * sizeof(Conn) + (mask_ + 1) * sizeof(Bucket) +
         extensions_.capacity() * sizeof(Extension);
}

}  // namespace ctwin::conntrack
