// Makes the seeds of the fuzz targets from the recordings, one file for each kind of message and
// for each way to be damaged:   make_seeds tests/fuzz/seeds
#include <cerrno>
#include <stdexcept>

#include "ctnetlink/expect_codec.h"
#include "ctnetlink/flow_codec.h"
#include "ctnetlink/uapi.h"
#include "fuzz/seeds.h"
#include "support/fake_backend.h"
#include "support/messages.h"

namespace ctwin::test {
namespace {

/// The first recorded flow for which `wanted` holds.
template <typename Wanted>
Bytes recorded_flow(Wanted wanted) {
  for (const Bytes& bytes : recorded_flows()) {
    Flow flow;
    ctnetlink::decode_flow(message_of(bytes), flow);
    if (wanted(flow)) return bytes;
  }
  throw std::runtime_error("the recordings hold no such flow");
}

Bytes with_proto(uint8_t proto) {
  return recorded_flow([&](const Flow& flow) { return flow.orig.proto == proto; });
}

Bytes with_field(FlowField field) {
  return recorded_flow([&](const Flow& flow) { return flow.has(field); });
}

/// Changes the two bytes at `offset` from the end: a length or a type of what stands there.
Bytes with_word(Bytes bytes, size_t from_end, uint16_t word) {
  std::memcpy(bytes.data() + bytes.size() - from_end, &word, sizeof word);
  return bytes;
}

Bytes without_end(Bytes bytes, size_t missing) {
  bytes.resize(bytes.size() - missing);
  return bytes;
}

/// Attribute inside attribute, as deep as the message is long.
Bytes deep_nest() {
  return build_message(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW, 0, AF_INET,
                       [](netlink::AttrWriter& attrs) {
                         std::vector<size_t> nests;
                         for (int i = 0; i < 100; ++i)
                           nests.push_back(attrs.begin_nest(static_cast<uint16_t>(1 + i % 3)));
                         for (; !nests.empty(); nests.pop_back()) attrs.end_nest(nests.back());
                       });
}

void make_flow_seeds(const Seeds& seeds) {
  const Bytes tcp = flow_message(tcp_flow());
  seeds.write("tcp", with_field(FlowField::kTcpState));
  seeds.write("udp", with_proto(IPPROTO_UDP));
  seeds.write("icmp", with_proto(IPPROTO_ICMP));
  seeds.write("icmpv6", with_proto(IPPROTO_ICMPV6));
  seeds.write("gre", with_proto(IPPROTO_GRE));
  seeds.write("sctp", with_field(FlowField::kSctpState));
  seeds.write("udplite", with_proto(IPPROTO_UDPLITE));
  seeds.write("dccp-without-ports", with_proto(IPPROTO_DCCP));
  seeds.write("esp", with_proto(IPPROTO_ESP));
  seeds.write("zone", with_field(FlowField::kZone));
  seeds.write("zone-of-a-direction",
              recorded_flow([](const Flow& flow) { return flow.orig.has_zone; }));
  seeds.write("labels", with_field(FlowField::kLabels));
  seeds.write("helper", with_field(FlowField::kHelper));
  seeds.write("master", with_field(FlowField::kMaster));
  seeds.write("destroyed-with-counters", with_field(FlowField::kTimestampStop));
  seeds.write("both-nats", recorded_flow([](const Flow& flow) {
                return (flow.status & (kSrcNat | kDstNat)) == (kSrcNat | kDstNat);
              }));
  seeds.write("header-only", without_end(tcp, tcp.size() - sizeof(nlmsghdr)));
  seeds.write("torn", without_end(tcp, 7));
  seeds.write("attribute-of-length-0", with_word(tcp, 8, 0));
  seeds.write("attribute-past-the-end", with_word(tcp, 8, 0xffff));
  seeds.write("attribute-of-a-wrong-size", with_word(tcp, 8, 6));
  seeds.write("nests-in-nests", deep_nest());
}

void make_expectation_seeds(const Seeds& seeds) {
  const auto recorded = recorded_expectations();
  size_t kinds = 0;
  for (const Bytes& bytes : recorded) {
    Expectation expectation;
    ctnetlink::decode_expectation(message_of(bytes), expectation);
    const bool flags = expectation.flags != 0;
    const size_t kind = flags ? 1 : 2;
    if (kinds & kind) continue;
    kinds |= kind;
    seeds.write(flags ? "permanent" : "ftp", bytes);
    seeds.write(flags ? "permanent-torn" : "ftp-torn", without_end(bytes, 5));
    seeds.write(flags ? "permanent-past-the-end" : "ftp-past-the-end", with_word(bytes, 8, 0xffff));
  }
  seeds.write("nat-and-function",
              build_message(NFNL_SUBSYS_CTNETLINK_EXP, IPCTNL_MSG_EXP_NEW, 0, AF_INET,
                            [](netlink::AttrWriter& attrs) {
                              const Tuple tuple =
                                  port_tuple(IPPROTO_TCP, "10.0.0.1", 1, "10.0.0.2", 2);
                              ctnetlink::encode_tuple(CTA_EXPECT_TUPLE, tuple, attrs);
                              const size_t nat = attrs.begin_nest(CTA_EXPECT_NAT);
                              attrs.put(CTA_EXPECT_NAT_DIR, uint32_t{1});
                              ctnetlink::encode_tuple(CTA_EXPECT_NAT_TUPLE, tuple, attrs);
                              attrs.end_nest(nat);
                              attrs.put_text(CTA_EXPECT_FN, "nat-follow-master");
                            }));
}

/// As client_datagrams.cc reads it.
Bytes conversation(uint8_t mode, const std::vector<Reply>& replies) {
  Bytes input{std::byte{mode}};
  const auto word = [&](size_t value) {
    input.push_back(static_cast<std::byte>(value & 0xff));
    input.push_back(static_cast<std::byte>(value >> 8 & 0xff));
  };
  for (const Reply& reply : replies) {
    if (const int* code = std::get_if<int>(&reply)) {
      word(*code == ENOBUFS ? 0xffff : 0xfffe);
      continue;
    }
    const Bytes& datagram = std::get<Bytes>(reply);
    word(datagram.size());
    input.insert(input.end(), datagram.begin(), datagram.end());
  }
  return input;
}

std::vector<Reply> recorded_events(const char* name) {
  std::vector<Reply> replies;
  for (Bytes& datagram : load_recording(name))
    if (replies.size() < 12) replies.emplace_back(std::move(datagram));
  return replies;
}

void make_client_seeds(const Seeds& seeds) {
  constexpr uint8_t kDump = 0, kDelete = 1, kGet = 2, kListen = 3, kExpectations = 4, kCpus = 5,
                    kGlobal = 6, kGetExpectation = 7;
  const Bytes flow = answer(0, flow_message(tcp_flow()));
  const auto write = [&](const char* name, uint8_t mode, const std::vector<Reply>& replies) {
    seeds.write(name, conversation(mode, replies));
  };
  write("dump", kDump, {datagram_of({flow, flow}), datagram_of({flow, done()})});
  write("dump-interrupted", kDump, {answer(0, flow, NLM_F_MULTI | NLM_F_DUMP_INTR), done()});
  write("dump-torn", kDump, {without_end(flow, 3), done()});
  write("dump-refused", kDump, {ack(0, EPERM)});
  write("dump-with-losses", kDump, {flow, ENOBUFS, flow, done()});
  write("dump-with-signals", kDump, {EINTR, flow, EINTR, done()});
  write("dump-cut-off", kDump, {flow, Bytes{}});
  write("dump-with-strangers", kDump,
        {datagram_of({ack(9, EPERM), answer(7, flow), flow, done()})});
  write("batch", kDelete, {ack(3)});
  write("batch-with-failures", kDelete, {ack(1, ENOENT), datagram_of({ack(2, EBUSY), ack(3)})});
  write("batch-out-of-order", kDelete, {ack(2, ENOENT), ack(0, EBUSY), ack(3)});
  write("batch-torn", kDelete, {without_end(ack(0, ENOENT), 2), ack(3)});
  write("reads", kGet, {flow, ack(1, ENOENT), answer(2, flow), answer(3, flow), ack(3)});
  write("events", kListen, recorded_events("flows-plain-events.bin"));
  write("events-of-expectations", kListen, recorded_events("expectations-events.bin"));
  write("events-with-losses", kListen, {flow, ENOBUFS, without_end(flow, 9), EINTR, flow});
  write("expectations", kExpectations, replay(load_recording("expectations-dump.bin")));
  const auto counters = [](uint8_t type) {
    return build_message(NFNL_SUBSYS_CTNETLINK, type, 0, AF_UNSPEC,
                         [](netlink::AttrWriter& attrs) { attrs.put(1, uint32_t{42}); });
  };
  write("cpus", kCpus, {answer(0, counters(IPCTNL_MSG_CT_GET_STATS_CPU)), done()});
  write("global", kGlobal, {answer(0, counters(IPCTNL_MSG_CT_GET_STATS)), ack(0)});
  write("expectation", kGetExpectation, {answer(0, recorded_expectations().front(), 0), ack(0)});
}

}  // namespace
}  // namespace ctwin::test

int main(int argc, char** argv) {
  using namespace ctwin::test;
  return make_seeds_below(argc, argv, [](const std::filesystem::path& root) {
    make_flow_seeds(Seeds(root / "flow_message"));
    make_expectation_seeds(Seeds(root / "expect_message"));
    make_client_seeds(Seeds(root / "client_datagrams"));
  });
}
