// Every match, asked straight and inverted. What is not obvious was asked of a kernel first.
#include <doctest/doctest.h>

#include "unit/rules/gate.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

constexpr uint8_t kTcp = 6, kUdp = 17, kIcmpProto = 1;

Ip with_ttl(uint8_t ttl, Ip ip = {}) {
  ip.ttl = ttl;
  return ip;
}
Ip with_tos(uint8_t tos, Ip ip = {}) {
  ip.tos = tos;
  return ip;
}
Ip with_fragment(uint16_t field) {
  Ip ip;
  ip.fragment = field;
  return ip;
}

BuiltPacket tcp(uint16_t sport, uint16_t dport, std::string_view flags = "S") {
  return tcp_packet({}, {.sport = sport, .dport = dport, .flags = flags});
}
BuiltPacket udp(uint16_t sport, uint16_t dport) {
  return udp_packet({}, {.sport = sport, .dport = dport});
}
BuiltPacket udp() { return udp(1000, 53); }
BuiltPacket answer() { return udp_packet(Ip{}.back(), {.sport = 53, .dport = 1000}); }

/// The bits of an interval, for matches that take one.
Interval<uint16_t> ports(uint16_t min, uint16_t max, bool invert = false) {
  return {min, max, invert};
}

}  // namespace

// ---- the header ----

TEST_CASE("header: addresses under a mask, and their inverse") {
  Gate gate;
  const BuiltPacket packet = udp_packet(from_to("10.0.0.1", "10.1.2.3"), {});
  CHECK(gate.holds(from(network("10.0.0.1")), packet));
  CHECK_FALSE(gate.holds(from(network("10.0.0.2")), packet));
  CHECK(gate.holds(from(network("10.0.0.2", 24)), packet));
  CHECK(gate.holds(from(network("0.0.0.0", 0)), packet));
  CHECK_FALSE(gate.holds(from(network("0.0.0.0", 0, true)), packet));
  CHECK(gate.holds(from(network("10.0.0.2", 32, true)), packet));
  CHECK(gate.holds(towards(network("10.1.0.0", 16)), packet));
  CHECK_FALSE(gate.holds(towards(network("10.1.0.0", 16, true)), packet));
}

TEST_CASE("header: IPv6 addresses are compared in every word") {
  Gate gate(AF_INET6);
  const BuiltPacket packet = udp_packet(from_to("fd01::1:2:3:4", "fd02::2"), {});
  CHECK(gate.holds(from(network("fd01::1:2:3:4")), packet));
  for (const char* other : {"fd03::1:2:3:4", "fd01:0:1::1:2:3:4", "fd01::9:2:3:4", "fd01::1:2:3:5"})
    CHECK_FALSE(gate.holds(from(network(other)), packet));
  CHECK(gate.holds(from(network("fd01::", 64)), packet));
}

TEST_CASE("header: devices by name, by the beginning of one, and none at all") {
  Gate gate;
  CHECK(gate.holds(in_by(device("eth0")), udp()));
  CHECK_FALSE(gate.holds(in_by(device("eth1")), udp()));
  CHECK_FALSE(gate.holds(in_by(device("eth")), udp()));
  CHECK_FALSE(gate.holds(in_by(device("eth00")), udp()));
  CHECK(gate.holds(in_by(device("eth+")), udp()));
  CHECK(gate.holds(in_by(device("eth0+")), udp()));
  CHECK(gate.holds(in_by(device("+")), udp()));
  CHECK_FALSE(gate.holds(in_by(device("ppp+")), udp()));
  CHECK(gate.holds(in_by(device("ppp+", true)), udp()));
  CHECK(gate.holds(out_by(device("eth1")), udp()));
  CHECK_FALSE(gate.holds(out_by(device("eth1", true)), udp()));
  // Before routing there is no output device.
  CHECK_FALSE(gate.holds(out_by(device("eth1")), udp(), Hook::kPrerouting));
  CHECK(gate.holds(out_by(device("eth1", true)), udp(), Hook::kPrerouting));
  CHECK(gate.holds(out_by(device("+")), udp(), Hook::kPrerouting));
  CHECK_FALSE(gate.holds(in_by(device("eth0")), udp(), Hook::kOutput));
}

TEST_CASE("header: the protocol") {
  Gate gate;
  CHECK(gate.holds(of_proto(kUdp), udp()));
  CHECK_FALSE(gate.holds(of_proto(kTcp), udp()));
  CHECK(gate.holds(of_proto(kTcp, true), udp()));
  CHECK_FALSE(gate.holds(of_proto(kUdp, true), udp()));
}

TEST_CASE("header: the protocol of IPv6 stands behind the extension headers") {
  Gate gate(AF_INET6);
  const Bytes padding = {0, 0, 1, 4, 0, 0, 0, 0};
  const BuiltPacket packet = udp_packet(six({{0, padding}, {60, padding}}), {});
  CHECK(gate.holds(of_proto(kUdp), packet));
  CHECK_FALSE(gate.holds(of_proto(0xff), packet));
  const BuiltPacket nothing = ip_packet(six({{60, padding}}), 59, {});
  CHECK(gate.holds(of_proto(59), nothing));
}

