// What the Responder does that the kernel cannot be asked about in a test of one moment: time,
// queues, dumps that rest, entries made by packets. Answers themselves are compared with the
// kernel's in tests/kernel/responder.
#include "engine/responder.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <set>

#include "unit/engine/conversation.h"

using namespace ctwin;
using namespace ctwin::test;
using ctnetlink::Client;
using ctnetlink::Operation;

namespace {

Bytes request_of(uint8_t type, uint16_t flags, const Flow* flow = nullptr) {
  netlink::MessageWriter writer(4096);
  netlink::AttrWriter attrs = writer.begin(NFNL_SUBSYS_CTNETLINK, type, flags, 7,
                                           flow ? uint8_t{AF_INET} : uint8_t{AF_UNSPEC});
  if (flow) ctnetlink::encode_flow(*flow, true, attrs);
  writer.end(attrs);
  return {writer.bytes().begin(), writer.bytes().end()};
}

/// An entry as a packet makes it.
/// The source's port is `number`, as far as it goes; the rest of it moves on the source's address.
conntrack::Conn& confirmed_by_packet(conntrack::Tracker& tracker, uint32_t number,
                                     uint32_t seconds) {
  const auto port = static_cast<uint16_t>(number);
  const Flow flow = udp_flow(port);
  conntrack::TupleKey key{};
  key.src = flow.orig.src.bytes;
  key.src[1] = static_cast<uint8_t>(key.src[1] + (number >> 16));
  key.dst = flow.orig.dst.bytes;
  key.src_key = netlink::big_endian(port);
  key.dst_key = netlink::big_endian(uint16_t{53});
  key.family = AF_INET;
  key.proto = IPPROTO_UDP;
  conntrack::TupleKey reply = key;
  std::swap(reply.src, reply.dst);
  std::swap(reply.src_key, reply.dst_key);
  const conntrack::ConnIndex index = tracker.make(tracker.table().hash(key));
  conntrack::Conn& ct = tracker.table()[index];
  ct.tuple = {key, reply};
  ct.expiry = seconds * conntrack::kTicksPerSecond;
  tracker.add_confirmed(index);
  return ct;
}

}  // namespace

TEST_CASE("an entry is made, read, listed and deleted") {
  Table table;
  Client client = table.client();
  const Flow flow = udp_flow(1);
  CHECK(run(client, Operation::kCreate, flow) == 0);
  CHECK(run(client, Operation::kCreate, flow) == EEXIST);
  Flow read;
  CHECK(run(client, Operation::kGet, flow, &read) == 0);
  CHECK(read.orig == flow.orig);
  CHECK(read.timeout == 1000);
  CHECK(listed(client).size() == 1);
  CHECK(run(client, Operation::kDelete, flow) == 0);
  CHECK(run(client, Operation::kDelete, flow) == ENOENT);
  CHECK(listed(client).empty());
}

TEST_CASE("what a failed creation did is undone") {
  Table table;
  Client client = table.client();
  Flow flow = udp_flow(1);
  flow.set_status(kExpected);
  CHECK(run(client, Operation::kCreate, flow) == EBUSY);
  CHECK(table.tracker.count() == 0);
  CHECK(table.tracker.stats().insert == 0);
}

TEST_CASE("a table that is full refuses, when nothing may go") {
  Table table;
  table.settings.max_entries = 2;
  Client client = table.client();
  Flow assured = udp_flow(1);
  assured.set_status(kConfirmed | kSeenReply | kAssured);
  CHECK(run(client, Operation::kCreate, assured) == 0);
  assured = udp_flow(2);
  assured.set_status(kConfirmed | kSeenReply | kAssured);
  CHECK(run(client, Operation::kCreate, assured) == 0);
  CHECK(run(client, Operation::kCreate, udp_flow(3)) == ENOMEM);
}

TEST_CASE("events go to those who joined, and name who caused them") {
  Table table;
  auto requester = table.talk();
  auto listener = table.listen();
  auto stranger = table.talk();
  const Flow flow = udp_flow(1);
  (void)requester->send(request_of(IPCTNL_MSG_CT_NEW, NLM_F_CREATE, &flow));
  const auto event = listener->next();
  REQUIRE(event);
  CHECK(event->message.header.nlmsg_pid == requester->id());
  CHECK(event->message.header.nlmsg_flags == (NLM_F_CREATE | NLM_F_EXCL));
  CHECK(event->message.header.nlmsg_seq == 0);
  CHECK(event->flow.orig == flow.orig);
  CHECK_FALSE(listener->next());
  CHECK_FALSE(requester->next());
  CHECK_FALSE(stranger->next());
}

