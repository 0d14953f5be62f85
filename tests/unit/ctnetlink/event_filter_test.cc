// The program runs where it will run: in the kernel, on a socket, if on one that needs no root.
// What comes out at the other end of a pair of sockets has passed.
#include "ctnetlink/event_filter.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <cerrno>
#include <random>

#include "base/posix.h"
#include "ctnetlink/flow_codec.h"
#include "ctnetlink/match.h"
#include "ctnetlink/uapi.h"
#include "support/messages.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

using Program = std::vector<sock_filter>;

class Sockets {
 public:
  Sockets() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0);
    in_ = UniqueFd(ends[0]);
    out_ = UniqueFd(ends[1]);
  }

  /// 0, or errno.
  int attach(Program program) const {
    const sock_fprog attached{static_cast<uint16_t>(program.size()), program.data()};
    return setsockopt(out_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) == 0
               ? 0
               : errno;
  }

  bool passes(std::span<const std::byte> datagram) const {
    const auto size = static_cast<ssize_t>(datagram.size());
    REQUIRE(send(in_.get(), datagram.data(), datagram.size(), 0) == size);
    std::byte buffer[1 << 14];
    const ssize_t received = recv(out_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (received < 0) REQUIRE(errno == EAGAIN);
    if (received >= 0) REQUIRE(received == size);
    return received >= 0;
  }

 private:
  UniqueFd in_, out_;
};

bool permitted() {
  const int code = Sockets().attach({{BPF_RET | BPF_K, 0, 0, UINT32_MAX}});
  if (code != 0) MESSAGE("skipped: no filters on sockets here, errno " << code);
  return code == 0;
}

/// A filter on a socket of its own.
class Attached {
 public:
  explicit Attached(const Filter& filter, bool all_ends = false) {
    const Program program = ctnetlink::compile_event_filter(filter, all_ends);
    if (!program.empty()) REQUIRE(sockets_.attach(program) == 0);
  }
  bool passes(std::span<const std::byte> datagram) const { return sockets_.passes(datagram); }
  bool passes(const Flow& flow) const {
    return passes(flow_message(flow, IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL));
  }
  bool passes_end(const Flow& flow) const {
    return passes(flow_message(flow, IPCTNL_MSG_CT_DELETE));
  }

 private:
  Sockets sockets_;
};

template <typename Fill>
Filter filter_of(const Fill& fill) {
  Filter filter;
  fill(filter);
  return filter;
}

/// A filter of whose conditions tcp_flow() fulfils none.
Filter strict() {
  return filter_of([](Filter& f) {
    f.family = AF_INET6;
    f.orig.proto = IPPROTO_UDP;
    f.orig.dport = 53;
    f.zone = 7;
    f.mark = MarkFilter{5, UINT32_MAX};
    f.status_set = kExpected;
    f.id = 1;
  });
}

Flow decoded(const Bytes& bytes) {
  Flow flow;
  REQUIRE(ctnetlink::decode_flow(message_of(bytes), flow));
  return flow;
}