TEST_CASE("header: IPv6 headers that lead nowhere drop the packet when a protocol is asked") {
  Gate gate(AF_INET6);
  const BuiltPacket torn = ip_packet(six({}), 60, {});
  gate.add(TableId::kFilter, Hook::kForward, rule(of_proto(kUdp), NoTarget{}));
  CHECK_EQ(gate.forward(torn), Verdict::kDrop);
  Gate careless(AF_INET6);
  careless.add(TableId::kFilter, Hook::kForward, rule(from(network("fd01::1")), NoTarget{}));
  CHECK_EQ(careless.forward(torn), Verdict::kAccept);
  Gate cut(AF_INET6);
  cut.captured = 41;
  cut.add(TableId::kFilter, Hook::kForward, rule(of_proto(kUdp), NoTarget{}));
  CHECK_EQ(cut.forward(udp_packet(six({{60, {0, 0, 1, 4, 0, 0, 0, 0}}}), {})), Verdict::kAccept);
}

TEST_CASE("header: later fragments") {
  Gate gate;
  const BuiltPacket later = ip_packet(with_fragment(2), kUdp, data(16));
  const BuiltPacket first = ip_packet(with_fragment(kMoreFragments), kUdp, data(16));
  CHECK(gate.holds(later_fragment(), later));
  CHECK_FALSE(gate.holds(later_fragment(), first));
  CHECK_FALSE(gate.holds(later_fragment(true), later));
  CHECK(gate.holds(later_fragment(true), first));
}

// ---- transport ----

TEST_CASE("tcp: ports") {
  Gate gate;
  CHECK(gate.holds(TcpMatch{.sport = ports(1000, 1000)}, tcp(1000, 80)));
  CHECK_FALSE(gate.holds(TcpMatch{.sport = ports(1001, 65535)}, tcp(1000, 80)));
  CHECK(gate.holds(TcpMatch{.sport = ports(1001, 65535, true)}, tcp(1000, 80)));
  CHECK(gate.holds(TcpMatch{.dport = ports(80, 90)}, tcp(1000, 80)));
  CHECK(gate.holds(TcpMatch{.dport = ports(70, 80)}, tcp(1000, 80)));
  CHECK_FALSE(gate.holds(TcpMatch{.dport = ports(80, 90, true)}, tcp(1000, 80)));
}

TEST_CASE("tcp: flags under a mask") {
  Gate gate;
  constexpr uint8_t kFin = 1, kSyn = 2, kRst = 4, kAck = 16;
  const TcpMatch syn{.flags_mask = kFin | kSyn | kRst | kAck, .flags_compare = kSyn};
  CHECK(gate.holds(syn, tcp(1, 2, "S")));
  CHECK(gate.holds(syn, tcp(1, 2, "SPU")));
  CHECK_FALSE(gate.holds(syn, tcp(1, 2, "SA")));
  TcpMatch not_syn = syn;
  not_syn.flags_invert = true;
  CHECK_FALSE(gate.holds(not_syn, tcp(1, 2, "S")));
  CHECK(gate.holds(not_syn, tcp(1, 2, "A")));
  CHECK_FALSE(gate.holds(TcpMatch{.flags_invert = true}, tcp(1, 2, "A")));
}

TEST_CASE("tcp: options are found behind others, and a length of zero is passed over") {
  Gate gate;
  const BuiltPacket packet =
      tcp_packet({}, {.options = {mss(1460), nop(), window_scale(7), timestamps(1, 2)}});
  CHECK(gate.holds(TcpMatch{.option = 8}, packet));
  CHECK(gate.holds(TcpMatch{.option = 3}, packet));
  CHECK_FALSE(gate.holds(TcpMatch{.option = 4}, packet));
  CHECK(gate.holds(TcpMatch{.option = 4, .option_invert = true}, packet));
  CHECK_FALSE(gate.holds(TcpMatch{.option = 8, .option_invert = true}, packet));
  CHECK_FALSE(gate.holds(TcpMatch{.option = 8}, tcp(1, 2)));
  CHECK(gate.holds(TcpMatch{.option = 8, .option_invert = true}, tcp(1, 2)));
  const BuiltPacket zero = tcp_packet({}, {.options = {{9, 0, 8, 2}}});
  CHECK(gate.holds(TcpMatch{.option = 8}, zero));
  const BuiltPacket last = tcp_packet({}, {.options = {{1, 1, 1, 9}}});
  CHECK_FALSE(gate.holds(TcpMatch{.option = 8}, last));
}

TEST_CASE("tcp: a header that is shorter than itself drops the packet when options are asked") {
  const Rule asks_option = rule(of_proto(kTcp), {TcpMatch{.option = 8}}, NoTarget{});
  for (const uint8_t words : {4, 6}) {
    Gate gate;
    gate.add(TableId::kFilter, Hook::kForward, asks_option);
    CHECK_EQ(gate.forward(tcp_packet({}, {.header_words = words})), Verdict::kDrop);
  }
  Gate ports_only;
  ports_only.add(TableId::kFilter, Hook::kForward, rule(of_proto(kTcp), {TcpMatch{}}, NoTarget{}));
  CHECK_EQ(ports_only.forward(tcp_packet({}, {.header_words = 4})), Verdict::kAccept);
}

TEST_CASE(
    "tcp: a fragment that could overwrite flags drops the packet, a later one does not match") {
  Gate gate;
  gate.add(TableId::kFilter, Hook::kForward, rule(of_proto(kTcp), {TcpMatch{}}, NoTarget{}));
  CHECK_EQ(gate.forward(ip_packet(with_fragment(1), kTcp, data(40))), Verdict::kDrop);
  CHECK_EQ(gate.forward(ip_packet(with_fragment(2), kTcp, data(40))), Verdict::kAccept);
  CHECK_EQ(gate.counted(TableId::kFilter, Hook::kForward, 0), "0:0");
}