TEST_CASE("an echo goes to the requester, once, whether it has joined or not") {
  Table table;
  auto requester = table.listen();
  auto listener = table.listen();
  const Flow flow = udp_flow(1);
  (void)requester->send(request_of(IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_ECHO, &flow));
  CHECK(requester->next());
  CHECK_FALSE(requester->next());
  CHECK(listener->next());
  CHECK_FALSE(listener->next());
}

TEST_CASE("an entry that was made while nobody listened has no events") {
  Table table;
  Client client = table.client();
  REQUIRE(run(client, Operation::kCreate, udp_flow(1)) == 0);
  auto listener = table.listen();
  REQUIRE(run(client, Operation::kCreate, udp_flow(2)) == 0);
  REQUIRE(run(client, Operation::kDelete, udp_flow(1)) == 0);
  REQUIRE(run(client, Operation::kDelete, udp_flow(2)) == 0);
  for (const uint8_t type : {IPCTNL_MSG_CT_NEW, IPCTNL_MSG_CT_DELETE}) {
    const auto event = listener->next();
    REQUIRE(event);
    CHECK(event->message.type() == type);
    CHECK(event->flow.orig.sport == 2);
  }
  CHECK_FALSE(listener->next());
}

TEST_CASE("who has gone is no listener any more") {
  Table table;
  auto listener = table.listen();
  CHECK(table.responder.anybody());
  listener.reset();
  CHECK_FALSE(table.responder.anybody());
}

TEST_CASE("time ends an entry with an event that tells no time left and no cause") {
  Table table;
  auto listener = table.listen();
  Client client = table.client();
  REQUIRE(run(client, Operation::kCreate, udp_flow(1)) == 0);
  REQUIRE(listener->next());
  table.pass(999);
  CHECK(listed(client).front().timeout == 1);
  CHECK_FALSE(listener->next());
  table.pass(2);
  const auto event = listener->next();
  REQUIRE(event);
  CHECK(event->message.type() == IPCTNL_MSG_CT_DELETE);
  CHECK(event->message.header.nlmsg_pid == 0);
  CHECK_FALSE(event->flow.has(FlowField::kTimeout));
  CHECK(listener->time() == kStart + 1000 * kSecond);
  CHECK(listed(client).empty());
}

TEST_CASE("an entry that is given no time ends at once") {
  Table table;
  auto listener = table.listen();
  Client client = table.client();
  Flow flow = udp_flow(1);
  flow.set_timeout(0);
  REQUIRE(run(client, Operation::kCreate, flow) == 0);
  CHECK(listener->next()->message.type() == IPCTNL_MSG_CT_NEW);
  CHECK(listener->next()->message.type() == IPCTNL_MSG_CT_DELETE);
  CHECK(run(client, Operation::kGet, flow) == ENOENT);
}

TEST_CASE("a change of the timeout moves the end, nearer and farther") {
  Table table;
  Client client = table.client();
  Flow flow = udp_flow(1);
  REQUIRE(run(client, Operation::kCreate, flow) == 0);
  flow.set_timeout(10);
  REQUIRE(run(client, Operation::kUpdate, flow) == 0);
  table.pass(9);
  flow.set_timeout(5000);
  REQUIRE(run(client, Operation::kUpdate, flow) == 0);
  table.pass(4999);
  CHECK(listed(client).size() == 1);
  flow.set_timeout(3);
  REQUIRE(run(client, Operation::kUpdate, flow) == 0);
  table.pass(3);
  CHECK(listed(client).empty());
}

TEST_CASE("a reader that falls behind is told once, and hears no more until it has caught up") {
  Table table;
  auto listener = table.listen();
  listener->set_room(1000);
  Client client = table.client();
  for (uint16_t port = 1; port <= 20; ++port)
    REQUIRE(run(client, Operation::kCreate, udp_flow(port)) == 0);
  Bytes buffer(65536);
  auto received = listener->receive(buffer);
  REQUIRE_FALSE(received);
  CHECK(received.error().code == ENOBUFS);
  size_t heard = 0;
  while (listener->next()) ++heard;
  CHECK(heard > 0);
  CHECK(heard + listener->lost() == 20);
  REQUIRE(run(client, Operation::kCreate, udp_flow(100)) == 0);
  CHECK(listener->next());
  CHECK(listener->receive(buffer).error().code == EAGAIN);
}

TEST_CASE("a datagram that does not fit the buffer is lost") {
  Table table;
  auto talk = table.talk();
  (void)talk->send(request_of(IPCTNL_MSG_CT_GET_STATS, 0));
  Bytes small(10), large(100);
  CHECK(talk->receive(small).error().code == EMSGSIZE);
  CHECK(talk->receive(large).error().code == EAGAIN);
}

