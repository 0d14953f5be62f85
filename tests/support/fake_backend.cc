#include "support/fake_backend.h"

#include <algorithm>
#include <cerrno>

namespace ctwin::test {

namespace {

/// Adds `shift` to the sequence number of every whole message of a datagram.
void shift_sequences(std::span<std::byte> datagram, uint32_t shift) {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    std::memcpy(&header, datagram.data(), sizeof header);
    header.nlmsg_seq += shift;
    std::memcpy(datagram.data(), &header, sizeof header);
    const size_t step = std::max<size_t>(netlink::align(header.nlmsg_len), sizeof header);
    datagram = datagram.subspan(std::min(step, datagram.size()));
  }
}

uint32_t first_sequence(std::span<const std::byte> datagram) {
  nlmsghdr header{};
  if (datagram.size() >= sizeof header) std::memcpy(&header, datagram.data(), sizeof header);
  return header.nlmsg_seq;
}

Bytes bare_message(uint16_t type, uint16_t flags, uint32_t sequence, int32_t code) {
  Bytes bytes(sizeof(nlmsghdr) + sizeof code);
  const nlmsghdr header{static_cast<uint32_t>(bytes.size()), type, flags, sequence, 0};
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, &code, sizeof code);
  return bytes;
}

}  // namespace

Script& Script::then(std::vector<Reply> replies) {
  exchanges.push_back({std::move(replies)});
  return *this;
}

Status FakeBackend::send(std::span<const std::byte> datagram) {
  script_->sent.emplace_back(datagram.begin(), datagram.end());
  if (script_->exchanges.empty()) return {};
  Exchange exchange = std::move(script_->exchanges.front());
  script_->exchanges.pop_front();
  if (exchange.send_error != 0) return Error{exchange.send_error, {}};
  for (Reply& reply : exchange.replies) {
    if (auto* bytes = std::get_if<Bytes>(&reply)) shift_sequences(*bytes, first_sequence(datagram));
    script_->pending.push_back(std::move(reply));
  }
  return {};
}

Result<std::span<const std::byte>> FakeBackend::receive(std::span<std::byte> buffer) {
  if (script_->pending.empty()) return Error{ETIMEDOUT, "the script is over"};
  const Reply reply = std::move(script_->pending.front());
  script_->pending.pop_front();
  if (const int* code = std::get_if<int>(&reply)) return Error{*code, {}};
  const Bytes& bytes = std::get<Bytes>(reply);
  if (bytes.size() > buffer.size()) return Error{EMSGSIZE, {}};
  std::copy(bytes.begin(), bytes.end(), buffer.begin());
  return std::span<const std::byte>(buffer.first(bytes.size()));
}

Status FakeBackend::join(uint32_t groups) {
  if (script_->join_error != 0) return Error{script_->join_error, {}};
  script_->joined |= groups;
  return {};
}

Result<std::span<const std::byte>> RecordingBackend::receive(std::span<std::byte> buffer) {
  auto datagram = real_->receive(buffer);
  if (datagram) append_datagram(*datagram, *recording_);
  return datagram;
}

Bytes ack(uint32_t index, int code) { return bare_message(NLMSG_ERROR, 0, index, -code); }

Bytes done(uint16_t flags) {
  return bare_message(NLMSG_DONE, static_cast<uint16_t>(NLM_F_MULTI | flags), 0, 0);
}

Bytes answer(uint32_t index, Bytes message, uint16_t flags) {
  nlmsghdr header;
  std::memcpy(&header, message.data(), sizeof header);
  header.nlmsg_seq = index;
  header.nlmsg_flags = flags;
  std::memcpy(message.data(), &header, sizeof header);
  return message;
}

Bytes datagram_of(const std::vector<Bytes>& messages) {
  Bytes datagram;
  for (const Bytes& message : messages) {
    datagram.insert(datagram.end(), message.begin(), message.end());
    datagram.resize(netlink::align(datagram.size()));
  }
  return datagram;
}

std::vector<Reply> replay(const std::vector<Bytes>& datagrams) {
  std::vector<Reply> replies;
  for (Bytes datagram : datagrams) {
    const uint32_t back = 0 - first_sequence(datagrams.front());
    shift_sequences(datagram, back);
    replies.emplace_back(std::move(datagram));
  }
  return replies;
}

}  // namespace ctwin::test
