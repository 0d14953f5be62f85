// Netlink messages in a datagram: a bounds-checked walk, and a builder of requests.
//
//   datagram := message*            message := nlmsghdr nfgenmsg attribute*   (padded to 4 bytes)
//   nfgenmsg := family:u8 version:u8 res_id:be16
//
// Error and done messages carry an errno instead of nfgenmsg and attributes.
#pragma once

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "netlink/attr.h"

namespace ctwin::netlink {

/// One message of a datagram; `body` is what follows its nlmsghdr.
struct Message {
  nlmsghdr header{};
  std::span<const std::byte> body;

  uint8_t subsystem() const { return static_cast<uint8_t>(header.nlmsg_type >> 8); }
  uint8_t type() const { return static_cast<uint8_t>(header.nlmsg_type & 0xff); }
  bool is_error() const { return header.nlmsg_type == NLMSG_ERROR; }
  bool is_done() const { return header.nlmsg_type == NLMSG_DONE; }

  /// errno of an error or done message, positive; 0 for an ACK. EBADMSG when it is cut short.
  int error_code() const;

  /// The family, version and resource id in front of the attributes; all 0 when cut short.
  nfgenmsg nfgen() const;

  /// The attributes behind nfgenmsg; empty when the message is cut short.
  std::span<const std::byte> attributes() const;
};

/// Walks the messages of a datagram.
class MessageReader {
 public:
  explicit MessageReader(std::span<const std::byte> datagram) : rest_(datagram) {}

  /// Steps to the next message; false at the end or where the bytes are malformed.
  bool next(Message& message);
  bool malformed() const { return malformed_; }

 private:
  std::span<const std::byte> rest_;
  bool malformed_ = false;
};

/// Builds a datagram of one or more messages.
class MessageWriter {
 public:
  explicit MessageWriter(size_t capacity) : buffer_(capacity) {}

  /// Begins a message; finish it with `end`. `flags` are NLM_F_*.
  AttrWriter begin(uint8_t subsystem, uint8_t type, uint16_t flags, uint32_t sequence,
                   uint8_t family, uint8_t version = NFNETLINK_V0, uint16_t resource_id = 0);

  /// Closes the message that `attrs` was writing. False when it did not fit: the datagram is then
  /// what it was before `begin`.
  bool end(const AttrWriter& attrs);

  /// Adds NLM_F_ACK to the message that was ended last.
  void acknowledge_last();

  std::span<const std::byte> bytes() const { return {buffer_.data(), size_}; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = last_ = 0; }

 private:
  std::vector<std::byte> buffer_;
  size_t size_ = 0;  ///< bytes of finished messages
  size_t last_ = 0;  ///< where the last message begins
};

}  // namespace ctwin::netlink
