#include "live/clients.h"

#include <cerrno>

#include "unit/live/served.h"

using namespace ctwin;
using namespace ctwin::test;
namespace dialect = ctwin::netlink::dialect;

namespace {

dialect::Hello gathering(uint32_t largest = dialect::kLargestAnswer) {
  dialect::Hello hello;
  hello.largest_answer = largest;
  hello.flags = dialect::kGather;
  return hello;
}

/// The code of NLM_F_ACK's answer, and that it is the client's own.
int join(Served& served, const Peer& peer, uint32_t groups = ctnetlink::kConntrackGroups) {
  return served.code_of(peer, control_message(dialect::kJoin, dialect::Groups{groups}));
}

/// How many entries a dump shows, each message of the right kind and the end behind them.
size_t listed_by(const std::vector<Bytes>& datagrams) {
  const std::vector<netlink::Message> messages = messages_in(datagrams);
  REQUIRE_FALSE(messages.empty());
  REQUIRE(messages.back().is_done());
  for (size_t i = 0; i + 1 < messages.size(); ++i) REQUIRE(messages[i].type() == 0);
  return messages.size() - 1;
}

}  // namespace

TEST_CASE("requests over a socket are answered as the kernel answers them") {
  Served served;
  const Peer peer = served.dial();
  CHECK(served.code_of(peer, create_request(1, NLM_F_ACK)) == 0);
  CHECK(served.code_of(peer, create_request(1)) == EEXIST);
  CHECK(served.ask(peer, create_request(2)).empty());
  CHECK(listed_by(served.ask(peer, request_for(IPCTNL_MSG_CT_GET, NLM_F_DUMP, {}))) == 2);
  CHECK(served.code_of(peer, request_for(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, 1)) == 0);
  CHECK(served.tracker.count() == 1);
}

TEST_CASE("hello is answered with the limits and the client's port id") {
  Served served(7);
  const Peer peer = served.dial();
  const auto answers = served.ask(peer, control_message(dialect::kHello, gathering(10), 99));
  REQUIRE(answers.size() == 1);
  const netlink::Message message = message_of(answers[0]);
  dialect::Welcome welcome;
  REQUIRE(message.body.size() == sizeof welcome);
  std::memcpy(&welcome, message.body.data(), sizeof welcome);
  CHECK(message.header.nlmsg_type == dialect::kWelcome);
  CHECK(message.header.nlmsg_seq == 99);
  CHECK(welcome.magic == dialect::kMagic);
  CHECK(welcome.version == dialect::kVersion);
  CHECK(welcome.most_clients == 7);
  CHECK(welcome.largest_answer == dialect::kLeastAnswer);  // ten bytes are none
  CHECK(welcome.port_id == static_cast<uint32_t>(getpid()));
  const auto ack = served.ask(peer, create_request(1, NLM_F_ACK));
  REQUIRE(ack.size() == 1);
  CHECK(message_of(ack[0]).header.nlmsg_pid == welcome.port_id);
}

TEST_CASE("a second conversation of a process has a port id of its own") {
  Served served;
  const Peer first = served.dial(), second = served.dial();
  const auto one = served.ask(first, create_request(1, NLM_F_ACK));
  const auto two = served.ask(second, create_request(2, NLM_F_ACK));
  CHECK(message_of(one[0]).header.nlmsg_pid != message_of(two[0]).header.nlmsg_pid);
}

TEST_CASE("control messages that are wrong are answered with what is wrong") {
  Served served;
  const Peer peer = served.dial();
  dialect::Hello stranger;
  stranger.magic = 1;
  CHECK(served.code_of(peer, control_message(dialect::kHello, stranger)) == EPROTO);
  dialect::Hello later;
  later.version = 2;
  CHECK(served.code_of(peer, control_message(dialect::kHello, later)) == EPROTONOSUPPORT);
  CHECK(served.code_of(peer, control_message(dialect::kHello, uint32_t{0})) == EINVAL);
  CHECK(served.code_of(peer, control_message(dialect::kJoin, uint16_t{0})) == EINVAL);
  CHECK(served.code_of(peer, control_message(dialect::kRoom, uint32_t{0})) == EINVAL);
  CHECK(served.code_of(peer, control_message(dialect::kSubsystem << 8 | 99, uint64_t{0})) ==
        EOPNOTSUPP);
  // Among control messages there is no ctnetlink.
  Bytes both = control_message(dialect::kJoin, dialect::Groups{0});
  const Bytes request = create_request(1);
  both.insert(both.end(), request.begin(), request.end());
  const auto answers = served.ask(peer, both);
  const auto messages = messages_in(answers);
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].error_code() == 0);
  CHECK(messages[1].error_code() == EOPNOTSUPP);
  CHECK(served.tracker.count() == 0);
}