/// Other numbers in a message's header: at byte `at`, in host order.
template <typename T>
Bytes with_header(Bytes bytes, size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

constexpr size_t kLengthAt = offsetof(nlmsghdr, nlmsg_len);
constexpr size_t kTypeAt = offsetof(nlmsghdr, nlmsg_type);
constexpr size_t kSequenceAt = offsetof(nlmsghdr, nlmsg_seq);

using Random = std::mt19937;
constexpr unsigned kSeed = 20240611;

unsigned below(Random& random, unsigned limit) {
  return std::uniform_int_distribution<unsigned>(0, limit - 1)(random);
}

Address random_address(Random& random, bool v6) {
  return address((v6 ? "fd00::1:" : "10.0.0.") + std::to_string(below(random, 4)));
}

Tuple random_tuple(Random& random, uint8_t proto, bool v6) {
  Tuple tuple;
  tuple.src = random_address(random, v6);
  tuple.dst = random_address(random, v6);
  tuple.proto = proto;
  tuple.has_proto = true;
  const TransportKind kind = transport_kind(proto);
  tuple.has_ports = kind != TransportKind::kNone;
  if (kind == TransportKind::kIcmp) {
    tuple.icmp_type = static_cast<uint8_t>(below(random, 3));
    tuple.icmp_code = static_cast<uint8_t>(below(random, 2));
    tuple.icmp_id = static_cast<uint16_t>(below(random, 3));
  } else if (tuple.has_ports) {
    tuple.sport = static_cast<uint16_t>(below(random, 3));
    tuple.dport = static_cast<uint16_t>(below(random, 3));
  }
  tuple.has_zone = below(random, 4) == 0;
  if (tuple.has_zone) tuple.zone = static_cast<uint16_t>(1 + below(random, 2));
  return tuple;
}

void random_state(Random& random, Flow& flow) {
  const auto state = static_cast<uint8_t>(below(random, 3));
  if (below(random, 4) == 0) return;
  switch (flow.orig.proto) {
    case IPPROTO_TCP:
      flow.tcp_state = state;
      flow.fields.add(FlowField::kTcpState);
      break;
    case IPPROTO_SCTP:
      flow.sctp_state = state;
      flow.fields.add(FlowField::kSctpState);
      flow.sctp_vtag = {1 + below(random, 2), 1 + below(random, 2)};
      if (below(random, 2) == 0) flow.fields.add(FlowField::kSctpVtags);
      break;
    case IPPROTO_DCCP:
      flow.dccp_state = state;
      flow.fields.add(FlowField::kDccpState);
      flow.dccp_role = static_cast<uint8_t>(below(random, 2));
      flow.fields.add(FlowField::kDccpRole);
      break;
  }
}

Flow random_flow(Random& random) {
  static constexpr uint8_t kProtocols[] = {
      IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_DCCP, IPPROTO_GRE, IPPROTO_ICMP, 50};
  const bool v6 = below(random, 2) == 0;
  uint8_t proto = kProtocols[below(random, std::size(kProtocols))];
  if (proto == IPPROTO_ICMP && v6) proto = IPPROTO_ICMPV6;
  Flow flow;
  flow.orig = random_tuple(random, proto, v6);
  flow.reply = below(random, 2) == 0 ? random_tuple(random, proto, v6) : mirrored(flow.orig);
  flow.fields.add(FlowField::kOrig);
  flow.fields.add(FlowField::kReply);
  const auto sometimes = [&random] { return below(random, 3) != 0; };
  if (sometimes()) flow.set_status(below(random, 1 << 9));
  if (sometimes()) flow.set_timeout(below(random, 3));
  if (sometimes()) flow.set_mark(below(random, 3) << 8 | below(random, 3));
  if (sometimes()) flow.set_zone(static_cast<uint16_t>(below(random, 3)));
  if (sometimes()) flow.set_id(below(random, 3));
  if (sometimes()) flow.secmark = below(random, 3), flow.fields.add(FlowField::kSecmark);
  if (sometimes()) {
    for (unsigned i = 0; i < 4; ++i) flow.labels.set(below(random, Labels::kBits));
    flow.fields.add(FlowField::kLabels);
  }
  random_state(random, flow);
  return flow;
}

/// Makes filters that select something: each condition is fulfilled by one of two flows, mostly
/// the first.
class FilterMaker {
 public:
  /// `exact`: conditions that go down whole.
  FilterMaker(Random& random, const Flow& often, const Flow& seldom, bool exact)
      : random_(random), often_(often), seldom_(seldom), exact_(exact) {}

  Filter make() {
    Filter filter;
    if (wanted()) filter.family = like().orig.family();
    tuple(filter.orig, &Flow::orig);
    tuple(filter.reply, &Flow::reply);
    entry(filter);
    state(filter);
    if (!exact_) nat(filter);
    return filter;
  }

 private:
  bool wanted() { return below(random_, 9) == 0; }
  const Flow& like() { return below(random_, 5) == 0 ? seldom_ : often_; }

  Address mask_for(const Address& address) {
    Address mask;
    if (below(random_, 2) == 0) return mask;
    mask.family = address.family;
    for (size_t i = 0; i < mask.size(); ++i)
      mask.bytes[i] = below(random_, 4) == 0 ? static_cast<uint8_t>(below(random_, 256)) : 0xff;
    return mask;
  }

  void tuple(TupleFilter& filter, Tuple Flow::*side) {
    const auto seen = [&]() -> const Tuple& { return like().*side; };
    if (wanted()) filter.src = seen().src, filter.src_mask = mask_for(filter.src);
    if (wanted()) filter.dst = seen().dst, filter.dst_mask = mask_for(filter.dst);
    if (wanted()) filter.proto = seen().proto;
    if (wanted()) filter.sport = number(seen().sport);
    if (wanted()) filter.dport = number(seen().dport);
    if (wanted()) filter.icmp_type = static_cast<uint8_t>(number(seen().icmp_type));
    if (wanted()) filter.icmp_code = static_cast<uint8_t>(number(seen().icmp_code));
    if (wanted()) filter.icmp_id = number(seen().icmp_id);
    if (wanted()) filter.zone = seen().has_zone ? seen().zone : uint16_t{0};
  }

  /// 0 may be the 0 of what has no such number.
  uint16_t number(uint16_t seen) const { return exact_ && seen == 0 ? uint16_t{1} : seen; }

  void entry(Filter& filter) {
    const Flow& status = like();
    const uint32_t bits = status.has(FlowField::kStatus) ? status.status : 0;
    if (wanted()) filter.status_set = bits & below(random_, 1 << 9);
    if (wanted()) filter.status_clear = ~bits & below(random_, 1 << 9);
    const Flow& mark = like();
    const uint32_t mask = below(random_, 2) == 0 ? UINT32_MAX : below(random_, 1 << 10);
    if (wanted())
      filter.mark = MarkFilter{(mark.has(FlowField::kMark) ? mark.mark : 0) & mask, mask};
    const Flow& zone = like();
    if (wanted()) filter.zone = zone.has(FlowField::kZone) ? zone.zone : uint16_t{0};
    if (wanted()) filter.id = like().id;
    if (wanted()) filter.secmark = like().secmark;
    if (wanted()) filter.timeout = like().timeout;
    if (!wanted()) return;
    const Flow& labels = like();
    for (unsigned bit = 0; bit < Labels::kBits; ++bit)
      if (labels.labels.test(bit) && below(random_, 2) == 0) filter.labels.set(bit);
  }

  void state(Filter& filter) {
    if (wanted()) filter.tcp_state = like().tcp_state;
    if (wanted()) filter.sctp_state = like().sctp_state;
    if (wanted()) filter.dccp_state = like().dccp_state;
    if (wanted()) filter.dccp_role = like().dccp_role;
    if (wanted()) filter.vtag_orig = number(static_cast<uint16_t>(like().sctp_vtag[0]));
    if (wanted()) filter.vtag_reply = number(static_cast<uint16_t>(like().sctp_vtag[1]));
  }

  void nat(Filter& filter) {
    const auto to = [this](const Address& address, uint16_t port) {
      NatFilter nat;
      if (below(random_, 2) == 0) nat.address = address;
      if (below(random_, 2) == 0) nat.port = port;
      return nat;
    };
    if (wanted()) filter.src_nat = to(like().reply.dst, like().reply.dport);
    if (wanted()) filter.dst_nat = to(like().reply.src, like().reply.sport);
    if (wanted()) filter.any_nat = to(like().reply.src, like().reply.sport);
  }

  Random& random_;
  const Flow& often_;
  const Flow& seldom_;
  const bool exact_;
};

/// Both ways in which a program and match.cc may differ, over all pairs of a filter and a message.
struct Tally {
  unsigned selected = 0;     ///< pairs
  unsigned held_back = 0;    ///< selected, but dropped: never
  unsigned dropped = 0;      ///< pairs
  unsigned let_through = 0;  ///< dropped by an exact filter above alone: never
};

Tally compare(Random& random, const std::vector<Bytes>& messages, unsigned filters) {
  std::vector<Flow> flows;
  for (const Bytes& message : messages) flows.push_back(decoded(message));
  const auto any = [&]() -> const Flow& {
    return flows[below(random, static_cast<unsigned>(flows.size()))];
  };
  Tally tally;
  for (unsigned round = 0; round < filters; ++round) {
    const bool exact = round % 2 == 0;
    const Filter filter = FilterMaker(random, any(), any(), exact).make();
    const Attached attached(filter);
    for (size_t i = 0; i < messages.size(); ++i) {
      const bool selected = ctnetlink::matches(filter, flows[i]);
      const bool passes = attached.passes(messages[i]);
      tally.selected += selected;
      tally.held_back += selected && !passes;
      tally.dropped += !passes;
      tally.let_through += exact && passes && !selected;
    }
  }
  return tally;
}

}  // namespace

