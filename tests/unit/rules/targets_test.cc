// What targets do with a packet, its entry and the flow's translation.
#include <doctest/doctest.h>
#include <netinet/in.h>

#include "packet/checksum.h"
#include "unit/rules/gate.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

constexpr TableId kMangle = TableId::kMangle;

BuiltPacket udp() { return udp_packet({}, {}); }

/// One rule, one packet.
Verdict apply_to(Gate& gate, const Target& target, const BuiltPacket& packet,
                 Hook hook = Hook::kForward, TableId table = kMangle) {
  if (gate.rules.tables.empty()) gate.add(table, hook, rule(target));
  return gate.run(table, hook, packet);
}

/// Are all checksums of the packet that came out right?
bool sums_are_right(const Gate& gate) {
  packet::Packet packet;
  if (packet::parse_packet(gate.bytes, packet) != packet::ParseResult::kOk) return false;
  return packet::transport_checksum_ok(packet, packet.proto);
}

std::string text(const std::array<uint8_t, 16>& bytes, uint8_t family) {
  Address address;
  address.family = family;
  address.bytes = bytes;
  char out[kAddressText];
  return {out, format_address(address, out)};
}
/// Where answers to the flow of the packet go, and where they come from.
std::string reply(Gate& gate) {
  const conntrack::TupleKey& tuple = gate.ct().tuple[1];
  return fmt::format("{}:{} > {}:{}", text(tuple.src, tuple.family), ntohs(tuple.src_key),
                     text(tuple.dst, tuple.family), ntohs(tuple.dst_key));
}

nat::Range to(std::string_view first, std::string_view last = "") {
  nat::Range range;
  range.flags = nat::kMapIps;
  range.min_address = parse_address(first);
  range.max_address = last.empty() ? range.min_address : parse_address(last);
  return range;
}
nat::Range to_port(uint16_t port, nat::Range range = {}) {
  range.flags |= nat::kProtoSpecified;
  range.min_port = range.max_port = port;
  return range;
}

}  // namespace

// ---- what is said ----

TEST_CASE("LOG and NFLOG speak with their prefix and the devices of the hook, and go on") {
  Gate gate;
  gate.add(kMangle, Hook::kPrerouting, rule(LogTarget{.prefix = "one "}));
  gate.add(kMangle, Hook::kPrerouting, rule(NflogTarget{.group = 3, .prefix = "two "}));
  gate.add(kMangle, Hook::kForward, rule(LogTarget{}));
  CHECK_EQ(gate.run(kMangle, Hook::kPrerouting, udp()), Verdict::kAccept);
  gate.run(kMangle, Hook::kForward, udp());
  CHECK_EQ(gate.lines,
           std::vector<std::string>{"LOG one eth0>", "NFLOG two eth0>", "LOG eth0>eth1"});
}

// ---- marks ----

TEST_CASE("MARK clears and flips bits") {
  Gate gate;
  gate.mark = 0xf0;
  CHECK_EQ(apply_to(gate, MarkTarget{.clear = 0x30, .flip = 0x14}, udp()), Verdict::kAccept);
  CHECK_EQ(gate.skb.mark, 0xd4);
}

TEST_CASE("CONNMARK sets and saves, and says so when the mark is another one") {
  using Mode = ConnmarkTarget::Mode;
  struct Row {
    ConnmarkTarget target;
    uint32_t before, packet, after;
  };
  const Row rows[] = {
      {{.mode = Mode::kSet, .ctmark = 5}, 0xff, 0, 5},
      {{.mode = Mode::kSet, .ctmark = 5, .ctmask = 0x0f}, 0xf0, 0, 0xf5},
      {{.mode = Mode::kSet, .ctmark = 5, .ctmask = 0}, 0xf0, 0, 0xf5},
      {{.mode = Mode::kSet, .ctmark = 5}, 5, 0, 5},
      {{.mode = Mode::kSave}, 0xff, 0x12, 0x12},
      {{.mode = Mode::kSave, .ctmask = 0x0f, .nfmask = 0x0f}, 0xf0, 0x12, 0xf2},
      {{.mode = Mode::kSave}, 0x12, 0x12, 0x12},
  };
  for (const Row& row : rows) {
    Gate gate;
    gate.settings.events = 1;
    gate.track(udp()).mark = row.before;
    gate.mark = row.packet;
    CHECK_EQ(apply_to(gate, row.target, udp()), Verdict::kAccept);
    CHECK_EQ(gate.ct().mark, row.after);
    CHECK_EQ(gate.ct().events, row.before == row.after ? 0 : conntrack::kEventMark);
    CHECK_EQ(gate.skb.mark, row.packet);
  }
}