TEST_CASE("events go to those who have joined, until they leave") {
  Served served;
  const Peer listener = served.dial(), other = served.dial(), idle = served.dial();
  CHECK(join(served, listener) == 0);
  CHECK(served.ask(other, create_request(1)).empty());
  const auto events = listener.receive_all();
  REQUIRE(events.size() == 1);
  CHECK(message_of(events[0]).header.nlmsg_flags == (NLM_F_CREATE | NLM_F_EXCL));
  CHECK(message_of(events[0]).header.nlmsg_pid != 0);  // whoever has caused it
  CHECK(idle.receive_all().empty());
  const uint32_t all_but_destroy =
      ctnetlink::kConntrackGroups & ~ctnetlink::group_bit(NFNLGRP_CONNTRACK_DESTROY);
  CHECK(served.code_of(listener,
                       control_message(dialect::kLeave, dialect::Groups{all_but_destroy})) == 0);
  served.ask(other, create_request(2));
  CHECK(listener.receive_all().empty());
  served.ask(other, request_for(IPCTNL_MSG_CT_DELETE, 0, 2));
  CHECK(listener.receive_all().size() == 1);
}

TEST_CASE("what time brings is told without a request") {
  Served served;
  const Peer listener = served.dial();
  join(served, listener);
  served.ask(served.dial(), create_request(1));
  CHECK(listener.receive_all().size() == 1);
  served.pass(1001);
  served.turn();
  CHECK(listener.receive_all().size() == 1);
}

TEST_CASE("events come one by one, or put together for those who like it so") {
  Served served;
  const Peer plain = served.dial(), gatherer = served.dial(), other = served.dial();
  served.ask(gatherer, control_message(dialect::kHello, gathering()));
  join(served, plain);
  join(served, gatherer);
  Bytes many;
  constexpr uint16_t kMany = 300;
  for (uint16_t port = 1; port <= kMany; ++port) {
    const Bytes request = create_request(port);
    many.insert(many.end(), request.begin(), request.end());
  }
  served.ask(other, many);
  const auto singles = served.hear(plain), gathered = served.hear(gatherer);
  CHECK(singles.size() == kMany);
  CHECK(messages_in(singles).size() == kMany);
  CHECK(gathered.size() < 10);
  CHECK(messages_in(gathered).size() == kMany);
}

TEST_CASE("a listener that does not listen loses messages, is told how many, and delays nobody") {
  Served served;
  const Peer slow = served.dial(), quick = served.dial(), other = served.dial();
  join(served, slow);
  join(served, quick);
  constexpr uint64_t kRoomBytes = 2000;
  CHECK(served.code_of(slow, control_message(dialect::kRoom, dialect::Room{kRoomBytes})) == 0);
  constexpr size_t kEvents = 3000;
  size_t heard = 0;
  for (size_t i = 0; i < kEvents; i += 2) {
    served.ask(other, create_request(1));
    served.ask(other, request_for(IPCTNL_MSG_CT_DELETE, 0, 1));
    heard += quick.receive_all().size();
  }
  CHECK(heard == kEvents);
  size_t received = 0, overruns = 0;
  uint64_t lost = 0;
  const auto datagrams = served.hear(slow);
  for (const netlink::Message& message : messages_in(datagrams)) {
    if (message.header.nlmsg_type != NLMSG_OVERRUN) {
      ++received;
      continue;
    }
    ++overruns;
    REQUIRE(message.body.size() == sizeof lost);
    std::memcpy(&lost, message.body.data(), sizeof lost);
  }
  CHECK(overruns == 1);
  CHECK(received + lost == kEvents);
  CHECK(received > 0);
  served.ask(other, create_request(1));  // and it hears again
  CHECK(slow.receive_all().size() == 1);
}

TEST_CASE("control messages are answered, whatever else is lost") {
  Served served;
  const Peer peer = served.dial();
  CHECK(served.code_of(peer, control_message(dialect::kRoom, dialect::Room{0})) == 0);
  CHECK(join(served, peer) == 0);
  served.ask(served.dial(), create_request(1));
  const auto overrun = peer.receive_all();
  REQUIRE(overrun.size() == 1);
  CHECK(message_of(overrun[0]).header.nlmsg_type == NLMSG_OVERRUN);
  CHECK(served.code_of(peer, control_message(dialect::kRoom, dialect::Room{1000})) == 0);
  served.ask(served.dial(), create_request(2));
  CHECK(peer.receive_all().size() == 1);
}