TEST_CASE("udp: ports; a short datagram drops the packet, a later fragment does not match") {
  Gate gate;
  CHECK(gate.holds(UdpMatch{.sport = ports(1000, 1000)}, udp(1000, 53)));
  CHECK_FALSE(gate.holds(UdpMatch{.sport = ports(1000, 1000, true)}, udp(1000, 53)));
  CHECK(gate.holds(UdpMatch{.dport = ports(0, 53)}, udp(1000, 53)));
  CHECK_FALSE(gate.holds(UdpMatch{.dport = ports(54, 99)}, udp(1000, 53)));
  CHECK_FALSE(gate.holds(UdpMatch{}, ip_packet(with_fragment(1), kUdp, data(40))));
  CHECK_FALSE(gate.holds(UdpMatch{}, ip_packet({}, kUdp, data(7))));
  Gate accepting;
  accepting.add(TableId::kFilter, Hook::kForward, rule(UdpMatch{}, NoTarget{}));
  CHECK_EQ(accepting.forward(ip_packet({}, kUdp, data(7))), Verdict::kDrop);
  CHECK_EQ(accepting.forward(ip_packet(with_fragment(1), kUdp, data(7))), Verdict::kAccept);
}

TEST_CASE("sctp: ports, and all, any or only some types of chunks, with their flags") {
  using Chunks = SctpMatch::Chunks;
  constexpr uint8_t kSack = 3, kBeginning = 0x02, kEnd = 0x01;
  Gate gate;
  const auto of = [](std::vector<Bytes> chunks) {
    return sctp_packet({}, {.sport = 1000, .dport = 2905, .chunks = std::move(chunks)});
  };
  const auto asks = [](Chunks how, std::initializer_list<uint8_t> types) {
    SctpMatch match{.chunks = how};
    for (const uint8_t type : types) match.types.set(type);
    return match;
  };
  const BuiltPacket both = of({chunk(kSctpData, data(5), kBeginning), chunk(kSack, data(4))});
  CHECK(gate.holds(SctpMatch{.sport = ports(1000, 1000), .dport = ports(2905, 2905)}, both));
  CHECK_FALSE(gate.holds(SctpMatch{.sport = ports(1000, 1000, true)}, both));
  CHECK_FALSE(gate.holds(SctpMatch{.dport = ports(0, 2904)}, both));
  CHECK(gate.holds(asks(Chunks::kAny, {kSctpInit, kSack}), both));
  CHECK_FALSE(gate.holds(asks(Chunks::kAny, {kSctpInit}), both));
  CHECK(gate.holds(asks(Chunks::kAll, {kSctpData, kSack}), both));
  CHECK_FALSE(gate.holds(asks(Chunks::kAll, {kSctpData, kSctpInit}), both));
  CHECK(gate.holds(asks(Chunks::kOnly, {kSctpData, kSctpInit, kSack}), both));
  CHECK_FALSE(gate.holds(asks(Chunks::kOnly, {kSctpData}), both));
  SctpMatch flagged = asks(Chunks::kAny, {kSctpData});
  flagged.flags = {{kSctpData, kBeginning, kBeginning | kEnd}};
  CHECK(gate.holds(flagged, both));
  flagged.chunks_invert = true;
  CHECK_FALSE(gate.holds(flagged, both));
  flagged.flags = {{kSctpData, kEnd, kEnd}};
  CHECK(gate.holds(flagged, both));
  CHECK_FALSE(gate.holds(SctpMatch{}, ip_packet(with_fragment(1), 132, data(40))));

  Gate dropping;
  dropping.add(TableId::kFilter, Hook::kForward, rule(asks(Chunks::kAny, {kSctpInit}), NoTarget{}));
  CHECK_EQ(dropping.forward(both), Verdict::kAccept);
  CHECK_EQ(dropping.forward(of({})), Verdict::kDrop);
  CHECK_EQ(dropping.forward(of({{kSack, 0, 0, 0}})), Verdict::kDrop);
  CHECK_EQ(dropping.forward(ip_packet({}, 132, data(11))), Verdict::kDrop);
  CHECK_EQ(dropping.counted(TableId::kFilter, Hook::kForward, 0), "0:0");
  // Where it is negated the rule counts such a packet, which is dropped all the same.
  SctpMatch no_init = asks(Chunks::kAny, {kSctpInit});
  no_init.chunks_invert = true;
  Gate counting;
  counting.add(TableId::kFilter, Hook::kForward, rule(no_init, accept()));
  CHECK_EQ(counting.forward(of({})), Verdict::kDrop);
  CHECK_EQ(counting.counted(TableId::kFilter, Hook::kForward, 0), "1:32");
}

TEST_CASE("icmp: type, and a range of codes") {
  Gate gate;
  const BuiltPacket unreachable = icmp_packet({}, {.type = 3, .code = 4});
  CHECK(gate.holds(IcmpMatch{.type = 3}, unreachable));
  CHECK(gate.holds(IcmpMatch{.type = 3, .code_min = 4, .code_max = 4}, unreachable));
  CHECK_FALSE(gate.holds(IcmpMatch{.type = 3, .code_min = 0, .code_max = 3}, unreachable));
  CHECK_FALSE(gate.holds(IcmpMatch{.type = 3, .code_min = 5, .code_max = 9}, unreachable));
  CHECK_FALSE(gate.holds(IcmpMatch{.type = 8}, unreachable));
  CHECK(gate.holds(IcmpMatch{.type = 8, .invert = true}, unreachable));
  CHECK(gate.holds(IcmpMatch{}, unreachable));
  CHECK_FALSE(gate.holds(IcmpMatch{.invert = true}, unreachable));
  CHECK_FALSE(gate.holds(IcmpMatch{}, ip_packet(with_fragment(1), kIcmpProto, data(40))));
  Gate accepting;
  accepting.add(TableId::kFilter, Hook::kForward, rule(IcmpMatch{}, NoTarget{}));
  CHECK_EQ(accepting.forward(ip_packet({}, kIcmpProto, data(7))), Verdict::kDrop);
}

