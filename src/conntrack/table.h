// The connection table: entries, and an index over both tuples of each.
//
// Entries live in one reserved run of address space and never move, so that an index of 32 bits
// names one for its whole life. The index is a table of 64-byte buckets with seven slots; a bucket
// that is full passes an entry on to the next and counts what it has passed on, so a search knows
// where to stop and deleting leaves no tombstones. A lookup is one cache line for the bucket and
// three for the entry; `prefetch_*` lets a batch of packets wait for all of theirs together. A slot
// has 32 bits of its tuple's hash, which also say the bucket, so that the index grows without a
// look at the entries.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "base/keyed_hash.h"
#include "base/reserved_array.h"
#include "conntrack/conn.h"

namespace ctwin::conntrack {

class ConnTable {
 public:
  /// Room for `capacity` entries; memory is taken as it is used.
  ConnTable(uint32_t capacity, const KeyedHash::Key& key);
  ConnTable(const ConnTable&) = delete;
  ConnTable& operator=(const ConnTable&) = delete;

  struct Found {
    ConnIndex index = 0;  ///< 0: nothing found
    Direction dir = Direction::kOriginal;
  };

  uint64_t hash(const TupleKey& key) const {
    const uint64_t rest = load64(&key.src_key);
    uint64_t state = hash_.start();
    if (key.family == AF_INET) {
      const uint64_t addresses =
          load64(key.src.data()) << 32 | (load64(key.dst.data()) & UINT32_MAX);
      return hash_.finish(hash_.mix(state, addresses, rest));
    }
    state = hash_.mix(state, load64(key.src.data()), load64(key.src.data() + 8));
    state = hash_.mix(state, load64(key.dst.data()), load64(key.dst.data() + 8));
    return hash_.finish(hash_.mix(state, rest, ~rest));
  }
  /// Of both of an entry's tuples.
  using Hashes = std::array<uint64_t, 2>;
  Hashes hashes(const Conn& ct) const { return {hash(ct.tuple[0]), hash(ct.tuple[1])}; }
  Found find(const TupleKey& key, uint64_t hash) const;
  Found find(const TupleKey& key) const { return find(key, hash(key)); }
  /// The entry whose tuple of direction `dir` it is: in zones that hold for one direction only,
  /// the other direction of another entry may have the same key.
  Found find(const TupleKey& key, Direction dir) const;

  /// What a tuple's entry seemed to be before it was looked at; it says so for as long as nothing
  /// was put into the index or taken out.
  struct Guess {
    uint32_t ref = 0;  ///< 0: the index has none
    uint32_t changes = 0;
  };
  Found find(const TupleKey& key, uint64_t hash, const Guess& guess) const {
    const bool holds = guess.ref != 0 && guess.changes == changes_ && !keys_are_shared_ &&
                       conns_[guess.ref / 2].tuple[guess.ref & 1] == key;
    return holds ? Found{guess.ref / 2, static_cast<Direction>(guess.ref & 1)} : find(key, hash);
  }

  /// Asks for the bucket of a hash, and for the entry that its slots point to, ahead of `find`.
  void prefetch_bucket(uint64_t hash) const {
    __builtin_prefetch(&buckets_[home_of(tag_of(hash))]);
  }
  Guess prefetch_entry(uint64_t hash) const;

  /// A cleared entry that is in nobody's index yet; 0 when there is no room.
  ConnIndex allocate();
  /// Gives back an entry that is not in the index.
  void release(ConnIndex index);

  /// Makes room for the entries of a table that was kept, all below `end`; this one is empty yet.
  /// False when there is not so much.
  bool begin_restore(ConnIndex end);
  /// An entry back in its old place, cleared; null when that is taken or beyond the end.
  Conn* place(ConnIndex index);
  /// The places below `end()` that hold no entry, in the order in which they are given out next.
  std::vector<ConnIndex> free_places() const;
  /// Ends the restoring: false unless these are all the places that are free.
  bool set_free_places(std::span<const ConnIndex> places);

  /// Puts both tuples into the index, or takes them out.
  void insert(ConnIndex index) { insert(index, hashes(conns_[index])); }
  void insert(ConnIndex index, const Hashes& hashes);
  void erase(ConnIndex index);

  Conn& operator[](ConnIndex index) { return conns_[index]; }
  const Conn& operator[](ConnIndex index) const { return conns_[index]; }
  ConnIndex index_of(const Conn& ct) const { return static_cast<ConnIndex>(&ct - conns_); }
  Conn* base() { return conns_; }

  /// Entries allocated, confirmed or not.
  uint32_t size() const { return size_; }
  /// Entries ever allocated lie below this index: the bound of a walk over all.
  ConnIndex end() const { return end_; }
  /// Entries there is room for.
  uint32_t capacity() const { return capacity_; }

  /// The entry's extension, made when it has none.
  Extension& extend(Conn& ct);
  Extension* extension(const Conn& ct) {
    return ct.extension == 0 ? nullptr : &extensions_[ct.extension - 1];
  }
  const Extension* extension(const Conn& ct) const {
    return ct.extension == 0 ? nullptr : &extensions_[ct.extension - 1];
  }

  /// Entries near where a hash falls, for early drop: calls `visit` with each until it says stop.
  template <typename Visit>
  void walk_from(uint64_t hash, size_t buckets, const Visit& visit) const;

  /// Bytes of index and entries in use, for the bench.
  size_t bytes_used() const;

 private:
  static constexpr size_t kSlots = 7;
  struct alignas(64) Bucket {
    uint32_t tags[kSlots];
    uint32_t passed_on;     ///< entries that would stand here if there were room
    uint32_t refs[kSlots];  ///< index * 2 + direction; 0 is free
    uint32_t unused;
  };

  static uint64_t load64(const void* at) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
  }
  template <typename Accepts>
  Found search(const TupleKey& key, uint64_t hash, const Accepts& accepts) const;
  static uint32_t matching_slots(const Bucket& bucket, uint32_t tag);
  static uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }
  size_t home_of(uint32_t tag) const { return tag & mask_; }
  void insert_ref(uint32_t tag, uint32_t ref);
  void erase_ref(uint32_t tag, uint32_t ref);
  static bool is_original_indexed(const Conn& ct);
  void grow();

  KeyedHash hash_;
  uint32_t capacity_;
  ReservedArray<Conn> memory_;
  Conn* conns_;
  ConnIndex end_ = 1;   ///< index 0 is nobody
  ConnIndex free_ = 0;  ///< released entries, linked through timer_next
  uint32_t size_ = 0;
  size_t refs_ = 0;
  uint32_t changes_ = 0;  ///< of what the index holds
  ReservedArray<Bucket> buckets_;
  size_t mask_;
  bool keys_are_shared_ = false;  ///< some zone held for one direction only
  std::vector<Extension> extensions_;
  std::vector<uint32_t> free_extensions_;
};

template <typename Visit>
void ConnTable::walk_from(uint64_t hash, size_t buckets, const Visit& visit) const {
  for (size_t i = 0; i < buckets; ++i) {
    const Bucket& bucket = buckets_[(home_of(tag_of(hash)) + i) & mask_];
    for (const uint32_t ref : bucket.refs)
      if (ref != 0) visit(ref / 2);
    if (visit.done()) return;
  }
}

}  // namespace ctwin::conntrack
