// What the kernel demands of a request's attributes before it looks at any of them: its netlink
// policies, as tables of one rule a type.
//
// The rules are those of old families: an integer may be longer than it need be and is read from
// its front, unknown types and trailing bytes are passed over, and of two attributes of one type
// the later counts.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "netlink/attr.h"

namespace ctwin::engine {

struct AttrRule {
  enum class Kind : uint8_t {
    kAny,
    kAtLeast,   ///< `bound` bytes or more
    kByteUpTo,  ///< a byte of value `bound` or less
    kNested,    ///< nothing, or room for an attribute
    kText,      ///< a string of at most `bound` bytes, with its NUL; 0 is no limit
    kBinary,    ///< at most `bound` bytes
    kRejected,
  };
  Kind kind = Kind::kAny;
  uint32_t bound = 0;
};

constexpr AttrRule kU8Rule{AttrRule::Kind::kAtLeast, 1};
constexpr AttrRule kU16Rule{AttrRule::Kind::kAtLeast, 2};
constexpr AttrRule kU32Rule{AttrRule::Kind::kAtLeast, 4};
constexpr AttrRule kNestedRule{AttrRule::Kind::kNested, 0};
constexpr AttrRule kRejectedRule{AttrRule::Kind::kRejected, 0};
constexpr AttrRule at_least(uint32_t bytes) { return {AttrRule::Kind::kAtLeast, bytes}; }
constexpr AttrRule byte_up_to(uint32_t value) { return {AttrRule::Kind::kByteUpTo, value}; }
constexpr AttrRule text(uint32_t bytes) { return {AttrRule::Kind::kText, bytes}; }
constexpr AttrRule binary(uint32_t bytes) { return {AttrRule::Kind::kBinary, bytes}; }

/// Attributes by their type, of types below kSize.
template <size_t kSize>
class Attrs {
 public:
  bool has(uint16_t type) const { return slots_[type].type != 0; }
  const netlink::Attr& operator[](uint16_t type) const { return slots_[type]; }
  std::span<netlink::Attr> slots() { return slots_; }

 private:
  std::array<netlink::Attr, kSize> slots_{};
};

/// Sorts the attributes in `bytes` by type into `slots`, which has one slot a rule. Returns 0 or
/// the errno of the first rule that one of them breaks.
int read_attrs(std::span<const std::byte> bytes, std::span<const AttrRule> rules,
               std::span<netlink::Attr> slots);

template <size_t kSize>
int read_attrs(std::span<const std::byte> bytes, const std::array<AttrRule, kSize>& rules,
               Attrs<kSize>& attrs) {
  return read_attrs(bytes, std::span<const AttrRule>(rules), attrs.slots());
}

/// The integer, in host order, at the front of a payload that is long enough by its rule.
template <typename T>
T front(const netlink::Attr& attr) {
  T value;
  std::memcpy(&value, attr.payload.data(), sizeof value);
  return netlink::big_endian(value);
}

/// The same without changing the order of its bytes.
template <typename T>
T raw_front(const netlink::Attr& attr) {
  T value;
  std::memcpy(&value, attr.payload.data(), sizeof value);
  return value;
}

}  // namespace ctwin::engine