TEST_CASE("icmp6: 255 is a type like others") {
  Gate gate(AF_INET6);
  const BuiltPacket echo = icmp_packet(six(), {.type = 128});
  CHECK(gate.holds(IcmpMatch{.type = 128, .six = true}, echo));
  CHECK_FALSE(gate.holds(IcmpMatch{.type = 129, .six = true}, echo));
  CHECK_FALSE(gate.holds(IcmpMatch{.six = true}, echo));
}

TEST_CASE("multiport: any of the ports, on either side") {
  using Side = MultiportMatch::Side;
  Gate gate;
  const auto match = [](Side side, bool invert = false) {
    return MultiportMatch{side, invert, {{22, 22}, {50, 60}}};
  };
  CHECK(gate.holds(match(Side::kDestination), udp(1000, 53)));
  CHECK(gate.holds(match(Side::kDestination), udp(1000, 22)));
  CHECK_FALSE(gate.holds(match(Side::kDestination), udp(53, 1000)));
  CHECK(gate.holds(match(Side::kSource), udp(60, 1000)));
  CHECK_FALSE(gate.holds(match(Side::kSource), udp(1000, 60)));
  CHECK(gate.holds(match(Side::kEither), udp(50, 1000)));
  CHECK(gate.holds(match(Side::kEither), udp(1000, 50)));
  CHECK_FALSE(gate.holds(match(Side::kEither), udp(49, 61)));
  CHECK(gate.holds(match(Side::kEither, true), udp(49, 61)));
  CHECK_FALSE(gate.holds(match(Side::kEither, true), udp(49, 60)));
  CHECK_FALSE(gate.holds(match(Side::kEither, true), ip_packet(with_fragment(1), kUdp, data(9))));
  Gate accepting;
  accepting.add(TableId::kFilter, Hook::kForward, rule(match(Side::kEither), NoTarget{}));
  CHECK_EQ(accepting.forward(ip_packet({}, kUdp, data(3))), Verdict::kDrop);
}

// ---- conntrack ----

TEST_CASE("conntrack: the states, of packets with and without an entry") {
  using M = ConntrackMatch;
  struct Row {
    CtInfo info;
    bool entry;
    uint16_t state;
  };
  const Row rows[] = {
      {CtInfo::kNew, true, M::kNew},
      {CtInfo::kEstablished, true, M::kEstablished},
      {CtInfo::kEstablishedReply, true, M::kEstablished},
      {CtInfo::kRelated, true, M::kRelated},
      {CtInfo::kRelatedReply, true, M::kRelated},
      {CtInfo::kInvalid, false, M::kInvalid},
      {CtInfo::kUntracked, false, M::kUntracked},
  };
  for (const Row& row : rows) {
    Gate gate;
    gate.track(udp());
    gate.info = row.info;
    if (!row.entry) gate.entry = 0;
    CAPTURE(static_cast<int>(row.info));
    const uint16_t every = M::kInvalid | M::kEstablished | M::kRelated | M::kNew | M::kUntracked;
    CHECK(gate.holds(M{.asked = M::kState, .states = row.state}, udp()));
    const auto others = static_cast<uint16_t>(every & ~row.state);
    CHECK_FALSE(gate.holds(M{.asked = M::kState, .states = others}, udp()));
    CHECK(gate.holds(M{.asked = M::kState, .inverted = M::kState, .states = others}, udp()));
    CHECK_FALSE(
        gate.holds(M{.asked = M::kState, .inverted = M::kState, .states = row.state}, udp()));
    CHECK_FALSE(gate.holds(M{.asked = M::kState, .states = M::kSnat | M::kDnat}, udp()));
  }
}

TEST_CASE("conntrack: SNAT and DNAT are states too") {
  using M = ConntrackMatch;
  Gate gate;
  gate.track(udp()).status |= kSrcNat;
  CHECK(gate.holds(M{.asked = M::kState, .states = M::kSnat}, udp()));
  CHECK_FALSE(gate.holds(M{.asked = M::kState, .states = M::kDnat}, udp()));
  gate.ct().status |= kDstNat;
  CHECK(gate.holds(M{.asked = M::kState, .states = M::kDnat}, udp()));
}

TEST_CASE("conntrack: without an entry a state that holds is enough, and nothing else ever holds") {
  using M = ConntrackMatch;
  Gate gate;
  CHECK(gate.holds(M{.asked = M::kState | M::kProto, .states = M::kInvalid, .proto = kTcp}, udp()));
  CHECK_FALSE(gate.holds(M{.asked = M::kProto, .inverted = M::kProto, .proto = kTcp}, udp()));
}

