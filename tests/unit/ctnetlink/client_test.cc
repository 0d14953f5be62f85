#include "ctnetlink/client.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>

#include "ctnetlink/flow_codec.h"
#include "ctnetlink/uapi.h"
#include "support/fake_backend.h"
#include "support/messages.h"

using namespace ctwin;
using namespace ctwin::test;
using ctnetlink::Client;
using ctnetlink::DumpKind;
using ctnetlink::Operation;

namespace {

/// A client whose backend follows a script.
struct Scripted {
  std::shared_ptr<Script> script = std::make_shared<Script>();
  Client client{std::make_unique<FakeBackend>(script)};

  netlink::Message request(size_t index) const { return message_of(script->sent.at(index)); }
};

Flow flow_with_id(uint32_t id) {
  Flow flow = tcp_flow();
  flow.set_id(id);
  return flow;
}

Bytes flow_answer(uint32_t index, uint32_t id, uint16_t flags = NLM_F_MULTI) {
  return answer(index, flow_message(flow_with_id(id)), flags);
}

/// A flow whose last attribute claims to be longer than the message.
Bytes damaged_flow_answer(uint32_t index) {
  Bytes bytes = flow_answer(index, 1);
  const uint16_t endless = 0xffff;
  std::memcpy(bytes.data() + bytes.size() - 8, &endless, sizeof endless);
  return bytes;
}

Bytes cut(Bytes bytes, size_t missing) {
  bytes.resize(bytes.size() - missing);
  return bytes;
}

/// The ids that a dump hands out.
struct Dumped {
  std::vector<uint32_t> ids;
  Status status;
};

Dumped dump(Client& client, const Filter* filter = nullptr) {
  Dumped result;
  result.status = client.dump(DumpKind::kTable, filter, [&](const Flow& flow) {
    result.ids.push_back(flow.id);
    return true;
  });
  return result;
}

struct Outcome {
  size_t index;
  int code;
  uint32_t id;  ///< of the flow that was read, 0 when there was none

  bool operator==(const Outcome&) const = default;
};

std::vector<Outcome> run(Client& client, Status* status = nullptr) {
  std::vector<Outcome> outcomes;
  const Status result = client.run_batch([&](size_t index, int code, const Flow* flow) {
    outcomes.push_back({index, code, flow ? flow->id : 0});
  });
  if (status)
    *status = result;
  else
    CHECK(result.ok());
  return outcomes;
}

void add(Client& client, Operation operation, size_t count) {
  for (size_t i = 0; i < count; ++i) REQUIRE(client.add(operation, tcp_flow()));
}

using Ids = std::vector<uint32_t>;
using Outcomes = std::vector<Outcome>;

}  // namespace

TEST_CASE("a dump hands out the flows of all datagrams in order") {
  Scripted test;
  test.script->then({datagram_of({flow_answer(0, 1), flow_answer(0, 2)}),
                     datagram_of({flow_answer(0, 3)}), done()});
  const Dumped dumped = dump(test.client);
  CHECK(dumped.status.ok());
  CHECK(dumped.ids == Ids{1, 2, 3});
}

TEST_CASE("the end of a dump may come in the datagram of its last flow") {
  Scripted test;
  test.script->then({datagram_of({flow_answer(0, 1), done()})});
  const Dumped dumped = dump(test.client);
  CHECK(dumped.status.ok());
  CHECK(dumped.ids == Ids{1});
}

TEST_CASE("a dump of an empty table succeeds") {
  Scripted test;
  test.script->then({done()});
  CHECK(dump(test.client).status.ok());
}

