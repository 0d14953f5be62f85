// An input that is one message of netlink.
//
//   input := nlmsghdr nfgenmsg attribute*       the length in the header is set to what there is
#pragma once

#include <cstring>
#include <vector>

#include "netlink/message.h"
#include "support/exact.h"

namespace ctwin::fuzz {

class MessageInput {
 public:
  MessageInput(const uint8_t* data, size_t size) : bytes_(with_length(data, size)) {
    netlink::MessageReader reader(bytes_.view());
    is_message_ = reader.next(message_);
  }

  /// Null when it is none.
  const netlink::Message* message() const { return is_message_ ? &message_ : nullptr; }
  std::span<const std::byte> bytes() const { return bytes_.view(); }

 private:
  static std::vector<std::byte> with_length(const uint8_t* data, size_t size) {
    constexpr size_t kLongest = 8192;
    if (size < sizeof(nlmsghdr) || size > kLongest) return {};
    std::vector<std::byte> bytes(size);
    std::memcpy(bytes.data(), data, size);
    const auto length = static_cast<uint32_t>(size);
    std::memcpy(bytes.data(), &length, sizeof length);
    return bytes;
  }

  test::Exact bytes_;
  netlink::Message message_;
  bool is_message_ = false;
};

}  // namespace ctwin::fuzz
