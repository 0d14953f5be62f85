#include "netlink/message.h"

#include <cerrno>
#include <cstring>

namespace ctwin::netlink {

int Message::error_code() const {
  int32_t code = 0;
  if (body.size() < sizeof code) return EBADMSG;
  std::memcpy(&code, body.data(), sizeof code);
  return code == INT32_MIN ? EBADMSG : code < 0 ? -code : code;
}

nfgenmsg Message::nfgen() const {
  nfgenmsg generic{};
  if (body.size() >= sizeof generic) std::memcpy(&generic, body.data(), sizeof generic);
  return generic;
}

std::span<const std::byte> Message::attributes() const {
  return body.size() < sizeof(nfgenmsg) ? body.first(0) : body.subspan(sizeof(nfgenmsg));
}

bool MessageReader::next(Message& message) {
  if (rest_.size() < sizeof(nlmsghdr)) {
    malformed_ |= !rest_.empty();
    return false;
  }
  std::memcpy(&message.header, rest_.data(), sizeof(nlmsghdr));
  const size_t length = message.header.nlmsg_len;
  if (length < sizeof(nlmsghdr) || length > rest_.size()) {
    malformed_ = true;
    return false;
  }
  message.body = rest_.subspan(sizeof(nlmsghdr), length - sizeof(nlmsghdr));
  const size_t step = align(length);
  rest_ = rest_.subspan(step < rest_.size() ? step : rest_.size());
  return true;
}

AttrWriter MessageWriter::begin(uint8_t subsystem, uint8_t type, uint16_t flags, uint32_t sequence,
                                uint8_t family, uint8_t version, uint16_t resource_id) {
  constexpr size_t kHeaders = sizeof(nlmsghdr) + sizeof(nfgenmsg);
  if (buffer_.size() - size_ < kHeaders) return AttrWriter({}, size_ + kHeaders);
  nlmsghdr header{};
  header.nlmsg_type = static_cast<uint16_t>(subsystem << 8 | type);
  header.nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST);
  header.nlmsg_seq = sequence;
  const nfgenmsg generic{family, version, big_endian(resource_id)};
  std::memcpy(buffer_.data() + size_, &header, sizeof header);
  std::memcpy(buffer_.data() + size_ + sizeof header, &generic, sizeof generic);
  return AttrWriter(buffer_, size_ + kHeaders);
}

bool MessageWriter::end(const AttrWriter& attrs) {
  if (attrs.overflowed() || attrs.size() > buffer_.size()) return false;
  const uint32_t length = static_cast<uint32_t>(attrs.size() - size_);
  std::memcpy(buffer_.data() + size_ + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
  last_ = size_;
  size_ = attrs.size();
  return true;
}

void MessageWriter::acknowledge_last() {
  uint16_t flags;
  std::byte* at = buffer_.data() + last_ + offsetof(nlmsghdr, nlmsg_flags);
  std::memcpy(&flags, at, sizeof flags);
  flags |= NLM_F_ACK;
  std::memcpy(at, &flags, sizeof flags);
}

}  // namespace ctwin::netlink
