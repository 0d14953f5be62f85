// An engine's table served to clients over socket pairs, a turn of the loop at a time: nothing here
// waits for anything.
#pragma once

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include "live/clients.h"
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

/// The messages of datagrams; they view them.
inline std::vector<netlink::Message> messages_in(const std::vector<Bytes>& datagrams) {
  std::vector<netlink::Message> messages;
  for (const Bytes& datagram : datagrams) {
    netlink::MessageReader reader(datagram);
    for (netlink::Message message; reader.next(message);) messages.push_back(message);
    REQUIRE_FALSE(reader.malformed());
  }
  return messages;
}

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

struct Served : Table {
  explicit Served(size_t most = live::Clients::kMost)
      : loop(std::move(*live::Loop::make())), clients(*loop, responder, most) {}

  Peer dial() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    Peer peer{UniqueFd(ends[1])};
    REQUIRE(clients.adopt(UniqueFd(ends[0])).ok());
    return peer;
  }

  void turn() {
    REQUIRE(loop->turn(0).ok());
    clients.tend();
  }
  /// Enough turns for whatever is under way.
  void settle() {
    for (int i = 0; i < 8; ++i) turn();
  }
  /// Sends, and answers with what comes back.
  std::vector<Bytes> ask(const Peer& peer, std::span<const std::byte> datagram) {
    REQUIRE(peer.send(datagram));
    settle();
    return hear(peer);
  }
  /// All that there is for a client: what its socket does not take at once comes when it reads.
  std::vector<Bytes> hear(const Peer& peer) {
    std::vector<Bytes> all;
    for (;;) {
      std::vector<Bytes> some = peer.receive_all();
      if (some.empty()) return all;
      std::move(some.begin(), some.end(), std::back_inserter(all));
      settle();
    }
  }
  /// The errno that a datagram is answered with.
  int code_of(const Peer& peer, std::span<const std::byte> datagram) {
    const std::vector<Bytes> answers = ask(peer, datagram);
    REQUIRE(answers.size() == 1);
    const netlink::Message message = message_of(answers[0]);
    REQUIRE(message.is_error());
    return message.error_code();
  }

  /// The conversation of the client that came first: a process's first has its number.
  static engine::Responder::PortId port_of_first() { return static_cast<uint32_t>(getpid()); }

  std::unique_ptr<live::Loop> loop;
  live::Clients clients;
};

}  // namespace ctwin::test