TEST_CASE("CONNMARK restores the mark to the packet, and leaves the entry alone") {
  Gate gate;
  gate.settings.events = 1;
  gate.track(udp()).mark = 0x34;
  gate.mark = 0xf00;
  apply_to(gate, ConnmarkTarget{ConnmarkTarget::Mode::kRestore, 0, 0xf0, 0xff}, udp());
  CHECK_EQ(gate.skb.mark, 0xf30);
  CHECK_EQ(gate.ct().mark, 0x34);
  CHECK_EQ(gate.ct().events, 0);
}

TEST_CASE("CONNMARK without an entry does nothing") {
  Gate gate;
  gate.mark = 7;
  apply_to(gate, ConnmarkTarget{ConnmarkTarget::Mode::kRestore}, udp());
  CHECK_EQ(gate.skb.mark, 7);
}

// ---- CT ----

TEST_CASE("CT --notrack makes the packet untracked") {
  Gate gate;
  apply_to(gate, CtTarget{.notrack = true}, udp(), Hook::kPrerouting, TableId::kRaw);
  CHECK_EQ(gate.skb.ct.info, CtInfo::kUntracked);
  CHECK_FALSE(gate.skb.track_template.set);
}

TEST_CASE("CT leaves a template with what it asks for") {
  Gate gate;
  CtTarget target{.has_zone = true, .zone_orig = true, .zone = 7, .helper = "ftp"};
  target.event_mask = conntrack::kEventNew | conntrack::kEventDestroy;
  apply_to(gate, target, udp(), Hook::kPrerouting, TableId::kRaw);
  const conntrack::TrackTemplate& wanted = gate.skb.track_template;
  CHECK(wanted.set);
  CHECK(wanted.has_zone);
  CHECK(wanted.zone_orig);
  CHECK_FALSE(wanted.zone_reply);
  CHECK_FALSE(wanted.zone_from_mark);
  CHECK_EQ(wanted.zone, 7);
  CHECK_EQ(wanted.helper.view(), "ftp");
  CHECK(wanted.has_event_mask);
  CHECK_EQ(wanted.event_mask, 5);
}

TEST_CASE("CT: a mask for expectations alone leaves no events of the entry") {
  Gate gate;
  apply_to(gate, CtTarget{.expect_event_mask = 1}, udp(), Hook::kPrerouting, TableId::kRaw);
  CHECK(gate.skb.track_template.has_event_mask);
  CHECK_EQ(gate.skb.track_template.event_mask, 0);
  Gate none;
  apply_to(none, CtTarget{}, udp(), Hook::kPrerouting, TableId::kRaw);
  CHECK(none.skb.track_template.set);
  CHECK_FALSE(none.skb.track_template.has_event_mask);
}