TEST_CASE("conntrack: the addresses of both tuples") {
  using M = ConntrackMatch;
  Gate gate;
  gate.track(udp());
  const AddressMatch here = network("10.0.0.1"), there = network("10.0.0.2");
  const M right{.asked = M::kOrigSrc | M::kOrigDst | M::kReplSrc | M::kReplDst,
                .orig_src = here,
                .orig_dst = there,
                .repl_src = there,
                .repl_dst = here};
  CHECK(gate.holds(right, udp()));
  M::Part parts[] = {M::kOrigSrc, M::kOrigDst, M::kReplSrc, M::kReplDst};
  AddressMatch M::*members[] = {&M::orig_src, &M::orig_dst, &M::repl_src, &M::repl_dst};
  for (size_t i = 0; i < 4; ++i) {
    M inverted = right;
    inverted.inverted = parts[i];
    CHECK_FALSE(gate.holds(inverted, udp()));
    M wrong = right;
    wrong.*members[i] = network("10.0.0.9");
    CHECK_FALSE(gate.holds(wrong, udp()));
    wrong.inverted = parts[i];
    CHECK(gate.holds(wrong, udp()));
    M wide = right;
    wide.*members[i] = network("10.0.0.0", 24);
    CHECK(gate.holds(wide, udp()));
  }
}

TEST_CASE("conntrack: the ports of both tuples, and the protocol") {
  using M = ConntrackMatch;
  Gate gate;
  gate.track(udp());
  const M right{
      .asked = M::kProto | M::kOrigSrcPort | M::kOrigDstPort | M::kReplSrcPort | M::kReplDstPort,
      .proto = kUdp,
      .orig_src_port = {1000, 1001},
      .orig_dst_port = {53, 53},
      .repl_src_port = {50, 53},
      .repl_dst_port = {1000, 1000}};
  CHECK(gate.holds(right, udp()));
  for (const M::Part part :
       {M::kProto, M::kOrigSrcPort, M::kOrigDstPort, M::kReplSrcPort, M::kReplDstPort}) {
    M inverted = right;
    inverted.inverted = part;
    CHECK_FALSE(gate.holds(inverted, udp()));
  }
  M wrong = right;
  wrong.orig_src_port = {1001, 1002};
  CHECK_FALSE(gate.holds(wrong, udp()));
  wrong.inverted = M::kOrigSrcPort;
  CHECK(gate.holds(wrong, udp()));
}

TEST_CASE("conntrack: the direction") {
  using M = ConntrackMatch;
  Gate gate;
  gate.track(udp());
  CHECK(gate.holds(M{.asked = M::kDirection, .original = true}, udp()));
  CHECK_FALSE(gate.holds(M{.asked = M::kDirection, .original = false}, udp()));
  gate.info = CtInfo::kEstablishedReply;
  CHECK_FALSE(gate.holds(M{.asked = M::kDirection, .original = true}, answer()));
  CHECK(gate.holds(M{.asked = M::kDirection, .original = false}, answer()));
}

TEST_CASE("conntrack: the status, of which NONE never holds") {
  using M = ConntrackMatch;
  Gate gate;
  gate.track(udp()).status |= kSeenReply;
  CHECK(gate.holds(M{.asked = M::kStatus, .statuses = kSeenReply | kExpected}, udp()));
  CHECK_FALSE(gate.holds(M{.asked = M::kStatus, .statuses = kAssured}, udp()));
  CHECK(gate.holds(M{.asked = M::kStatus, .inverted = M::kStatus, .statuses = kAssured}, udp()));
  CHECK_FALSE(gate.holds(M{.asked = M::kStatus, .statuses = 0}, udp()));
  CHECK(gate.holds(M{.asked = M::kStatus, .inverted = M::kStatus, .statuses = 0}, udp()));
}

TEST_CASE("conntrack: the seconds left, which are none before the entry is confirmed") {
  using M = ConntrackMatch;
  Gate gate;
  gate.track(udp());
  const auto left = [&](uint32_t min, uint32_t max, bool invert = false) {
    return gate.holds(M{.asked = M::kExpires,
                        .inverted = invert ? uint32_t{M::kExpires} : 0,
                        .expires = {min, max}},
                      udp());
  };
  CHECK(left(0, 0));
  gate.tracker().add_confirmed(gate.entry);
  CHECK(left(30, 30));
  CHECK_FALSE(left(30, 30, true));
  CHECK_FALSE(left(0, 29));
  CHECK(left(0, 29, true));
  gate.time_ns += conntrack::kTickNs;
  CHECK(left(29, 29));
}

TEST_CASE("mark and connmark are compared under a mask") {
  Gate gate;
  gate.mark = 0x12;
  CHECK(gate.holds(MarkMatch{.mark = 0x12}, udp()));
  CHECK_FALSE(gate.holds(MarkMatch{.mark = 2}, udp()));
  CHECK(gate.holds(MarkMatch{.mark = 2, .mask = 0xf}, udp()));
  CHECK(gate.holds(MarkMatch{.mark = 3, .mask = 0xf, .invert = true}, udp()));
  CHECK_FALSE(gate.holds(MarkMatch{.mark = 2, .mask = 0xf, .invert = true}, udp()));
  // Nothing is known of the mark of an entry that is not there.
  CHECK_FALSE(gate.holds(MarkMatch{.of_connection = true, .mark = 0}, udp()));
  CHECK_FALSE(gate.holds(MarkMatch{.of_connection = true, .mark = 1, .invert = true}, udp()));
  gate.track(udp()).mark = 0x34;
  CHECK(gate.holds(MarkMatch{.of_connection = true, .mark = 0x34}, udp()));
  CHECK_FALSE(gate.holds(MarkMatch{.of_connection = true, .mark = 0x12}, udp()));
  CHECK(gate.holds(MarkMatch{.of_connection = true, .mark = 0x12, .invert = true}, udp()));
}

