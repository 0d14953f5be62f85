// Requests as bytes, right ones and wrong ones: nothing here asks whether a message makes sense.
#pragma once

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ctwin::test {

using Bytes = std::vector<std::byte>;

constexpr uint16_t kStatusMaskAttr = 26;
constexpr uint16_t kTimestampEventAttr = 27;

/// Stands for the id that the entry really has.
constexpr uint32_t kAnyEntry = 0xfeedf00d;

constexpr uint16_t conntrack_type(uint8_t type) {
  return static_cast<uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | type);
}
constexpr uint16_t expect_type(uint8_t type) {
  return static_cast<uint16_t>(NFNL_SUBSYS_CTNETLINK_EXP << 8 | type);
}

/// A run of attributes under construction.
class AttrBytes {
 public:
  AttrBytes& raw(uint16_t type, std::span<const std::byte> payload) {
    const auto length = static_cast<uint16_t>(sizeof(nlattr) + payload.size());
    append(&length, sizeof length);
    append(&type, sizeof type);
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
    bytes_.resize((bytes_.size() + 3) & ~size_t{3});
    return *this;
  }
  AttrBytes& u8(uint16_t type, uint8_t value) { return number(type, value, 1); }
  AttrBytes& u16(uint16_t type, uint16_t value) { return number(type, value, 2); }
  AttrBytes& u32(uint16_t type, uint32_t value) { return number(type, value, 4); }
  /// The low `size` bytes of `value`, most significant first.
  AttrBytes& number(uint16_t type, uint64_t value, size_t size) {
    Bytes payload(size);
    for (size_t i = 0; i < size && i < 8; ++i)
      payload[size - 1 - i] = static_cast<std::byte>(value >> (8 * i));
    return raw(type, payload);
  }
  AttrBytes& host32(uint16_t type, uint32_t value) {
    return raw(type, std::as_bytes(std::span(&value, 1)));
  }
  AttrBytes& text(uint16_t type, std::string_view value) {
    Bytes payload(value.size() + 1);
    std::memcpy(payload.data(), value.data(), value.size());
    return raw(type, payload);
  }
  AttrBytes& nest(uint16_t type, const AttrBytes& inner) {
    return raw(type | NLA_F_NESTED, inner.bytes_);
  }
  AttrBytes& add(const AttrBytes& other) {
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
    return *this;
  }
  AttrBytes& garbage(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }

  const Bytes& bytes() const { return bytes_; }
  size_t size() const { return bytes_.size(); }

 private:
  void append(const void* data, size_t size) {
    const auto* from = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
  }
  Bytes bytes_;
};

struct MessageHead {
  uint16_t type = 0;
  uint16_t flags = 0;  ///< besides NLM_F_REQUEST
  uint8_t family = AF_INET;
  uint8_t version = 0;
  uint16_t resource = 0;
};

inline Bytes message(const MessageHead& head, const AttrBytes& attrs, uint32_t sequence = 1) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<uint32_t>(sizeof header + sizeof(nfgenmsg) + attrs.size());
  header.nlmsg_type = head.type;
  header.nlmsg_flags = head.flags | NLM_F_REQUEST;
  header.nlmsg_seq = sequence;
  const nfgenmsg generic{head.family, head.version, htons(head.resource)};
  Bytes bytes(header.nlmsg_len);
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, &generic, sizeof generic);
  std::copy(attrs.bytes().begin(), attrs.bytes().end(),
            bytes.end() - static_cast<ptrdiff_t>(attrs.size()));
  return bytes;
}

/// A tuple in small numbers: hosts 1, 2, … of 10.0.0.0/24 or fd00::/120.
struct SmallTuple {
  uint8_t proto = IPPROTO_UDP;
  uint8_t src = 1, dst = 2;
  uint16_t sport = 1000, dport = 53;  ///< ICMP: id, and type and code as high and low byte
  bool v6 = false;
};

/// The tuple that answers carry.
SmallTuple reply_to(const SmallTuple& tuple);

AttrBytes addresses_of(const SmallTuple& tuple);
AttrBytes protocol_of(const SmallTuple& tuple);
AttrBytes tuple_attr(uint16_t type, const SmallTuple& tuple);
/// Both tuples.
AttrBytes tuples_of(const SmallTuple& tuple);
std::array<std::byte, 16> host(uint8_t number, bool v6);

}  // namespace ctwin::test
