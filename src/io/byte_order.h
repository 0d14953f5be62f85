// Numbers in a file whose byte order its head tells.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace ctwin::io {

class ByteOrder {
 public:
  /// The machine's own order, or the other.
  explicit constexpr ByteOrder(bool swapped = false) : swapped_(swapped) {}
  static constexpr ByteOrder big() { return ByteOrder(std::endian::native != std::endian::big); }

  uint16_t u16(const uint8_t* at) const {
    const auto value = load<uint16_t>(at);
    return swapped_ ? __builtin_bswap16(value) : value;
  }
  uint32_t u32(const uint8_t* at) const {
    const auto value = load<uint32_t>(at);
    return swapped_ ? __builtin_bswap32(value) : value;
  }
  uint64_t u64(const uint8_t* at) const {
    const auto value = load<uint64_t>(at);
    return swapped_ ? __builtin_bswap64(value) : value;
  }

 private:
  template <typename T>
  static T load(const uint8_t* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }

  bool swapped_;
};

}  // namespace ctwin::io
