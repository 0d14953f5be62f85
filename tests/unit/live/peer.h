// A client of a served engine, at the level of its socket, and what it may say.
#pragma once

#include <sys/socket.h>

#include <cstring>
#include <optional>
#include <vector>

#include "base/posix.h"
#include "netlink/dialect.h"
#include "unit/engine/conversation.h"

namespace ctwin::test {

/// A client's end: raw datagrams.
class Peer {
 public:
  explicit Peer(UniqueFd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  /// False when the socket takes no more for now, or the engine is gone.
  bool send(std::span<const std::byte> datagram) const {
    return ::send(fd(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
  }
  /// What waits; nothing when nothing does.
  std::optional<Bytes> receive() const {
    Bytes bytes(netlink::dialect::kLargestAnswer);
    const ssize_t size = recv(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 0) return std::nullopt;
    bytes.resize(static_cast<size_t>(size));
    return bytes;
  }
  std::vector<Bytes> receive_all() const {
    std::vector<Bytes> all;
    while (auto datagram = receive()) {
      if (datagram->empty()) break;
      all.push_back(std::move(*datagram));
    }
    return all;
  }
  void hang_up() { fd_ = UniqueFd(); }

 private:
  UniqueFd fd_;
};

template <typename Payload>
Bytes control_message(uint16_t type, const Payload& payload, uint32_t sequence = 1) {
  nlmsghdr header{};
  header.nlmsg_len = sizeof header + sizeof payload;
  header.nlmsg_type = type;
  header.nlmsg_flags = NLM_F_REQUEST;
  header.nlmsg_seq = sequence;
  Bytes bytes(header.nlmsg_len);
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, &payload, sizeof payload);
  return bytes;
}

/// A request about the UDP flow of this source port, or about none.
inline Bytes request_for(uint8_t type, uint16_t flags, std::optional<uint16_t> port,
                         uint32_t sequence = 1) {
  netlink::MessageWriter writer(4096);
  netlink::AttrWriter attrs = writer.begin(NFNL_SUBSYS_CTNETLINK, type, flags, sequence,
                                           port ? uint8_t{AF_INET} : uint8_t{AF_UNSPEC});
  if (port) ctnetlink::encode_flow(udp_flow(*port), type != IPCTNL_MSG_CT_NEW, attrs);
  writer.end(attrs);
  return {writer.bytes().begin(), writer.bytes().end()};
}
inline Bytes create_request(uint16_t port, uint16_t flags = 0, uint32_t sequence = 1) {
  return request_for(IPCTNL_MSG_CT_NEW, static_cast<uint16_t>(NLM_F_CREATE | NLM_F_EXCL | flags),
                     port, sequence);
}

}  // namespace ctwin::test