TEST_CASE("CT: the first one counts, and none once conntrack has seen the packet") {
  Gate gate;
  gate.add(TableId::kRaw, Hook::kPrerouting, rule(CtTarget{.has_zone = true, .zone = 1}));
  gate.add(TableId::kRaw, Hook::kPrerouting, rule(CtTarget{.has_zone = true, .zone = 2}));
  gate.add(TableId::kRaw, Hook::kPrerouting, rule(CtTarget{.notrack = true}));
  gate.run(TableId::kRaw, Hook::kPrerouting, udp());
  CHECK_EQ(gate.skb.track_template.zone, 1);
  CHECK_EQ(gate.skb.ct.info, CtInfo::kInvalid);
  gate.track(udp());
  gate.run(TableId::kRaw, Hook::kPrerouting, udp());
  CHECK_FALSE(gate.skb.track_template.set);
  gate.entry = 0;
  gate.info = CtInfo::kUntracked;
  gate.run(TableId::kRaw, Hook::kPrerouting, udp());
  CHECK_FALSE(gate.skb.track_template.set);
}

// ---- rewriting ----

TEST_CASE("TTL and HL: set, up to 255 and down to 0, with the header's checksum") {
  using How = TtlTarget::How;
  struct Row {
    How how;
    uint8_t value, before, after;
  };
  const Row rows[] = {{How::kSet, 9, 64, 9},         {How::kSet, 64, 64, 64},
                      {How::kIncrease, 1, 64, 65},   {How::kIncrease, 200, 64, 255},
                      {How::kDecrease, 1, 64, 63},   {How::kDecrease, 65, 64, 0},
                      {How::kDecrease, 255, 255, 0}, {How::kIncrease, 255, 0, 255}};
  for (const bool v6 : {false, true})
    for (const Row& row : rows) {
      Gate gate(v6 ? AF_INET6 : AF_INET);
      Ip ip = v6 ? six() : Ip{};
      ip.ttl = row.before;
      CHECK_EQ(apply_to(gate, TtlTarget{row.how, row.value, v6}, udp_packet(ip, {})),
               Verdict::kAccept);
      ip.ttl = row.after;
      CHECK_EQ(gate.bytes, udp_packet(ip, {}).bytes);
    }
}

TEST_CASE("TCPMSS: lowers the option, and never raises it") {
  for (const bool v6 : {false, true})
    for (const uint16_t old : {999, 1000, 1001, 1460, 65535}) {
      Gate gate(v6 ? AF_INET6 : AF_INET);
      const Ip ip = v6 ? six() : Ip{};
      const auto syn = [&](uint16_t value) {
        return tcp_packet(ip, {.options = {nop(), nop(), window_scale(7), nop(), mss(value)}});
      };
      CHECK_EQ(apply_to(gate, TcpmssTarget{.mss = 1000}, syn(old)), Verdict::kAccept);
      CHECK_EQ(gate.bytes, syn(std::min<uint16_t>(old, 1000)).bytes);
    }
}

TEST_CASE("TCPMSS: at an odd place the checksum goes wrong, as the kernel's does") {
  Gate gate;
  apply_to(gate, TcpmssTarget{.mss = 1000},
           tcp_packet(from_to("10.1.0.2", "9.0.0.1"),
                      {.sport = 1, .dport = 2, .window = 8192, .options = {nop(), mss(1460)}}));
  CHECK_EQ(packet::load16(&gate.bytes[43]), 1000);
  CHECK_EQ(packet::load16(&gate.bytes[36]), 0xa598);
}

TEST_CASE("TCPMSS: a SYN without the option gets one, in front and of the default at most") {
  for (const bool v6 : {false, true})
    for (const uint16_t wanted : {200, 1400}) {
      Gate gate(v6 ? AF_INET6 : AF_INET);
      const Ip ip = v6 ? six() : Ip{};
      const uint16_t most = v6 ? 1220 : 536;
      CHECK_EQ(apply_to(gate, TcpmssTarget{.mss = wanted},
                        tcp_packet(ip, {.options = {window_scale(7), nop()}})),
               Verdict::kAccept);
      const BuiltPacket expected =
          tcp_packet(ip, {.options = {mss(std::min(wanted, most)), window_scale(7), nop()}});
      CHECK_EQ(gate.bytes, expected.bytes);
      CHECK_EQ(gate.skb.packet.length, expected.bytes.size());
    }
}