TEST_CASE("a search through a large table goes on in steps, and finds what is there") {
  constexpr uint32_t kEntries = 150'000;
  Table table(kEntries);
  for (uint32_t i = 0; i < kEntries; ++i) confirmed_by_packet(table.tracker, i, 1000).mark = i;
  const auto search = table.talk();
  netlink::MessageWriter writer(4096);
  netlink::AttrWriter attrs =
      writer.begin(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET, NLM_F_DUMP, 1, AF_UNSPEC);
  attrs.put(CTA_MARK, kEntries - 1);
  writer.end(attrs);
  (void)search->send(writer.bytes());
  int steps = 0;
  while (!table.responder.ready(search->id())) ++steps;
  CHECK(steps > 0);
  CHECK(steps < 10);
  const auto found = search->next();
  REQUIRE(found);
  CHECK(found->flow.mark == kEntries - 1);
  CHECK(search->next()->message.is_done());
  // Whoever does not ask for steps waits for the end of the search.
  (void)search->send(writer.bytes());
  CHECK(search->next()->flow.mark == kEntries - 1);
}

TEST_CASE("a dump rests while entries come and go, and shows none twice") {
  Table table;
  Client client = table.client();
  for (uint16_t port = 1; port <= 400; ++port)
    REQUIRE(run(client, Operation::kCreate, udp_flow(port)) == 0);
  auto reader = table.talk();
  (void)reader->send(request_of(IPCTNL_MSG_CT_GET, NLM_F_DUMP));
  std::set<uint16_t> seen;
  Bytes buffer(4096);
  bool done = false;
  for (uint16_t round = 0; !done; ++round) {
    const auto datagram = reader->receive(buffer);
    REQUIRE(datagram);
    netlink::MessageReader messages(*datagram);
    for (netlink::Message message; messages.next(message);) {
      done |= message.is_done();
      Flow flow;
      if (message.is_done()) continue;
      REQUIRE(ctnetlink::decode_flow(message, flow));
      CHECK(seen.insert(flow.orig.sport).second);
    }
    run(client, Operation::kDelete, udp_flow(static_cast<uint16_t>(300 + round)));
    run(client, Operation::kCreate, udp_flow(static_cast<uint16_t>(1000 + round)));
  }
  for (uint16_t port = 1; port < 300; ++port) CHECK(seen.count(port) == 1);
  CHECK(seen.count(304) == 0);  // deleted long before the dump came there
}

TEST_CASE("a second dump while the first goes on is refused") {
  Table table;
  Client client = table.client();
  auto talk = table.talk();
  const Bytes dump = request_of(IPCTNL_MSG_CT_GET, NLM_F_DUMP);
  (void)talk->send(dump);
  (void)talk->send(dump);  // the first was empty, so it was over
  CHECK(talk->next()->message.is_done());
  CHECK(talk->next()->message.is_done());
  REQUIRE(run(client, Operation::kCreate, udp_flow(1)) == 0);
  (void)talk->send(dump);
  (void)talk->send(dump);
  CHECK(talk->next()->flow.orig.sport == 1);
  CHECK(talk->next()->message.error_code() == EBUSY);
  CHECK(talk->next()->message.is_done());
}

TEST_CASE("counters are told, and zeroed by whoever asks for that") {
  Table table;
  table.settings.acct = true;
  Client client = table.client();
  conntrack::Conn& ct = confirmed_by_packet(table.tracker, 1, 60);
  table.tracker.table().extend(ct).counters = {Counters{3, 300}, Counters{1, 44}};
  Flow read;
  REQUIRE(run(client, Operation::kGetAndZero, udp_flow(1), &read) == 0);
  CHECK(read.counters_orig.packets == 3);
  CHECK(read.counters_reply.bytes == 44);
  REQUIRE(run(client, Operation::kGet, udp_flow(1), &read) == 0);
  CHECK(read.counters_orig.packets == 0);
  table.tracker.table().extend(ct).counters = {Counters{5, 500}, Counters{}};
  (void)client.dump(ctnetlink::DumpKind::kTableAndZero, nullptr, [&](const Flow& flow) {
    CHECK(flow.counters_orig.bytes == 500);
    return true;
  });
  CHECK(listed(client).front().counters_orig.bytes == 0);
}