TEST_CASE("a filter without conditions needs no program") {
  CHECK(ctnetlink::compile_event_filter({}, false).empty());
  CHECK(ctnetlink::compile_event_filter({}, true).empty());
}

TEST_CASE("what is no event of an entry passes, whatever the filter says") {
  if (!permitted()) return;
  const Attached attached(strict());
  const Bytes event = flow_message(tcp_flow(), IPCTNL_MSG_CT_NEW);
  REQUIRE_FALSE(attached.passes(event));
  for (const uint16_t type :
       {uint16_t{NLMSG_NOOP}, uint16_t{NLMSG_ERROR}, uint16_t{NLMSG_DONE}, uint16_t{NLMSG_OVERRUN}})
    CHECK(attached.passes(with_header(event, kTypeAt, type)));
  const auto type_of = [](uint8_t subsystem, uint8_t type) {
    return static_cast<uint16_t>(subsystem << 8 | type);
  };
  CHECK(attached.passes(
      with_header(event, kTypeAt, type_of(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS))));
  CHECK(attached.passes(
      with_header(event, kTypeAt, type_of(NFNL_SUBSYS_CTNETLINK_EXP, IPCTNL_MSG_EXP_NEW))));
}

TEST_CASE("answers to requests pass: they have a sequence number") {
  if (!permitted()) return;
  const Attached attached(strict());
  const Bytes event = flow_message(tcp_flow(), IPCTNL_MSG_CT_NEW);
  CHECK(attached.passes(with_header(event, kSequenceAt, uint32_t{1} << 24)));
  CHECK(attached.passes(with_header(event, kSequenceAt, uint32_t{1})));
}