TEST_CASE("TCPMSS: no option is added in front of data, or to a full header") {
  const BuiltPacket with_data = tcp_packet({}, {.payload = data(4)});
  Gate gate;
  CHECK_EQ(apply_to(gate, TcpmssTarget{.mss = 500}, with_data), Verdict::kAccept);
  CHECK_EQ(gate.bytes, with_data.bytes);
  const BuiltPacket full = tcp_packet({}, {.options = {Bytes(40, 1)}});
  CHECK_EQ(gate.run(kMangle, Hook::kForward, full), Verdict::kAccept);
  CHECK_EQ(gate.bytes, full.bytes);
}

TEST_CASE("TCPMSS: clamped to the narrower of both ways") {
  const auto clamped = [&](uint32_t mtu_back, uint32_t mtu_out) {
    Gate gate;
    gate.router.interfaces()[gate.eth0].mtu = mtu_back;
    gate.router.interfaces()[gate.eth1].mtu = mtu_out;
    const BuiltPacket outward =
        tcp_packet(from_to("10.0.0.1", "10.1.0.9"), {.options = {mss(9000)}});
    if (apply_to(gate, TcpmssTarget{.clamp = true}, outward) == Verdict::kDrop) return 0;
    CHECK(sums_are_right(gate));
    return static_cast<int>(packet::load16(&gate.bytes[42]));
  };
  CHECK_EQ(clamped(1500, 1492), 1452);
  CHECK_EQ(clamped(1400, 1492), 1360);
  CHECK_EQ(clamped(41, 1500), 1);
  CHECK_EQ(clamped(40, 1500), 0);
}

TEST_CASE("TCPMSS: where no way leads back only the way out counts") {
  Gate gate;
  router::Router bare;
  bare.interfaces().find_or_add("eth0");
  const uint32_t out = bare.interfaces().find_or_add("eth1");
  router::InterfaceAddress address;
  address.address = address.peer = parse_address("10.1.0.254");
  address.prefix = 24;
  (void)bare.add_address(out, address);
  gate.router = bare;
  CHECK_EQ(apply_to(gate, TcpmssTarget{.clamp = true},
                    tcp_packet(from_to("192.0.2.1", "10.1.0.9"), {.options = {mss(9000)}})),
           Verdict::kAccept);
  CHECK_EQ(packet::load16(&gate.bytes[42]), 1460);
}

TEST_CASE("TCPMSS: clamped for IPv6") {
  Gate gate(AF_INET6);
  apply_to(gate, TcpmssTarget{.clamp = true}, tcp_packet(six(), {.options = {mss(9000)}}));
  CHECK_EQ(packet::load16(&gate.bytes[62]), 1440);
  CHECK(sums_are_right(gate));
}

TEST_CASE("TCPMSS: a header that lies drops the packet; one that was cut stays as it is") {
  for (const uint8_t words : {4, 6}) {
    Gate gate;
    CHECK_EQ(apply_to(gate, TcpmssTarget{.mss = 1}, tcp_packet({}, {.header_words = words})),
             Verdict::kDrop);
  }
  Gate short_one;
  CHECK_EQ(apply_to(short_one, TcpmssTarget{.mss = 1}, ip_packet({}, 6, data(19))), Verdict::kDrop);
  for (const uint32_t captured : {30, 40, 43}) {
    Gate gate;
    gate.captured = captured;
    const BuiltPacket syn = tcp_packet({}, {.options = {mss(1460)}});
    CHECK_EQ(apply_to(gate, TcpmssTarget{.mss = 1}, syn), Verdict::kAccept);
    CHECK_EQ(gate.bytes, Bytes(syn.bytes.begin(), syn.bytes.begin() + captured));
  }
}

TEST_CASE("CHECKSUM has nothing to do") {
  Gate gate;
  CHECK_EQ(apply_to(gate, ChecksumTarget{}, udp()), Verdict::kAccept);
  CHECK_EQ(gate.bytes, udp().bytes);
}