TEST_CASE("connlabel: asks for a label, or sets it and says so once") {
  Gate gate;
  gate.settings.events = 1;
  CHECK_FALSE(gate.holds(ConnlabelMatch{.bit = 7}, udp()));
  CHECK(gate.holds(ConnlabelMatch{.bit = 7, .invert = true}, udp()));
  gate.tracker().use_labels();
  gate.track(udp());
  CHECK_FALSE(gate.holds(ConnlabelMatch{.bit = 7}, udp()));
  CHECK_EQ(gate.ct().events, 0);
  CHECK(gate.holds(ConnlabelMatch{.bit = 7, .set = true}, udp()));
  CHECK_EQ(gate.ct().events, conntrack::kEventLabel);
  CHECK(gate.holds(ConnlabelMatch{.bit = 7}, udp()));
  CHECK_FALSE(gate.holds(ConnlabelMatch{.bit = 7, .invert = true}, udp()));
  CHECK_FALSE(gate.holds(ConnlabelMatch{.bit = 6}, udp()));
  gate.ct().events = 0;
  CHECK(gate.holds(ConnlabelMatch{.bit = 7, .set = true}, udp()));
  CHECK_EQ(gate.ct().events, 0);
  CHECK_FALSE(gate.holds(ConnlabelMatch{.bit = 127, .set = true, .invert = true}, udp()));
  CHECK(gate.holds(ConnlabelMatch{.bit = 127}, udp()));
}

TEST_CASE("connlabel: an entry without room for labels has none") {
  Gate gate;
  gate.track(udp());
  CHECK_FALSE(gate.holds(ConnlabelMatch{.bit = 7, .set = true}, udp()));
  CHECK(gate.holds(ConnlabelMatch{.bit = 7, .set = true, .invert = true}, udp()));
}

TEST_CASE("connbytes: packets, bytes and their average, one way or both") {
  using What = ConnbytesMatch::What;
  using Way = ConnbytesMatch::Direction;
  Gate gate;
  gate.settings.acct = true;
  gate.track(udp());
  auto& counters = gate.tracker().table().extend(gate.ct()).counters;
  counters = {Counters{10, 1000}, Counters{5, 2000}};
  const auto is = [&](What what, Way way, uint64_t value) {
    const bool exactly = gate.holds(ConnbytesMatch{{value, value}, what, way}, udp());
    CHECK_NE(exactly, gate.holds(ConnbytesMatch{{value, value, true}, what, way}, udp()));
    return exactly;
  };
  CHECK(is(What::kPackets, Way::kOriginal, 10));
  CHECK(is(What::kPackets, Way::kReply, 5));
  CHECK(is(What::kPackets, Way::kBoth, 15));
  CHECK(is(What::kBytes, Way::kOriginal, 1000));
  CHECK(is(What::kBytes, Way::kReply, 2000));
  CHECK(is(What::kBytes, Way::kBoth, 3000));
  CHECK(is(What::kAverage, Way::kOriginal, 100));
  CHECK(is(What::kAverage, Way::kReply, 400));
  CHECK(is(What::kAverage, Way::kBoth, 200));
  CHECK_FALSE(is(What::kAverage, Way::kBoth, 201));
  counters = {};
  CHECK(is(What::kAverage, Way::kBoth, 0));
}

TEST_CASE("connbytes: without counters neither it nor its inverse holds") {
  Gate gate;
  gate.track(udp());
  CHECK_FALSE(gate.holds(ConnbytesMatch{{0, UINT64_MAX}}, udp()));
  CHECK_FALSE(gate.holds(ConnbytesMatch{{1, 2, true}}, udp()));
}

// ---- the packet itself ----

TEST_CASE("comment always holds") {
  Gate gate;
  CHECK(gate.holds(CommentMatch{"no"}, udp()));
}

TEST_CASE("length is that of the IP packet on the wire") {
  Gate gate;
  const BuiltPacket packet = udp_packet({}, {.payload = data(72)});
  CHECK(gate.holds(LengthMatch{{100, 100}}, packet));
  CHECK_FALSE(gate.holds(LengthMatch{{0, 99}}, packet));
  CHECK_FALSE(gate.holds(LengthMatch{{101, 65535}}, packet));
  CHECK(gate.holds(LengthMatch{{101, 65535, true}}, packet));
  gate.captured = 28;
  CHECK(gate.holds(LengthMatch{{100, 100}}, packet));
}

TEST_CASE("ttl and hl") {
  using How = TtlMatch::How;
  for (const bool v6 : {false, true}) {
    Gate gate(v6 ? AF_INET6 : AF_INET);
    const BuiltPacket packet = udp_packet(with_ttl(64, v6 ? six() : Ip{}), {});
    CHECK(gate.holds(TtlMatch{How::kEqual, 64, v6}, packet));
    CHECK_FALSE(gate.holds(TtlMatch{How::kEqual, 63, v6}, packet));
    CHECK(gate.holds(TtlMatch{How::kNotEqual, 63, v6}, packet));
    CHECK_FALSE(gate.holds(TtlMatch{How::kNotEqual, 64, v6}, packet));
    CHECK(gate.holds(TtlMatch{How::kLess, 65, v6}, packet));
    CHECK_FALSE(gate.holds(TtlMatch{How::kLess, 64, v6}, packet));
    CHECK(gate.holds(TtlMatch{How::kGreater, 63, v6}, packet));
    CHECK_FALSE(gate.holds(TtlMatch{How::kGreater, 64, v6}, packet));
  }
}