TEST_CASE("datagrams of several messages, or of a part of one, pass") {
  if (!permitted()) return;
  const Attached attached(strict());
  const Bytes event = flow_message(tcp_flow(), IPCTNL_MSG_CT_NEW);
  Bytes twice = event;
  twice.insert(twice.end(), event.begin(), event.end());
  CHECK(attached.passes(twice));
  for (size_t size = 0; size < event.size(); ++size)
    CHECK(attached.passes(std::span(event).first(size)));
  // Lengths that agree in some of their bytes.
  Bytes long_one = event;
  long_one.resize(event.size() + 256);
  CHECK(attached.passes(long_one));
}

TEST_CASE("without its tuples a message passes, also where nothing is asked of them") {
  if (!permitted()) return;
  const auto mark = [](Filter& f) { f.mark = MarkFilter{5, UINT32_MAX}; };
  const auto port = [](Filter& f) { f.reply.dport = 53; };
  for (const Filter& filter : {filter_of(mark), filter_of(port)}) {
    const Attached attached(filter);
    Flow flow = tcp_flow();
    CHECK_FALSE(attached.passes(flow));
    flow.fields.remove(FlowField::kOrig);
    CHECK(attached.passes(flow));
  }
  Flow flow = tcp_flow();
  flow.fields.remove(FlowField::kReply);
  CHECK(Attached(filter_of(port)).passes(flow));
}

