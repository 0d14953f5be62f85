// A keyed hash of short fixed-size keys, for tables whose keys come from the network.
//
// Words are mixed by folding 128-bit products with secret words, so that neither correlated keys
// (addresses in sequence) nor chosen ones (without the secret) crowd a bucket.
#pragma once

#include <array>
#include <cstdint>

namespace ctwin {

class KeyedHash {
 public:
  using Key = std::array<uint64_t, 4>;

  explicit KeyedHash(const Key& key) : key_(key) {}

  /// Mixes two words into `state`; begin with `start()`, end with `finish`.
  uint64_t start() const { return key_[0]; }
  uint64_t mix(uint64_t state, uint64_t a, uint64_t b) const {
    return fold(a ^ key_[1] ^ state, b ^ key_[2]) ^ state;
  }
  uint64_t finish(uint64_t state) const { return fold(state ^ key_[3], key_[1] | 1); }

 private:
  static uint64_t fold(uint64_t a, uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }

  Key key_;
};

}  // namespace ctwin
