// Netlink attributes: a bounds-checked reader and an appending writer, inline because every entry
// of a listing passes through here.
//
//   attribute := length:u16 type:u16 payload padding     (host order, length without padding,
//                                                         padded to 4 bytes)
//   type      := bit 15 nested, bit 14 network byte order, bits 0-13 the type
//
// Integers inside conntrack's payloads are big-endian; the getters return host order. A reader
// never touches a byte outside its span: an attribute whose length is shorter than its header or
// longer than what is left ends the walk and marks it malformed. Payload getters answer 0 for a
// payload of the wrong size and mark the walk malformed too.
#pragma once

#include <linux/netlink.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace ctwin::netlink {

constexpr size_t kAttrAlign = 4;
constexpr size_t align(size_t length) { return (length + kAttrAlign - 1) & ~(kAttrAlign - 1); }

template <typename T>
constexpr T big_endian(T value) {
  static_assert(std::is_unsigned_v<T>);
  if constexpr (sizeof(T) == 1 || std::endian::native == std::endian::big)
    return value;
  else if constexpr (sizeof(T) == 2)
    return static_cast<T>(__builtin_bswap16(value));
  else if constexpr (sizeof(T) == 4)
    return __builtin_bswap32(value);
  else
    return __builtin_bswap64(value);
}

/// One attribute: its type and its payload, a view into the message.
struct Attr {
  uint16_t type = 0;
  std::span<const std::byte> payload;
  bool nested = false;  ///< marked as a nest (NLA_F_NESTED)

  template <typename T>
  bool holds() const {
    return payload.size() == sizeof(T);
  }

  /// The payload as an integer in host order, from network order; 0 when its size differs.
  template <typename T>
  T be() const {
    return big_endian(native<T>());
  }

  /// The payload as an integer that was written in host order; 0 when its size differs.
  template <typename T>
  T native() const {
    T value = 0;
    if (holds<T>()) std::memcpy(&value, payload.data(), sizeof value);
    return value;
  }

  /// The payload as text, up to its first NUL.
  std::string_view text() const {
    const char* chars = reinterpret_cast<const char*>(payload.data());
    return {chars, payload.empty() ? 0 : strnlen(chars, payload.size())};
  }
};

/// Walks a run of attributes.
class AttrReader {
 public:
  explicit AttrReader(std::span<const std::byte> bytes) : rest_(bytes) {}
  explicit AttrReader(const Attr& nest) : rest_(nest.payload) {}

  /// Steps to the next attribute; false at the end or where the bytes are malformed.
  bool next(Attr& attr) {
    if (rest_.size() < sizeof(nlattr)) {
      malformed_ |= !rest_.empty();
      return false;
    }
    nlattr header;
    std::memcpy(&header, rest_.data(), sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > rest_.size()) {
      malformed_ = true;
      return false;
    }
    attr.type = header.nla_type & NLA_TYPE_MASK;
    attr.payload = rest_.subspan(sizeof header, header.nla_len - sizeof header);
    attr.nested = (header.nla_type & NLA_F_NESTED) != 0;
    const size_t step = align(header.nla_len);
    rest_ = rest_.subspan(step < rest_.size() ? step : rest_.size());
    return true;
  }

  bool malformed() const { return malformed_; }

 private:
  std::span<const std::byte> rest_;
  bool malformed_ = false;
};

/// Appends attributes to a buffer of fixed size. An attribute that does not fit is not written
/// and `overflowed()` says so; nothing is written behind it.
class AttrWriter {
 public:
  /// Writes behind the first `used` bytes of `buffer`.
  AttrWriter(std::span<std::byte> buffer, size_t used)
      : buffer_(buffer), size_(used), overflowed_(used > buffer.size()) {}

  size_t size() const { return size_; }
  bool overflowed() const { return overflowed_; }

  void put_bytes(uint16_t type, std::span<const std::byte> payload) {
    std::byte* at = reserve(type, payload.size());
    if (at && !payload.empty()) std::memcpy(at, payload.data(), payload.size());
  }

  /// An unsigned integer in network order.
  template <typename T>
  void put(uint16_t type, T value) {
    const T wire = big_endian(value);
    put_bytes(type, std::as_bytes(std::span(&wire, 1)));
  }

  /// An unsigned integer in host order.
  template <typename T>
  void put_native(uint16_t type, T value) {
    put_bytes(type, std::as_bytes(std::span(&value, 1)));
  }

  /// Text with its terminating NUL, as the kernel's NLA_NUL_STRING wants it.
  void put_text(uint16_t type, std::string_view text) {
    std::byte* at = reserve(type, text.size() + 1);
    if (!at) return;
    std::memcpy(at, text.data(), text.size());
    at[text.size()] = std::byte{0};
  }

  /// Opens a nest; close it with `end_nest(mark)`.
  size_t begin_nest(uint16_t type) {
    const size_t mark = size_;
    reserve(type | NLA_F_NESTED, 0);
    return mark;
  }
  void end_nest(size_t mark) {
    if (overflowed_) return;
    const uint16_t length = static_cast<uint16_t>(size_ - mark);
    std::memcpy(buffer_.data() + mark, &length, sizeof length);
  }

 private:
  std::byte* reserve(uint16_t type, size_t payload) {
    const size_t length = sizeof(nlattr) + payload;
    const size_t padded = align(length);
    if (overflowed_ || length > UINT16_MAX || padded > buffer_.size() - size_) {
      overflowed_ = true;
      return nullptr;
    }
    std::byte* at = buffer_.data() + size_;
    const nlattr header{static_cast<uint16_t>(length), type};
    std::memcpy(at, &header, sizeof header);
    std::memset(at + length, 0, padded - length);
    size_ += padded;
    return at + sizeof header;
  }

  std::span<std::byte> buffer_;
  size_t size_;
  bool overflowed_;
};

}  // namespace ctwin::netlink