// ---- NAT ----

namespace {

/// A new flow meets a target of the nat table.
Verdict bind(Gate& gate, const NatTarget& target, Hook hook, const BuiltPacket& packet = udp()) {
  gate.chain(TableId::kNat, hook).accepts = true;
  gate.add(TableId::kNat, hook, rule(target));
  gate.nat();
  gate.track(packet);
  return gate.run(TableId::kNat, hook, packet);
}

}  // namespace

TEST_CASE("SNAT and DNAT map the flow into their range and end the table") {
  Gate source;
  CHECK_EQ(bind(source, {NatTarget::Kind::kSnat, to("10.1.0.254")}, Hook::kPostrouting),
           Verdict::kAccept);
  CHECK_EQ(reply(source), "10.0.0.2:53 > 10.1.0.254:1000");
  CHECK(source.ct().has(kSrcNat | kSrcNatDone));
  CHECK_EQ(source.counted(TableId::kNat, Hook::kPostrouting, 0), "1:28");
  CHECK_EQ(source.counted(TableId::kNat, Hook::kPostrouting, 1), "0:0");
  Gate destination;
  bind(destination, {NatTarget::Kind::kDnat, to_port(8080, to("192.0.2.7"))}, Hook::kPrerouting);
  CHECK_EQ(reply(destination), "192.0.2.7:8080 > 10.0.0.1:1000");
  CHECK(destination.ct().has(kDstNat | kDstNatDone));
}

TEST_CASE("a nat target does nothing to a packet without an entry") {
  Gate gate;
  gate.add(TableId::kNat, Hook::kPostrouting,
           rule(NatTarget{NatTarget::Kind::kSnat, to("1.1.1.1")}));
  CHECK_EQ(gate.run(TableId::kNat, Hook::kPostrouting, udp()), Verdict::kAccept);
}

TEST_CASE("MASQUERADE takes the address of the device that leads to the next hop") {
  Gate gate;
  const BuiltPacket away = udp_packet(from_to("10.0.0.1", "192.0.2.9"), {});
  CHECK_EQ(bind(gate, {NatTarget::Kind::kMasquerade, {}}, Hook::kPostrouting, away),
           Verdict::kAccept);
  CHECK_EQ(reply(gate), "192.0.2.9:53 > 10.1.0.254:1000");
  gate.skb.out = gate.eth0;
  CHECK(gate.nat().left_its_device(gate.skb));
  gate.skb.out = gate.eth1;
  CHECK_FALSE(gate.nat().left_its_device(gate.skb));
}

TEST_CASE("MASQUERADE takes the address on the gateway's own network") {
  Gate gate;
  gate.add_address(gate.eth1, "172.16.0.254", 16);
  gate.add_route("198.51.100.0", "172.16.0.1", 24);
  bind(gate, {NatTarget::Kind::kMasquerade, to_port(4000)}, Hook::kPostrouting,
       udp_packet(from_to("10.0.0.1", "198.51.100.1"), {}));
  CHECK_EQ(reply(gate), "198.51.100.1:53 > 172.16.0.254:4000");
}

TEST_CASE("MASQUERADE leaves 0.0.0.0 alone, and drops where the device has no address") {
  Gate asking;
  const BuiltPacket dhcp = udp_packet(from_to("0.0.0.0", "10.1.0.9"), {});
  CHECK_EQ(bind(asking, {NatTarget::Kind::kMasquerade, {}}, Hook::kPostrouting, dhcp),
           Verdict::kAccept);
  CHECK_FALSE(asking.ct().has(kSrcNatDone));
  Gate bare;
  bare.router = router::Router();
  bare.router.interfaces().find_or_add("eth0");
  bare.router.interfaces().find_or_add("eth1");
  (void)bare.router.remove_address(router::kLoopback, parse_address("127.0.0.1"), 8);
  CHECK_EQ(bind(bare, {NatTarget::Kind::kMasquerade, {}}, Hook::kPostrouting), Verdict::kDrop);
}

