// How long the chains of the kernel's hash table would be, and when it would refuse an entry for
// it.
//
// The kernel takes no entry whose bucket holds 50 others, and up to 29 more than that by chance
// (__nf_conntrack_confirm). This table has no chains, so they are counted, and only where somebody
// has said how many buckets there are (nf_conntrack_buckets). Which flows share a bucket is up to
// the hash and its key, in the kernel as here.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "conntrack/table.h"

namespace ctwin::conntrack {

class Chains {
 public:
  using Hashes = ConnTable::Hashes;

  explicit Chains(uint32_t buckets) : lengths_(buckets) {}

  /// Would an entry with these hashes stand in a chain that is too long?
  bool too_long(const Hashes& hashes, Random& random) const {
    constexpr uint64_t kLeast = 50, kByChance = 30;
    const uint64_t most = kLeast + random.below(kByChance);
    // The kernel finds out when it passes the entry behind one more than so many.
    return lengths_[bucket_of(hashes[0])] >= most + 2 || lengths_[bucket_of(hashes[1])] >= most + 2;
  }
  void add(const Hashes& hashes) {
    for (const uint64_t hash : hashes) ++lengths_[bucket_of(hash)];
  }
  void remove(const Hashes& hashes) {
    for (const uint64_t hash : hashes) --lengths_[bucket_of(hash)];
  }

 private:
  size_t bucket_of(uint64_t hash) const { return (hash >> 32) * lengths_.size() >> 32; }

  std::vector<uint32_t> lengths_;
};

}  // namespace ctwin::conntrack