TEST_CASE("a dump asks for what its kind says, with the family and the kernel's part of a filter") {
  Scripted test;
  for (int i = 0; i < 4; ++i) test.script->then({done()});
  Filter filter;
  filter.family = AF_INET6;
  filter.mark = MarkFilter{7, 0xff};
  const auto any = [](const Flow&) { return true; };
  CHECK(test.client.dump(DumpKind::kTable, &filter, any).ok());
  CHECK(test.client.dump(DumpKind::kTableAndZero, nullptr, any).ok());
  CHECK(test.client.dump(DumpKind::kDying, &filter, any).ok());
  CHECK(test.client.dump(DumpKind::kUnconfirmed, nullptr, any).ok());
  const netlink::Message request = test.request(0);
  CHECK_EQ(request.subsystem(), NFNL_SUBSYS_CTNETLINK);
  CHECK_EQ(request.type(), IPCTNL_MSG_CT_GET);
  CHECK_EQ(request.header.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
  CHECK_EQ(request.nfgen().nfgen_family, AF_INET6);
  CHECK_EQ(request.attributes().size(), 16);
  CHECK_EQ(test.request(1).type(), IPCTNL_MSG_CT_GET_CTRZERO);
  CHECK_EQ(test.request(2).type(), IPCTNL_MSG_CT_GET_DYING);
  CHECK(test.request(2).attributes().empty());
  CHECK_EQ(test.request(3).type(), IPCTNL_MSG_CT_GET_UNCONFIRMED);
}

TEST_CASE("a sink that has enough gets no more, and the rest of the dump is drained") {
  Scripted test;
  test.script->then(
      {datagram_of({flow_answer(0, 1), flow_answer(0, 2)}), flow_answer(0, 3), done()});
  Ids ids;
  CHECK(test.client
            .dump(DumpKind::kTable, nullptr,
                  [&](const Flow& flow) {
                    ids.push_back(flow.id);
                    return ids.size() < 2;
                  })
            .ok());
  CHECK(ids == Ids{1, 2});
  CHECK(test.script->pending.empty());
}

TEST_CASE("a dump that was interrupted is asked for again, and hands out only what is new") {
  for (const bool in_done : {false, true}) {
    Scripted test;
    const uint16_t mark = in_done ? 0 : NLM_F_DUMP_INTR;
    test.script->then({flow_answer(0, 1), flow_answer(0, 2, NLM_F_MULTI | mark), flow_answer(0, 3),
                       done(in_done ? NLM_F_DUMP_INTR : 0)});
    test.script->then({flow_answer(0, 3), flow_answer(0, 4), flow_answer(0, 1), done()});
    const Dumped dumped = dump(test.client);
    CHECK(dumped.status.ok());
    CHECK(dumped.ids == Ids{1, 2, 3, 4});
    CHECK(test.script->sent.size() == 2);
  }
}

TEST_CASE("an entry that comes twice in one dump is handed out once") {
  Scripted test;
  test.script->then({datagram_of({flow_answer(0, 1), flow_answer(0, 2)}),
                     datagram_of({flow_answer(0, 2), flow_answer(0, 3)}), done()});
  CHECK(dump(test.client).ids == Ids{1, 2, 3});
}

TEST_CASE("a dump that is interrupted again and again fails with EINTR") {
  Scripted test;
  for (int i = 0; i < 20; ++i) test.script->then({flow_answer(0, 1), done(NLM_F_DUMP_INTR)});
  const Dumped dumped = dump(test.client);
  REQUIRE_FALSE(dumped.status.ok());
  CHECK_EQ(dumped.status.error().code, EINTR);
  CHECK(dumped.ids == Ids{1});
  CHECK(test.script->sent.size() < 20);
}

TEST_CASE("a dump that nobody wants any more is not asked for again") {
  Scripted test;
  test.script->then({flow_answer(0, 1), done(NLM_F_DUMP_INTR)});
  CHECK_EQ(
      test.client.dump(DumpKind::kTable, nullptr, [](const Flow&) { return false; }).error().code,
      EINTR);
  CHECK(test.script->sent.size() == 1);
}

TEST_CASE("an error ends a dump with its errno") {
  Scripted test;
  test.script->then({ack(0, EPERM)});
  const Dumped dumped = dump(test.client);
  REQUIRE_FALSE(dumped.status.ok());
  CHECK_EQ(dumped.status.error().code, EPERM);
  CHECK(dumped.ids.empty());
}

TEST_CASE("messages lost in the middle of a dump end it with ENOBUFS") {
  Scripted test;
  test.script->then({flow_answer(0, 1), ENOBUFS, flow_answer(0, 3), done()});
  const Dumped dumped = dump(test.client);
  REQUIRE_FALSE(dumped.status.ok());
  CHECK_EQ(dumped.status.error().code, ENOBUFS);
  CHECK(dumped.ids == Ids{1});
}

TEST_CASE("what an abandoned dump left behind does not disturb the next request") {
  Scripted test;
  test.script->then({flow_answer(0, 1), ENOBUFS, flow_answer(0, 3), done()});
  CHECK_FALSE(dump(test.client).status.ok());
  test.script->then({flow_answer(0, 10), done()});
  const Dumped dumped = dump(test.client);
  CHECK(dumped.status.ok());
  CHECK(dumped.ids == Ids{10});
}

TEST_CASE("a datagram that is cut short is damage, not the end of the dump") {
  for (const size_t missing : {1u, 4u, 100u}) {
    Scripted test;
    test.script->then({flow_answer(0, 1), cut(flow_answer(0, 2), missing), done()});
    const Dumped dumped = dump(test.client);
    REQUIRE_FALSE(dumped.status.ok());
    CHECK_EQ(dumped.status.error().code, EBADMSG);
    CHECK(dumped.ids == Ids{1});
  }
}

TEST_CASE("a flow whose attributes are damaged makes the dump fail") {
  Scripted test;
  test.script->then({damaged_flow_answer(0), done()});
  const Dumped dumped = dump(test.client);
  REQUIRE_FALSE(dumped.status.ok());
  CHECK_EQ(dumped.status.error().code, EBADMSG);
}

TEST_CASE("an error message without an errno is damage, not success") {
  Scripted test;
  Bytes short_error = cut(ack(0), 4);
  const uint32_t length = sizeof(nlmsghdr);
  std::memcpy(short_error.data(), &length, sizeof length);
  test.script->then({short_error});
  const Dumped dumped = dump(test.client);
  REQUIRE_FALSE(dumped.status.ok());
  CHECK_EQ(dumped.status.error().code, EBADMSG);
}

TEST_CASE("messages with other sequence numbers are not part of the answer") {
  Scripted test;
  test.script->then({datagram_of({flow_answer(7, 99), flow_answer(0, 1), ack(5, EPERM)}),
                     flow_answer(0xffffffff, 98), done()});
  const Dumped dumped = dump(test.client);
  CHECK(dumped.status.ok());
  CHECK(dumped.ids == Ids{1});
}

TEST_CASE("a signal does not end a request that is under way") {
  Scripted test;
  test.script->then({EINTR, flow_answer(0, 1), EINTR, EINTR, done()});
  const Dumped dumped = dump(test.client);
  CHECK(dumped.status.ok());
  CHECK(dumped.ids == Ids{1});
}

TEST_CASE("an answerer that goes away is an error, not an endless wait") {
  Scripted test;
  test.script->then({Bytes{}});
  const Dumped dumped = dump(test.client);
  REQUIRE_FALSE(dumped.status.ok());
  CHECK_EQ(dumped.status.error().code, ECONNRESET);
}

TEST_CASE("a request that cannot be sent fails with the errno of sending") {
  Scripted test;
  test.script->exchanges.push_back({{}, EPERM});
  const Dumped dumped = dump(test.client);
  REQUIRE_FALSE(dumped.status.ok());
  CHECK_EQ(dumped.status.error().code, EPERM);
}

TEST_CASE("a recorded dump of a kernel plays back whole") {
  Scripted test;
  test.script->then(replay(load_recording("flows-dump.bin")));
  const Dumped dumped = dump(test.client);
  CHECK(dumped.status.ok());
  CHECK(dumped.ids.size() > 40);
}

TEST_CASE("a recorded dump of expectations plays back whole") {
  Scripted test;
  test.script->then(replay(load_recording("expectations-dump.bin")));
  size_t seen = 0;
  const Status status =
      test.client.dump_expectations(AF_UNSPEC, [&](const Expectation& expectation) {
        seen += expectation.has_master;
        return true;
      });
  CHECK(status.ok());
  CHECK(seen >= 1);
  CHECK_EQ(test.request(0).subsystem(), NFNL_SUBSYS_CTNETLINK_EXP);
  CHECK_EQ(test.request(0).type(), IPCTNL_MSG_EXP_GET);
}

TEST_CASE("an empty batch is done without a word") {
  Scripted test;
  CHECK(run(test.client).empty());
  CHECK(test.script->sent.empty());
}

TEST_CASE("silence about a request means success, told in order") {
  Scripted test;
  add(test.client, Operation::kDelete, 4);
  test.script->then({ack(3)});
  CHECK(run(test.client) == Outcomes{{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {3, 0, 0}});
  CHECK(test.client.batch_empty());
}

TEST_CASE("only the last request of a batch asks for an ACK, and all go in one datagram") {
  Scripted test;
  add(test.client, Operation::kCreate, 1);
  add(test.client, Operation::kUpdate, 1);
  add(test.client, Operation::kDelete, 1);
  test.script->then({ack(2)});
  run(test.client);
  REQUIRE_EQ(test.script->sent.size(), 1);
  netlink::MessageReader reader(test.script->sent[0]);
  std::vector<netlink::Message> requests;
  for (netlink::Message message; reader.next(message);) requests.push_back(message);
  REQUIRE_EQ(requests.size(), 3);
  CHECK_EQ(requests[0].header.nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
  CHECK_EQ(requests[1].header.nlmsg_flags, NLM_F_REQUEST);
  CHECK_EQ(requests[2].header.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
  CHECK_EQ(requests[1].header.nlmsg_seq, requests[0].header.nlmsg_seq + 1);
  CHECK_EQ(requests[2].header.nlmsg_seq, requests[0].header.nlmsg_seq + 2);
  CHECK_EQ(requests[0].type(), IPCTNL_MSG_CT_NEW);
  CHECK_EQ(requests[2].type(), IPCTNL_MSG_CT_DELETE);
}

TEST_CASE("a delete names the entry by id as well, a create does not") {
  Scripted test;
  add(test.client, Operation::kDelete, 1);
  add(test.client, Operation::kCreate, 1);
  test.script->then({ack(1)});
  run(test.client);
  netlink::MessageReader reader(test.script->sent.at(0));
  netlink::Message message;
  Flow flow;
  REQUIRE(reader.next(message));
  REQUIRE(ctnetlink::decode_flow(message, flow));
  CHECK(flow.has(FlowField::kId));
  REQUIRE(reader.next(message));
  REQUIRE(ctnetlink::decode_flow(message, flow));
  CHECK_FALSE(flow.has(FlowField::kId));
}

TEST_CASE("failures in the middle of a batch are told where they belong") {
  Scripted test;
  add(test.client, Operation::kCreate, 6);
  test.script->then({ack(1, EEXIST), datagram_of({ack(2, EBUSY), ack(4, EINVAL)}), ack(5)});
  CHECK(run(test.client) ==
        Outcomes{{0, 0, 0}, {1, EEXIST, 0}, {2, EBUSY, 0}, {3, 0, 0}, {4, EINVAL, 0}, {5, 0, 0}});
}

TEST_CASE("the last request of a batch may fail") {
  Scripted test;
  add(test.client, Operation::kDelete, 2);
  test.script->then({ack(1, ENOENT)});
  CHECK(run(test.client) == Outcomes{{0, 0, 0}, {1, ENOENT, 0}});
}

TEST_CASE("reading requests are answered with their flows, or fail by themselves") {
  Scripted test;
  add(test.client, Operation::kGet, 4);
  test.script->then({flow_answer(0, 100, 0), ack(1, ENOENT), flow_answer(2, 102, 0),
                     flow_answer(3, 103, 0), ack(3)});
  CHECK(run(test.client) == Outcomes{{0, 0, 100}, {1, ENOENT, 0}, {2, 0, 102}, {3, 0, 103}});
  CHECK(test.script->pending.empty());
}

TEST_CASE("updates and the reads behind them go in one batch") {
  Scripted test;
  add(test.client, Operation::kUpdate, 1);
  add(test.client, Operation::kGet, 1);
  add(test.client, Operation::kUpdate, 1);
  add(test.client, Operation::kGet, 1);
  test.script->then({flow_answer(1, 11, 0), ack(2, ENOENT), ack(3, ENOENT)});
  CHECK(run(test.client) == Outcomes{{0, 0, 0}, {1, 0, 11}, {2, ENOENT, 0}, {3, ENOENT, 0}});
}

TEST_CASE("a damaged answer to a reading request is told as such") {
  Scripted test;
  add(test.client, Operation::kGet, 1);
  test.script->then({damaged_flow_answer(0), ack(0)});
  CHECK(run(test.client) == Outcomes{{0, EBADMSG, 0}});
}

TEST_CASE("answers to earlier batches are not answers to this one") {
  Scripted test;
  add(test.client, Operation::kDelete, 2);
  test.script->then({ack(0xffffffff, EPERM), ack(2, EPERM), ack(1)});
  CHECK(run(test.client) == Outcomes{{0, 0, 0}, {1, 0, 0}});
}

TEST_CASE("a batch survives signals") {
  Scripted test;
  add(test.client, Operation::kDelete, 1);
  test.script->then({EINTR, ack(0)});
  CHECK(run(test.client) == Outcomes{{0, 0, 0}});
}

TEST_CASE("outcomes that are not known are not told") {
  Scripted test;
  add(test.client, Operation::kDelete, 3);
  test.script->then({ack(0, ENOENT), ENOBUFS});
  Status status;
  CHECK(run(test.client, &status) == Outcomes{{0, ENOENT, 0}});
  REQUIRE_FALSE(status.ok());
  CHECK_EQ(status.error().code, ENOBUFS);
}

TEST_CASE("a torn answer to a batch is an error") {
  Scripted test;
  add(test.client, Operation::kDelete, 2);
  test.script->then({cut(ack(0, ENOENT), 2)});
  Status status;
  CHECK(run(test.client, &status).empty());
  REQUIRE_FALSE(status.ok());
  CHECK_EQ(status.error().code, EBADMSG);
}

TEST_CASE("a batch that cannot be sent leaves nothing behind") {
  Scripted test;
  add(test.client, Operation::kDelete, 2);
  test.script->exchanges.push_back({{}, ENOBUFS});
  Status status;
  CHECK(run(test.client, &status).empty());
  CHECK_EQ(status.error().code, ENOBUFS);
  CHECK(test.client.batch_empty());
  add(test.client, Operation::kDelete, 1);
  test.script->then({ack(0)});
  CHECK(run(test.client) == Outcomes{{0, 0, 0}});
}

TEST_CASE("a batch takes a bounded number of requests and then runs again") {
  for (const Operation operation : {Operation::kDelete, Operation::kGet}) {
    Scripted test;
    uint32_t count = 0;
    while (test.client.add(operation, tcp_flow())) REQUIRE(++count < 1000);
    CHECK(count >= 32);
    CHECK_FALSE(test.client.add(operation, tcp_flow()));
    test.script->then({ack(count - 1)});
    CHECK_EQ(run(test.client).size(), count);
    add(test.client, operation, 1);
    test.script->then({ack(0)});
    CHECK_EQ(run(test.client).size(), 1);
  }
}

TEST_CASE("a flush of one family says so in a header of version 1") {
  Scripted test;
  test.script->then({ack(0)}).then({ack(0)}).then({ack(0, EPERM)});
  CHECK(test.client.flush(AF_UNSPEC).ok());
  CHECK(test.client.flush(AF_INET6).ok());
  CHECK_EQ(test.client.flush(AF_UNSPEC).error().code, EPERM);
  CHECK_EQ(test.request(0).nfgen().version, 0);
  CHECK_EQ(test.request(1).nfgen().version, 1);
  CHECK_EQ(test.request(1).nfgen().nfgen_family, AF_INET6);
  CHECK_EQ(test.request(1).type(), IPCTNL_MSG_CT_DELETE);
  CHECK(test.request(1).attributes().empty());
}

TEST_CASE("counters are read for the whole table and for each CPU") {
  const auto stats_message = [](uint8_t type, uint16_t attribute, uint32_t value) {
    return build_message(NFNL_SUBSYS_CTNETLINK, type, 0, AF_UNSPEC,
                         [&](netlink::AttrWriter& attrs) { attrs.put(attribute, value); });
  };
  Scripted test;
  test.script
      ->then({answer(0, stats_message(IPCTNL_MSG_CT_GET_STATS, CTA_STATS_GLOBAL_ENTRIES, 42), 0),
              ack(0)})
      .then({answer(0, stats_message(IPCTNL_MSG_CT_GET_STATS_CPU, CTA_STATS_DROP, 1)),
             answer(0, stats_message(IPCTNL_MSG_CT_GET_STATS_CPU, CTA_STATS_DROP, 2)), done()})
      .then({ack(0, EPERM)});
  const auto global = test.client.global_stats();
  REQUIRE(global.ok());
  CHECK_EQ(global->entries, 42);
  const auto cpus = test.client.cpu_stats();
  REQUIRE(cpus.ok());
  REQUIRE_EQ(cpus->size(), 2);
  CHECK_EQ((*cpus)[1].counters[0].second, 2);
  CHECK_EQ(test.client.expectation_cpu_stats().error().code, EPERM);
}

TEST_CASE("expectations are created, read and deleted one by one") {
  Expectation expectation;
  expectation.expected = port_tuple(IPPROTO_TCP, "10.0.2.2", 0, "10.0.1.2", 50000);
  Scripted test;
  const Bytes told =
      build_message(NFNL_SUBSYS_CTNETLINK_EXP, IPCTNL_MSG_EXP_NEW, 0, AF_INET,
                    [](netlink::AttrWriter& attrs) { attrs.put(CTA_EXPECT_ID, uint32_t{5}); });
  test.script->then({ack(0)})
      .then({answer(0, told, 0), ack(0)})
      .then({ack(0, ENOENT)})
      .then({ack(0)});
  CHECK(test.client.create_expectation(expectation).ok());
  uint32_t id = 0;
  CHECK(test.client
            .get_expectation(expectation,
                             [&](const Expectation& seen) {
                               id = seen.id;
                               return true;
                             })
            .ok());
  CHECK_EQ(id, 5);
  CHECK_EQ(test.client.delete_expectation(expectation).error().code, ENOENT);
  CHECK(test.client.flush_expectations().ok());
  CHECK_EQ(test.request(0).header.nlmsg_flags,
           NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  CHECK_EQ(test.request(2).type(), IPCTNL_MSG_EXP_DELETE);
  CHECK_FALSE(test.request(2).attributes().empty());
  CHECK(test.request(3).attributes().empty());
}

namespace {

struct Seen {
  EventKind kind;
  uint32_t port_id;
  uint32_t id;

  bool operator==(const Seen&) const = default;
};

Bytes event_message(uint8_t type, uint16_t flags, uint32_t port_id, uint32_t id) {
  Bytes bytes = flow_message(flow_with_id(id), type, flags);
  nlmsghdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  header.nlmsg_flags = flags;
  header.nlmsg_pid = port_id;
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

}  // namespace

TEST_CASE("events tell what happened and who did it") {
  Scripted test;
  test.script->pending.push_back(
      datagram_of({event_message(IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL, 0, 1),
                   event_message(IPCTNL_MSG_CT_NEW, 0, 4711, 2),
                   event_message(IPCTNL_MSG_CT_DELETE, 0, 0, 3)}));
  std::vector<Seen> seen;
  const Status status =
      test.client.receive_events({.flow =
                                      [&](const ctnetlink::FlowEvent& event) {
                                        seen.push_back({event.kind, event.port_id, event.flow.id});
                                        return true;
                                      },
                                  .expectation = {}});
  CHECK(status.ok());
  CHECK(seen == std::vector<Seen>{{EventKind::kNew, 0, 1},
                                  {EventKind::kUpdate, 4711, 2},
                                  {EventKind::kDestroy, 0, 3}});
}

TEST_CASE("recorded events play back, those of flows and those of expectations apart") {
  Scripted test;
  for (Bytes& datagram : load_recording("expectations-events.bin"))
    test.script->pending.emplace_back(std::move(datagram));
  size_t flows = 0;
  std::vector<EventKind> expectations;
  while (!test.script->pending.empty())
    REQUIRE(test.client
                .receive_events({.flow =
                                     [&](const ctnetlink::FlowEvent&) {
                                       ++flows;
                                       return true;
                                     },
                                 .expectation =
                                     [&](const ctnetlink::ExpectationEvent& event) {
                                       expectations.push_back(event.kind);
                                       return true;
                                     }})
                .ok());
  CHECK(flows > 5);
  CHECK(std::count(expectations.begin(), expectations.end(), EventKind::kNew) >= 2);
  CHECK(std::count(expectations.begin(), expectations.end(), EventKind::kDestroy) >= 1);
}

TEST_CASE("a listener hears of signals and of lost events") {
  Scripted test;
  test.script->pending = {EINTR, ENOBUFS};
  const ctnetlink::EventSinks sinks{.flow = [](const ctnetlink::FlowEvent&) { return true; },
                                    .expectation = {}};
  CHECK_EQ(test.client.receive_events(sinks).error().code, EINTR);
  CHECK_EQ(test.client.receive_events(sinks).error().code, ENOBUFS);
}

TEST_CASE("a torn datagram of events delivers what is whole and then fails") {
  Scripted test;
  test.script->pending.push_back(
      cut(datagram_of({event_message(IPCTNL_MSG_CT_NEW, NLM_F_CREATE, 0, 1),
                       event_message(IPCTNL_MSG_CT_NEW, NLM_F_CREATE, 0, 2)}),
          8));
  Ids ids;
  const Status status = test.client.receive_events({.flow =
                                                        [&](const ctnetlink::FlowEvent& event) {
                                                          ids.push_back(event.flow.id);
                                                          return true;
                                                        },
                                                    .expectation = {}});
  REQUIRE_FALSE(status.ok());
  CHECK_EQ(status.error().code, EBADMSG);
  CHECK(ids == Ids{1});
}