TEST_CASE("MASQUERADE of IPv6") {
  Gate gate(AF_INET6);
  bind(gate, {NatTarget::Kind::kMasquerade, {}}, Hook::kPostrouting, udp_packet(six(), {}));
  CHECK_EQ(reply(gate), "fd02::2:53 > fd02::254:1000");
}

TEST_CASE("REDIRECT sends to the first address of the input device, and what is made here to lo") {
  Gate gate;
  gate.add_address(gate.eth0, "10.0.0.253", 24);
  CHECK_EQ(bind(gate, {NatTarget::Kind::kRedirect, to_port(3128)}, Hook::kPrerouting),
           Verdict::kAccept);
  CHECK_EQ(reply(gate), "10.0.0.254:3128 > 10.0.0.1:1000");
  Gate local;
  bind(local, {NatTarget::Kind::kRedirect, {}}, Hook::kOutput);
  CHECK_EQ(reply(local), "127.0.0.1:53 > 10.0.0.1:1000");
  Gate local6(AF_INET6);
  bind(local6, {NatTarget::Kind::kRedirect, {}}, Hook::kOutput, udp_packet(six(), {}));
  CHECK_EQ(reply(local6), "::1:53 > fd01::1:1000");
}

TEST_CASE("REDIRECT of IPv6 takes an address of the destination's scope") {
  const auto redirected = [](std::string_view destination) {
    Gate gate(AF_INET6);
    gate.add_address(gate.eth0, "fe80::99", 64);
    const Verdict verdict = bind(gate, {NatTarget::Kind::kRedirect, {}}, Hook::kPrerouting,
                                 udp_packet(from_to("fd01::1", destination), {}));
    return verdict == Verdict::kDrop ? "dropped" : reply(gate);
  };
  CHECK_EQ(redirected("fd02::2"), "fd01::254:53 > fd01::1:1000");
  CHECK_EQ(redirected("fe80::5"), "fe80::99:53 > fd01::1:1000");
  CHECK_EQ(redirected("ff02::5"), "fe80::99:53 > fd01::1:1000");
  CHECK_EQ(redirected("fec0::5"), "dropped");
}

TEST_CASE("REDIRECT drops where the input device has no address") {
  Gate gate;
  gate.router = router::Router();
  gate.router.interfaces().find_or_add("eth0");
  gate.router.interfaces().find_or_add("eth1");
  CHECK_EQ(bind(gate, {NatTarget::Kind::kRedirect, {}}, Hook::kPrerouting), Verdict::kDrop);
  CHECK_FALSE(gate.ct().has(kDstNatDone));
}

TEST_CASE("NETMAP keeps the host's bits, of the side that the hook rewrites") {
  const NatTarget target{NatTarget::Kind::kNetmap, to("192.168.8.0", "192.168.11.255")};
  const BuiltPacket packet = udp_packet(from_to("10.0.7.1", "10.0.250.9"), {});
  Gate source;
  CHECK_EQ(bind(source, target, Hook::kPostrouting, packet), Verdict::kAccept);
  CHECK_EQ(reply(source), "10.0.250.9:53 > 192.168.11.1:1000");
  Gate destination;
  bind(destination, target, Hook::kPrerouting, packet);
  CHECK_EQ(reply(destination), "192.168.10.9:53 > 10.0.7.1:1000");
  Gate v6(AF_INET6);
  bind(v6, {NatTarget::Kind::kNetmap, to("fd09:1::", "fd09:1:0:0:ffff:ffff:ffff:ffff")},
       Hook::kPostrouting, udp_packet(from_to("fd01::5:6", "fd02::2"), {}));
  CHECK_EQ(reply(v6), "fd02::2:53 > fd09:1::5:6:1000");
}