TEST_CASE("tos and dscp, of both families") {
  for (const bool v6 : {false, true}) {
    Gate gate(v6 ? AF_INET6 : AF_INET);
    const BuiltPacket packet = udp_packet(with_tos(0xb9, v6 ? six() : Ip{}), {});
    CHECK(gate.holds(TosMatch{0xb9, 0xff}, packet));
    CHECK_FALSE(gate.holds(TosMatch{0xb8, 0xff}, packet));
    CHECK(gate.holds(TosMatch{0xb8, 0xfc}, packet));
    CHECK(gate.holds(TosMatch{0xb8, 0xff, true}, packet));
    CHECK_FALSE(gate.holds(TosMatch{0xb9, 0xff, true}, packet));
    CHECK(gate.holds(DscpMatch{0x2e}, packet));
    CHECK_FALSE(gate.holds(DscpMatch{0x2f}, packet));
    CHECK(gate.holds(DscpMatch{0x2f, true}, packet));
    CHECK_FALSE(gate.holds(DscpMatch{0x2e, true}, packet));
  }
}

TEST_CASE("iprange: from the first address to the last, of both families") {
  for (const bool v6 : {false, true}) {
    Gate gate(v6 ? AF_INET6 : AF_INET);
    const Address below = parse_address(v6 ? "fd01::fe" : "10.0.0.254");
    const Address first = parse_address(v6 ? "fd01::ff" : "10.0.0.255");
    const Address last = parse_address(v6 ? "fd01::100" : "10.0.1.0");
    const Ip ip = v6 ? from_to("fd01::ff", "fd01::101") : from_to("10.0.0.255", "10.0.1.1");
    const BuiltPacket packet = udp_packet(ip, {});
    IprangeMatch source{.has_source = true, .source_min = first, .source_max = last};
    CHECK(gate.holds(source, packet));
    source.source_max = first;
    CHECK(gate.holds(source, packet));
    source.source_invert = true;
    CHECK_FALSE(gate.holds(source, packet));
    source.source_min = source.source_max = below;
    CHECK(gate.holds(source, packet));
    IprangeMatch both{.has_source = true,
                      .has_destination = true,
                      .source_min = first,
                      .source_max = last,
                      .destination_min = first,
                      .destination_max = last};
    CHECK_FALSE(gate.holds(both, packet));
    both.destination_invert = true;
    CHECK(gate.holds(both, packet));
  }
}

TEST_CASE("mac: the sender's, where the link is Ethernet") {
  Gate gate;
  const MacMatch match{{2, 0, 0, 0, 0, 9}}, inverted{{2, 0, 0, 0, 0, 9}, true};
  CHECK_FALSE(gate.holds(match, udp()));
  CHECK_FALSE(gate.holds(inverted, udp()));
  gate.link_header = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0};
  CHECK(gate.holds(match, udp()));
  CHECK_FALSE(gate.holds(inverted, udp()));
  gate.link_header[11] = 8;
  CHECK_FALSE(gate.holds(match, udp()));
  CHECK(gate.holds(inverted, udp()));
  gate.link_header.pop_back();
  CHECK_FALSE(gate.holds(inverted, udp()));
}

TEST_CASE("pkttype: as the link says, and by its destination what came by loopback") {
  Gate gate;
  gate.type = PacketType::kBroadcast;
  CHECK(gate.holds(PkttypeMatch{PacketType::kBroadcast}, udp()));
  CHECK_FALSE(gate.holds(PkttypeMatch{PacketType::kHost}, udp()));
  CHECK(gate.holds(PkttypeMatch{PacketType::kHost, true}, udp()));
  CHECK_FALSE(gate.holds(PkttypeMatch{PacketType::kBroadcast, true}, udp()));
  gate.type = PacketType::kLoopback;
  CHECK(gate.holds(PkttypeMatch{PacketType::kBroadcast}, udp()));
  for (const char* address : {"224.0.0.1", "239.255.255.255"})
    CHECK(gate.holds(PkttypeMatch{PacketType::kMulticast},
                     udp_packet(from_to("10.0.0.1", address), {})));
  CHECK_FALSE(gate.holds(PkttypeMatch{PacketType::kMulticast},
                         udp_packet(from_to("10.0.0.1", "240.0.0.1"), {})));
  Gate gate6(AF_INET6);
  gate6.type = PacketType::kLoopback;
  CHECK(gate6.holds(PkttypeMatch{PacketType::kMulticast}, udp_packet(six(), {})));
}

TEST_CASE("physdev: nothing comes by a bridge, so only what is inverted holds") {
  Gate gate;
  CHECK_FALSE(gate.holds(PhysdevMatch{.is_bridged = true}, udp()));
  CHECK(gate.holds(PhysdevMatch{.is_bridged = true, .is_bridged_invert = true}, udp()));
  CHECK_FALSE(gate.holds(PhysdevMatch{.is_in = true}, udp()));
  CHECK(gate.holds(PhysdevMatch{.is_in = true, .is_in_invert = true}, udp()));
  CHECK_FALSE(gate.holds(PhysdevMatch{.is_out = true}, udp()));
  CHECK(gate.holds(PhysdevMatch{.is_out = true, .is_out_invert = true}, udp()));
  CHECK_FALSE(gate.holds(PhysdevMatch{.in = "eth0"}, udp()));
  CHECK(gate.holds(PhysdevMatch{.in = "eth0", .in_invert = true}, udp()));
  CHECK_FALSE(gate.holds(PhysdevMatch{.out = "eth1"}, udp()));
  CHECK(gate.holds(PhysdevMatch{.out = "eth1", .out_invert = true}, udp()));
}