TEST_CASE("a listing waits for its reader, in little memory, and holds up nobody") {
  Served served;
  const Peer reader = served.dial(), other = served.dial();
  constexpr size_t kEntries = 1000;
  for (uint16_t port = 1; port <= kEntries; ++port) served.ask(other, create_request(port));
  REQUIRE(reader.send(request_for(IPCTNL_MSG_CT_GET, NLM_F_DUMP, {})));
  served.settle();
  CHECK(served.responder.waiting(served.port_of_first()) < 10'000);
  CHECK(listed_by(served.ask(other, request_for(IPCTNL_MSG_CT_GET, NLM_F_DUMP, {}))) == kEntries);
  CHECK(listed_by(served.hear(reader)) == kEntries);
}

TEST_CASE("a client that asks and asks and never reads is not listened to, and loses nothing") {
  Served served;
  const Peer peer = served.dial();
  size_t asked = 0;
  for (bool taken = true; taken;) {
    taken = peer.send(create_request(1, NLM_F_ACK));
    asked += taken;
    if (taken) continue;
    served.settle();  // reads what it will: then there is room to ask more, or not
    taken = peer.send(create_request(1, NLM_F_ACK));
    asked += taken;
    REQUIRE(asked < 1'000'000);
  }
  CHECK(served.responder.waiting(served.port_of_first()) < dialect::kRoomAtFirst);
  CHECK(served.hear(peer).size() == asked);
}

TEST_CASE("one who asks a lot gets a share of every turn, and the others theirs") {
  Served served;
  const Peer greedy = served.dial(), modest = served.dial();
  uint16_t asked = 0;
  while (asked < 500 && greedy.send(create_request(static_cast<uint16_t>(asked + 1)))) ++asked;
  REQUIRE(asked > 100);
  REQUIRE(modest.send(create_request(1000, NLM_F_ACK)));
  served.turn();
  CHECK(modest.receive_all().size() == 1);
  CHECK(served.tracker.count() < asked);
  served.settle();
  CHECK(served.tracker.count() == asked + 1u);
}

TEST_CASE("a datagram that is too large is refused and does nothing") {
  Served served;
  const Peer peer = served.dial();
  Bytes large = create_request(1, NLM_F_ACK);
  large.resize(dialect::kLargestRequest + 1);
  CHECK(served.code_of(peer, large) == EMSGSIZE);
  CHECK(served.tracker.count() == 0);
  large.resize(dialect::kLargestRequest);
  CHECK(served.code_of(peer, large) == 0);
}

TEST_CASE("nonsense has no effect, and no answer where the kernel has none") {
  Served served;
  const Peer peer = served.dial();
  for (const size_t size : {size_t{1}, size_t{15}, size_t{16}, size_t{100}})
    CHECK(served.ask(peer, Bytes(size, std::byte{0})).empty());
  Bytes liar = create_request(1, NLM_F_ACK);
  liar[0] = std::byte{0xff};
  liar[1] = std::byte{0xff};
  CHECK(served.ask(peer, liar).empty());
  liar[0] = std::byte{3};
  liar[1] = std::byte{0};
  CHECK(served.ask(peer, liar).empty());
  CHECK(served.clients.size() == 1);
  CHECK(served.code_of(peer, create_request(1, NLM_F_ACK)) == 0);
}

TEST_CASE("an empty datagram ends the conversation") {
  Served served;
  const Peer peer = served.dial();
  REQUIRE(peer.send({}));
  served.settle();
  CHECK(served.clients.size() == 0);
}

TEST_CASE("what was asked before hanging up is done, whether the answers were read or not") {
  Served served;
  constexpr uint16_t kRequests = 200;
  Peer peer = served.dial();
  served.ask(peer, create_request(1000, NLM_F_ACK));
  for (uint16_t port = 1; port <= kRequests; ++port)
    REQUIRE(peer.send(create_request(port, NLM_F_ACK)));
  served.turn();  // some are answered, and nobody reads that
  peer.hang_up();
  served.settle();
  CHECK(served.tracker.count() == kRequests + 1);
  CHECK(served.clients.size() == 0);
}

TEST_CASE("one who vanishes in the middle of a listing leaves the others in peace") {
  Served served;
  Peer gone = served.dial();
  const Peer other = served.dial(), listener = served.dial();
  join(served, listener);
  for (uint16_t port = 1; port <= 900; ++port) served.ask(other, create_request(port));
  join(served, gone);
  REQUIRE(gone.send(request_for(IPCTNL_MSG_CT_GET, NLM_F_DUMP, {})));
  served.turn();
  gone.hang_up();
  served.ask(other, create_request(1000));
  CHECK(served.clients.size() == 2);
  CHECK(served.hear(listener).size() == 901);
}

TEST_CASE("draining sends what waits, as far as it is taken") {
  Served served;
  const Peer reader = served.dial(), sleeper = served.dial(), other = served.dial();
  join(served, sleeper);
  for (uint16_t port = 1; port <= 900; ++port) served.ask(other, create_request(port));
  REQUIRE(reader.send(create_request(1, NLM_F_ACK)));
  served.clients.drain(0);
  CHECK(reader.receive_all().size() == 1);
  CHECK(sleeper.receive_all().size() > 100);
}