TEST_CASE("a value of another size passes, and is no read behind its end") {
  if (!permitted()) return;
  const auto message = [](size_t size) {
    return build_message(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW, 0, AF_INET,
                         [&](netlink::AttrWriter& attrs) {
                           ctnetlink::encode_tuple(CTA_TUPLE_ORIG, tcp_flow().orig, attrs);
                           attrs.put_bytes(CTA_MARK, Bytes(size, std::byte{1}));
                         });
  };
  const Attached attached(filter_of([](Filter& f) { f.mark = MarkFilter{5, UINT32_MAX}; }));
  CHECK_FALSE(attached.passes(message(4)));
  for (const size_t size : {0, 1, 2, 3, 5, 8}) CHECK(attached.passes(message(size)));
}

TEST_CASE(
    "the end of an entry passes for its tuples, zone and id alone, where all ends are wanted") {
  if (!permitted()) return;
  const auto changed = [](Filter& f) { f.mark = MarkFilter{5, UINT32_MAX}; };
  CHECK_FALSE(Attached(filter_of(changed), true).passes(tcp_flow()));
  CHECK(Attached(filter_of(changed), true).passes_end(tcp_flow()));
  CHECK_FALSE(Attached(filter_of(changed), false).passes_end(tcp_flow()));
  const auto other = [](auto fill) { return Attached(filter_of(fill), true); };
  CHECK_FALSE(other([](Filter& f) { f.family = AF_INET6; }).passes_end(tcp_flow()));
  CHECK_FALSE(other([](Filter& f) { f.orig.dport = 53; }).passes_end(tcp_flow()));
  CHECK_FALSE(other([](Filter& f) { f.reply.src = address("10.9.9.9"); }).passes_end(tcp_flow()));
  CHECK_FALSE(other([](Filter& f) { f.zone = 9; }).passes_end(tcp_flow()));
  CHECK_FALSE(other([](Filter& f) { f.id = 9; }).passes_end(tcp_flow()));
  const auto changing = [&](auto fill) {
    const Attached attached(filter_of(fill), true);
    CHECK_FALSE(attached.passes(tcp_flow()));
    CHECK(attached.passes_end(tcp_flow()));
  };
  changing([](Filter& f) { f.status_set = kExpected; });
  changing([](Filter& f) { f.status_clear = kAssured; });
  changing([](Filter& f) { f.timeout = 1; });
  changing([](Filter& f) { f.secmark = 1; });
  changing([](Filter& f) { f.labels.set(3); });
  changing([](Filter& f) { f.tcp_state = 1; });
  changing([](Filter& f) { f.src_nat = NatFilter{}; });
  changing([](Filter& f) { f.any_nat = NatFilter{}; });
}

TEST_CASE("a translation's address and port go down as those of the reply") {
  if (!permitted()) return;
  Flow flow = tcp_flow();
  flow.reply.dst = address("192.0.2.1"), flow.reply.dport = 5004;
  flow.set_status(kConfirmed | kSrcNatDone | kDstNatDone);
  const auto passes = [&](auto fill) { return Attached(filter_of(fill)).passes(flow); };
  CHECK(passes([](Filter& f) { f.src_nat = NatFilter{address("192.0.2.1"), 5004}; }));
  CHECK_FALSE(passes([](Filter& f) { f.src_nat = NatFilter{address("192.0.2.2"), {}}; }));
  CHECK_FALSE(passes([](Filter& f) { f.src_nat = NatFilter{{}, 5005}; }));
  CHECK_FALSE(passes([](Filter& f) { f.dst_nat = NatFilter{address("192.0.2.1"), {}}; }));
  CHECK(passes([](Filter& f) { f.any_nat = NatFilter{address("192.0.2.1"), {}}; }));
}

