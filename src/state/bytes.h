// Numbers as little-endian bytes, and back: what the state file is written with.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ctwin::state {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie");

/// Appends to its bytes.
class ByteWriter {
 public:
  template <typename T>
  requires std::integral<T> || std::is_enum_v<T>
  void put(T value) { put_bytes({reinterpret_cast<const uint8_t*>(&value), sizeof value}); }
  template <size_t kSize>
  void put(const std::array<uint8_t, kSize>& array) {
    put_bytes(array);
  }
  void put_bytes(std::span<const uint8_t> bytes) {
    if (bytes.empty()) return;
    if (bytes.size() > bytes_.size() - used_)
      bytes_.resize(std::max(bytes_.size() * 2, used_ + bytes.size()));
    std::memcpy(bytes_.data() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
  }
  /// Its length in 32 bits, then its bytes.
  void put_text(std::string_view text) {
    put(static_cast<uint32_t>(text.size()));
    put_bytes({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }
  /// Overwrites what was put at `offset`.
  template <std::integral T>
  void put_at(size_t offset, T value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
  }

  size_t size() const { return used_; }
  std::span<const uint8_t> bytes() const { return std::span(bytes_).first(used_); }
  std::vector<uint8_t> take() {
    bytes_.resize(used_);
    return std::move(bytes_);
  }

 private:
  std::vector<uint8_t> bytes_;
  size_t used_ = 0;
};

/// Reads from the front. What is asked for beyond the end is zero, and `ok` stays false from then
/// on.
class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  template <typename T>
  requires std::integral<T> || std::is_enum_v<T> T get() {
    T value{};
    const std::span<const uint8_t> bytes = get_bytes(sizeof value);
    if constexpr (std::same_as<T, bool>)
      value = !bytes.empty() && bytes[0] != 0;
    else if (!bytes.empty())
      std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  template <typename T>
  void get(T& value) {
    value = get<T>();
  }
  /// Empty when there are not so many.
  std::span<const uint8_t> get_bytes(size_t count) {
    if (count > bytes_.size()) fail();
    const std::span<const uint8_t> front = bytes_.first(ok_ ? count : 0);
    bytes_ = bytes_.subspan(front.size());
    return front;
  }
  template <size_t kSize>
  void get(std::array<uint8_t, kSize>& array) {
    const std::span<const uint8_t> bytes = get_bytes(kSize);
    if (!bytes.empty()) std::ranges::copy(bytes, array.begin());
  }
  std::string get_text() {
    const std::span<const uint8_t> bytes = get_bytes(get<uint32_t>());
    return {bytes.begin(), bytes.end()};
  }
  /// A count of things that take at least `each` bytes apiece: never more than can follow.
  uint32_t get_count(size_t each) {
    const auto count = get<uint32_t>();
    if (count > bytes_.size() / each) fail();
    return ok_ ? count : 0;
  }

  void fail() { ok_ = false, bytes_ = {}; }
  bool ok() const { return ok_; }
  std::span<const uint8_t> rest() const { return bytes_; }
  bool at_end() const { return bytes_.empty(); }

 private:
  std::span<const uint8_t> bytes_;
  bool ok_ = true;
};

}  // namespace ctwin::state