TEST_CASE("rt: the routing header, wherever it stands") {
  Gate gate(AF_INET6);
  const Bytes padding = {0, 0, 1, 4, 0, 0, 0, 0};
  Bytes routing(24, 0);
  routing[1] = 2, routing[2] = 4, routing[3] = 1;
  const BuiltPacket packet = udp_packet(six({{0, padding}, {43, routing}}), {});
  CHECK(gate.holds(RtMatch{}, packet));
  CHECK(gate.holds(RtMatch{.has_type = true, .type = 4}, packet));
  CHECK_FALSE(gate.holds(RtMatch{.has_type = true, .type = 0}, packet));
  CHECK(gate.holds(RtMatch{.has_type = true, .type_invert = true, .type = 0}, packet));
  CHECK(gate.holds(RtMatch{.has_segments = true, .segments_min = 1, .segments_max = 2}, packet));
  CHECK_FALSE(gate.holds(RtMatch{.has_segments = true}, packet));
  CHECK(gate.holds(RtMatch{.has_segments = true, .segments_invert = true}, packet));
  CHECK(gate.holds(RtMatch{.has_length = true, .length = 24}, packet));
  CHECK_FALSE(gate.holds(RtMatch{.has_length = true, .length_invert = true, .length = 24}, packet));
  CHECK_FALSE(gate.holds(RtMatch{}, udp_packet(six({{0, padding}}), {})));
  Bytes lying = routing;
  lying[1] = 20;
  CHECK_FALSE(gate.holds(RtMatch{}, ip_packet(six({{43, lying}}), kUdp, data(8))));
}

TEST_CASE("addrtype: what an IPv4 address is to the box") {
  using router::RouteType;
  Gate gate;
  const auto bit = [](RouteType type) {
    return static_cast<uint16_t>(1 << static_cast<int>(type));
  };
  const BuiltPacket packet = udp_packet(from_to("10.0.0.1", "10.1.0.254"), {});
  CHECK(gate.holds(AddrtypeMatch{.source = bit(RouteType::kUnicast)}, packet));
  CHECK_FALSE(gate.holds(AddrtypeMatch{.source = bit(RouteType::kLocal)}, packet));
  CHECK(gate.holds(AddrtypeMatch{.source = bit(RouteType::kLocal), .source_invert = true}, packet));
  CHECK(gate.holds(AddrtypeMatch{.destination = bit(RouteType::kLocal)}, packet));
  const auto either = static_cast<uint16_t>(bit(RouteType::kLocal) | bit(RouteType::kBroadcast));
  CHECK(gate.holds(AddrtypeMatch{.destination = either}, packet));
  CHECK_FALSE(gate.holds(AddrtypeMatch{.destination = either, .destination_invert = true}, packet));
  CHECK_FALSE(gate.holds(
      AddrtypeMatch{.source = bit(RouteType::kLocal), .destination = bit(RouteType::kLocal)},
      packet));
  // Of the input device it is not, and of the output device it is.
  CHECK_FALSE(
      gate.holds(AddrtypeMatch{.destination = bit(RouteType::kLocal), .limit_in = true}, packet));
  CHECK(
      gate.holds(AddrtypeMatch{.destination = bit(RouteType::kLocal), .limit_out = true}, packet));
  const BuiltPacket broadcast = udp_packet(from_to("10.0.0.1", "10.0.0.255"), {});
  CHECK_FALSE(gate.holds(AddrtypeMatch{.destination = bit(RouteType::kMulticast)}, broadcast));
  const BuiltPacket multicast = udp_packet(from_to("10.0.0.1", "224.1.1.1"), {});
  CHECK(gate.holds(AddrtypeMatch{.destination = bit(RouteType::kMulticast)}, multicast));
}

TEST_CASE("addrtype: an IPv6 address may be of several types at once") {
  using router::RouteType;
  Gate gate(AF_INET6);
  const auto bit = [](RouteType type) {
    return static_cast<uint16_t>(1 << static_cast<int>(type));
  };
  const auto is = [&](std::string_view address, int types, bool limit_in = false) {
    return gate.holds(
        AddrtypeMatch{.destination = static_cast<uint16_t>(types), .limit_in = limit_in},
        udp_packet(from_to("fd01::1", address), {}));
  };
  CHECK(is("fd02::254", bit(RouteType::kLocal)));
  CHECK(is("fd02::254", bit(RouteType::kLocal) | bit(RouteType::kUnicast)));
  CHECK_FALSE(is("fd02::254", bit(RouteType::kLocal) | bit(RouteType::kMulticast)));
  CHECK_FALSE(is("fd02::254", bit(RouteType::kLocal), true));
  CHECK(is("fd01::254", bit(RouteType::kLocal), true));
  CHECK(is("fd02::1", bit(RouteType::kUnicast)));
  CHECK_FALSE(is("fd02::1", bit(RouteType::kLocal)));
  CHECK_FALSE(is("fd02::1", bit(RouteType::kUnreachable)));
  CHECK(is("ff02::1", bit(RouteType::kMulticast)));
  CHECK_FALSE(is("ff02::1", bit(RouteType::kUnicast)));
  CHECK(is("::", bit(RouteType::kUnspec)));
  CHECK_FALSE(is("::", bit(RouteType::kUnicast)));
  CHECK_FALSE(is("::ffff:1.2.3.4", bit(RouteType::kUnicast)));
}