TEST_CASE("an entry that a packet made has no synproxy, and takes no adjustment") {
  Table table;
  Client client = table.client();
  confirmed_by_packet(table.tracker, 1, 60);
  CHECK_FALSE(listed(client).front().has(FlowField::kSynproxy));
  Flow flow = udp_flow(1);
  flow.seq_adj[0] = {1, 2, 3};
  flow.fields.add(FlowField::kSeqAdjOrig);
  CHECK(run(client, Operation::kUpdate, flow) == 0);
  CHECK_FALSE(listed(client).front().has(FlowField::kSeqAdjOrig));
  REQUIRE(run(client, Operation::kCreate, udp_flow(2)) == 0);
  CHECK(listed(client).back().has(FlowField::kSynproxy));
}

TEST_CASE("an event tells no more than its bits say") {
  Table table;
  auto listener = table.listen();
  Client client = table.client();
  Flow flow = tcp_flow();
  flow.set_timeout(1000);
  flow.set_mark(0);
  flow.seq_adj[0] = {1, 2, 3};
  flow.fields.add(FlowField::kSeqAdjOrig);
  REQUIRE(run(client, Operation::kCreate, flow) == 0);
  const auto whole = listener->next();
  REQUIRE(whole);
  for (const FlowField field : {FlowField::kTcpState, FlowField::kMark, FlowField::kSeqAdjOrig,
                                FlowField::kSynproxy, FlowField::kTimeout})
    CHECK(whole->flow.has(field));
  table.tracker.deliver(table.tracker.table()[1], EventKind::kUpdate, conntrack::kEventReply, 0);
  const auto part = listener->next();
  REQUIRE(part);
  CHECK(part->flow.has(FlowField::kTimeout));
  for (const FlowField field :
       {FlowField::kTcpState, FlowField::kMark, FlowField::kSeqAdjOrig, FlowField::kSynproxy})
    CHECK_FALSE(part->flow.has(field));
}

TEST_CASE("an entry that is not confirmed is nowhere") {
  Table table;
  Client client = table.client();
  const conntrack::ConnIndex index = table.tracker.make(0);
  REQUIRE(index != 0);
  CHECK(listed(client).empty());
  CHECK(client.flush(AF_UNSPEC).ok());
  CHECK(table.tracker.count() == 1);
}

TEST_CASE("a master counts its children, and they remember it when it is gone") {
  Table table;
  Client client = table.client();
  Flow child = udp_flow(2);
  child.master = udp_flow(1).orig;
  child.fields.add(FlowField::kMaster);
  CHECK(run(client, Operation::kCreate, child) == ENOENT);
  REQUIRE(run(client, Operation::kCreate, udp_flow(1)) == 0);
  REQUIRE(run(client, Operation::kCreate, child) == 0);
  Flow read;
  REQUIRE(run(client, Operation::kGet, udp_flow(1), &read) == 0);
  CHECK(read.use == 3);
  REQUIRE(run(client, Operation::kDelete, udp_flow(1)) == 0);
  REQUIRE(run(client, Operation::kCreate, udp_flow(3)) == 0);  // in the place of the master
  REQUIRE(run(client, Operation::kGet, udp_flow(2), &read) == 0);
  CHECK(read.master == child.master);
  REQUIRE(run(client, Operation::kDelete, udp_flow(2)) == 0);
  REQUIRE(run(client, Operation::kGet, udp_flow(3), &read) == 0);
  CHECK(read.use == 2);
}

TEST_CASE("requests may stand in one datagram, and each failure is reported by itself") {
  Table table;
  auto talk = table.talk();
  const Flow flow = udp_flow(1);
  Bytes both = request_of(IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL, &flow);
  const Bytes once = both;
  both.insert(both.end(), once.begin(), once.end());
  (void)talk->send(both);
  CHECK(talk->next()->message.error_code() == EEXIST);
  CHECK_FALSE(talk->next());
}

TEST_CASE("the counters of -S are the tracker's") {
  Table table;
  Client client = table.client();
  table.tracker.stats().invalid = 5;
  REQUIRE(run(client, Operation::kCreate, udp_flow(1)) == 0);
  const auto stats = client.cpu_stats();
  REQUIRE(stats);
  REQUIRE(stats->size() == 1);
  const std::vector<std::pair<uint16_t, uint32_t>> expected = {
      {CTA_STATS_FOUND, 0},         {CTA_STATS_INVALID, 5},        {CTA_STATS_INSERT, 1},
      {CTA_STATS_INSERT_FAILED, 0}, {CTA_STATS_DROP, 0},           {CTA_STATS_EARLY_DROP, 0},
      {CTA_STATS_ERROR, 0},         {CTA_STATS_SEARCH_RESTART, 0}, {CTA_STATS_CLASH_RESOLVE, 0},
      {CTA_STATS_CHAIN_TOOLONG, 0}};
  CHECK(stats->front().counters == expected);
  CHECK(client.global_stats()->entries == 1);
}