TEST_CASE("a program of every condition there is, on IPv6, is one that the kernel takes") {
  if (!permitted()) return;
  Filter filter = strict();
  for (TupleFilter* tuple : {&filter.orig, &filter.reply}) {
    tuple->src = tuple->dst = address("fd00::1");
    tuple->src_mask = tuple->dst_mask = address("7fff:7fff:7fff:7fff:7fff:7fff:7fff:7fff");
    tuple->proto = tuple->icmp_type = tuple->icmp_code = uint8_t{1};
    tuple->sport = tuple->dport = tuple->icmp_id = tuple->zone = uint16_t{1};
  }
  filter.status_clear = kDying;
  filter.secmark = filter.timeout = filter.vtag_orig = filter.vtag_reply = 1u;
  for (unsigned bit = 0; bit < Labels::kBits; bit += 5) filter.labels.set(bit);
  filter.tcp_state = filter.sctp_state = filter.dccp_state = filter.dccp_role = uint8_t{1};
  filter.src_nat = filter.dst_nat = filter.any_nat = NatFilter{address("fd00::1"), 1};
  CHECK(Sockets().attach(ctnetlink::compile_event_filter(filter, true)) == 0);
}

TEST_CASE(
    "programs hold back nothing that is selected, and all that conditions that go down refuse") {
  if (!permitted()) return;
  CAPTURE(kSeed);
  Random random(kSeed);
  std::vector<Bytes> messages;
  for (unsigned i = 0; i < 300; ++i)
    messages.push_back(flow_message(random_flow(random), below(random, 2) == 0
                                                             ? uint8_t{IPCTNL_MSG_CT_NEW}
                                                             : uint8_t{IPCTNL_MSG_CT_DELETE}));
  const Tally tally = compare(random, messages, 1000);
  CHECK(tally.held_back == 0);
  CHECK(tally.let_through == 0);
  CHECK(tally.selected > 5'000);
  CHECK(tally.dropped > 50'000);
}

TEST_CASE("so they do with the messages that a kernel has sent") {
  if (!permitted()) return;
  CAPTURE(kSeed);
  Random random(kSeed);
  std::vector<Bytes> messages;
  for (Bytes& message : recorded_flows())
    if (message_of(message).type() <= IPCTNL_MSG_CT_DELETE)
      messages.push_back(with_header(std::move(message), kSequenceAt, uint32_t{0}));
  const Tally tally = compare(random, messages, 500);
  CHECK(tally.held_back == 0);
  CHECK(tally.let_through == 0);
  CHECK(tally.selected > 5'000);
  CHECK(tally.dropped > 50'000);
}

TEST_CASE("events that a kernel has sent come one a datagram, without a sequence number") {
  for (const char* name : {"flows-events.bin", "flows-plain-events.bin"})
    for (const Bytes& datagram : load_recording(name)) {
      const netlink::Message message = message_of(datagram);
      CHECK(message.header.nlmsg_len == datagram.size());
      CHECK(message.header.nlmsg_seq == 0);
    }
}

TEST_CASE("damaged messages are held back only where what is left of them is not selected") {
  if (!permitted()) return;
  CAPTURE(kSeed);
  Random random(kSeed);
  for (unsigned round = 0; round < 300; ++round) {
    const Flow whole = random_flow(random);
    const Filter filter = FilterMaker(random, whole, whole, false).make();
    const Attached attached(filter);
    const Bytes event = flow_message(whole, IPCTNL_MSG_CT_NEW);
    for (size_t size = sizeof(nlmsghdr); size <= event.size(); ++size) {
      Bytes cut(event.begin(), event.begin() + static_cast<std::ptrdiff_t>(size));
      cut = with_header(std::move(cut), kLengthAt, static_cast<uint32_t>(size));
      Flow left;
      (void)ctnetlink::decode_flow(message_of(cut), left);
      if (ctnetlink::matches(filter, left)) CHECK(attached.passes(cut));
    }
  }
}
