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
#include "unit/live/peer.h"

namespace ctwin::test {

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
