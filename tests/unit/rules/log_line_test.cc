// Log lines, to the byte. Those of forwarded packets have the form that kernel logs show.
#include <doctest/doctest.h>

#include "unit/rules/gate.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

constexpr uint8_t kEverything = 0x0f;

struct Line {
  std::string_view prefix = "";
  uint8_t flags = 0;
  const char* in = "eth0";
  const char* out = "eth1";
  Bytes link{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0};
  uint32_t mark = 0;
  std::optional<uint32_t> captured;

  std::string of(const BuiltPacket& packet) const {
    router::Interfaces interfaces;
    Skb skb;
    skb.packet = captured ? packet.cut(*captured) : packet.view();
    skb.link_header = link;
    skb.mark = mark;
    LogEntry entry;
    entry.flags = flags;
    entry.prefix = prefix;
    entry.skb = &skb;
    entry.in = *in ? interfaces.find_or_add(in) : 0;
    entry.out = *out ? interfaces.find_or_add(out) : 0;
    return log_line(entry, interfaces);
  }
};

/// From "SRC=" on, which is where most tests begin to look.
std::string body(const BuiltPacket& packet, uint8_t flags = 0, uint32_t mark = 0) {
  const std::string line = Line{.flags = flags, .mark = mark}.of(packet);
  return line.substr(line.find("SRC="));
}
/// From "PROTO=" on.
std::string transport(const BuiltPacket& packet, uint8_t flags = 0) {
  const std::string line = body(packet, flags);
  return line.substr(line.find("PROTO="));
}

Ip four(uint8_t tos, uint16_t id, uint16_t fragment) {
  Ip ip;
  ip.tos = tos;
  ip.id = id;
  ip.fragment = fragment;
  return ip;
}

const std::string kFour = "SRC=10.0.0.1 DST=10.0.0.2 ";
const std::string kSix =
    "SRC=fd01:0000:0000:0000:0000:0000:0000:0001 DST=fd02:0000:0000:0000:0000:0000:0000:0002 ";

}  // namespace

TEST_CASE("log: a forwarded SYN, as kernel logs have it") {
  const BuiltPacket syn =
      tcp_packet(four(0, 4711, kDontFragment), {.sport = 49152, .dport = 443, .window = 64240});
  CHECK_EQ(Line{.prefix = "[UFW BLOCK] "}.of(syn),
           "[UFW BLOCK] IN=eth0 OUT=eth1 MAC=02:00:00:00:00:01:02:00:00:00:00:09:08:00 "
           "SRC=10.0.0.1 DST=10.0.0.2 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=4711 DF PROTO=TCP "
           "SPT=49152 DPT=443 WINDOW=64240 RES=0x00 SYN URGP=0 ");
}

TEST_CASE("log: devices that are not there are empty, and MAC is shown with an input device only") {
  const BuiltPacket packet = udp_packet({}, {});
  const std::string ip =
      "SRC=10.0.0.1 DST=10.0.0.2 LEN=28 TOS=0x00 PREC=0x00 TTL=64 ID=0 PROTO=UDP SPT=1000 DPT=53 "
      "LEN=8 ";
  CHECK_EQ(Line{.in = ""}.of(packet), "IN= OUT=eth1 " + ip);
  CHECK_EQ(Line{.out = "", .link = {}}.of(packet), "IN=eth0 OUT= MAC= " + ip);
  CHECK_EQ(Line{.in = "lo", .out = "", .link = {}}.of(packet),
           "IN=lo OUT= MAC=00:00:00:00:00:00:00:00:00:00:00:00:08:00 " + ip);
}

TEST_CASE("log: the link header, taken apart on demand, and without its VLAN tags") {
  const BuiltPacket packet = udp_packet({}, {});
  const auto mac = [&](const Line& line) {
    const std::string text = line.of(packet);
    const size_t start = text.find("MAC");
    return text.substr(start, text.find("SRC=1") - start);
  };
  constexpr uint8_t kDecode = 0x20;
  CHECK_EQ(mac(Line{.flags = kDecode}),
           "MACSRC=02:00:00:00:00:09 MACDST=02:00:00:00:00:01 MACPROTO=0800 ");
  CHECK_EQ(mac(Line{.flags = kDecode, .link = {}}), "MAC= ");
  CHECK_EQ(mac(Line{.link = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x81, 0, 0, 5, 8, 0}}),
           "MAC=02:00:00:00:00:01:02:00:00:00:00:09:08:00 ");
}

TEST_CASE("log: loopback of IPv6 has its own type, and is never taken apart") {
  const std::string line =
      Line{.flags = 0x20, .in = "lo", .out = "", .link = {}}.of(udp_packet(six(), {}));
  CHECK(line.starts_with("IN=lo OUT= MAC=00:00:00:00:00:00:00:00:00:00:00:00:86:dd SRC=fd01:"));
}

TEST_CASE("log: the fields of the IPv4 header") {
  CHECK_EQ(body(udp_packet(four(0xff, 65535, 0), {})),
           kFour + "LEN=28 TOS=0x1E PREC=0xE0 TTL=64 ID=65535 PROTO=UDP SPT=1000 DPT=53 LEN=8 ");
  CHECK_EQ(
      body(udp_packet(four(0, 1, 0xe000), {})),
      kFour + "LEN=28 TOS=0x00 PREC=0x00 TTL=64 ID=1 CE DF MF PROTO=UDP SPT=1000 DPT=53 LEN=8 ");
  CHECK_EQ(body(ip_packet(four(0, 1, 0x2005), 17, data(8))),
           kFour + "LEN=28 TOS=0x00 PREC=0x00 TTL=64 ID=1 MF FRAG:5 PROTO=UDP ");
}

TEST_CASE("log: IP options only when asked for") {
  Ip ip;
  ip.options = {7, 3, 4};
  const BuiltPacket packet = udp_packet(ip, {});
  CHECK_EQ(body(packet, LogTarget::kIpOptions),
           kFour +
               "LEN=32 TOS=0x00 PREC=0x00 TTL=64 ID=0 OPT (07030400) PROTO=UDP SPT=1000 DPT=53 "
               "LEN=8 ");
  CHECK_EQ(body(packet).find("OPT"), std::string::npos);
}

TEST_CASE(
    "log: every flag of TCP in the kernel's order, with sequence and options when asked for") {
  const Tcp segment{.flags = "SAFRPUEC", .seq = 1, .ack = 4294967295, .options = {mss(1460)}};
  CHECK_EQ(transport(tcp_packet({}, segment)),
           "PROTO=TCP SPT=1000 DPT=80 WINDOW=65535 RES=0x00 CWR ECE URG ACK PSH RST SYN FIN "
           "URGP=0 ");
  CHECK_EQ(transport(tcp_packet({}, segment), kEverything),
           "PROTO=TCP SPT=1000 DPT=80 SEQ=1 ACK=4294967295 WINDOW=65535 RES=0x00 CWR ECE URG ACK "
           "PSH RST SYN FIN URGP=0 OPT (020405B4) ");
  CHECK_EQ(transport(tcp_packet({}, {.flags = "A"}), kEverything),
           "PROTO=TCP SPT=1000 DPT=80 SEQ=0 ACK=0 WINDOW=65535 RES=0x00 ACK URGP=0 ");
}

TEST_CASE("log: the reserved bits of TCP, of which the last one has got a name") {
  BuiltPacket packet = tcp_packet({}, {.flags = "A"});
  packet.bytes[32] |= 0x0f;
  CHECK_EQ(transport(packet), "PROTO=TCP SPT=1000 DPT=80 WINDOW=65535 RES=0x38 AE ACK URGP=0 ");
}

TEST_CASE("log: a TCP header that is not all there") {
  CHECK_EQ(transport(ip_packet({}, 6, data(19))), "PROTO=TCP INCOMPLETE [19 bytes] ");
  const BuiltPacket lying = tcp_packet({}, {.flags = "A", .header_words = 6});
  CHECK_EQ(
      transport(lying, kEverything),
      "PROTO=TCP SPT=1000 DPT=80 SEQ=0 ACK=0 WINDOW=65535 RES=0x00 ACK URGP=0 OPT (TRUNCATED)");
}

TEST_CASE("log: the mark ends the line, and is missing where a transport header is") {
  const std::string with_mark = body(udp_packet({}, {}), 0, 0x1f);
  CHECK(with_mark.ends_with("LEN=8 MARK=0x1f "));
  CHECK(body(ip_packet({}, 17, data(7)), 0, 1).ends_with("PROTO=UDP INCOMPLETE [7 bytes] "));
  CHECK(body(ip_packet({}, 1, data(7)), 0, 1).ends_with("INCOMPLETE [7 bytes] MARK=0x1 "));
}

TEST_CASE("log: protocols with names, and those that are numbers") {
  CHECK_EQ(transport(udplite_packet({}, {.coverage = 8})), "PROTO=UDPLITE SPT=1000 DPT=53 LEN=8 ");
  CHECK_EQ(transport(ip_packet({}, 51, {4, 4, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 1})),
           "PROTO=AH SPI=0x1234 ");
  CHECK_EQ(transport(ip_packet({}, 51, data(11))), "PROTO=AH INCOMPLETE [11 bytes] ");
  CHECK_EQ(transport(ip_packet({}, 50, {0xf1, 0x23, 0x45, 0x67, 0, 0, 0, 1})),
           "PROTO=ESP SPI=0xf1234567 ");
  CHECK_EQ(transport(ip_packet({}, 50, data(7))), "PROTO=ESP INCOMPLETE [7 bytes] ");
  CHECK_EQ(transport(sctp_packet({}, {})), "PROTO=132 ");
  CHECK_EQ(transport(ip_packet({}, 0, {})), "PROTO=0 ");
}

TEST_CASE("log: of later fragments only the protocol is known, of AH not even that") {
  const auto fragment = [](uint8_t proto) { return ip_packet(four(0, 1, 3), proto, data(40)); };
  CHECK_EQ(transport(fragment(6)), "PROTO=TCP ");
  CHECK_EQ(transport(fragment(1)), "PROTO=ICMP ");
  CHECK_EQ(transport(fragment(50)), "PROTO=ESP ");
  CHECK(body(fragment(51)).ends_with("FRAG:3 "));
}

TEST_CASE("log: ICMP queries and errors") {
  CHECK_EQ(transport(icmp_packet({}, {.type = 8, .id = 7, .seq = 9})),
           "PROTO=ICMP TYPE=8 CODE=0 ID=7 SEQ=9 ");
  CHECK_EQ(transport(icmp_packet({}, {.type = 0, .id = 7, .seq = 9})),
           "PROTO=ICMP TYPE=0 CODE=0 ID=7 SEQ=9 ");
  CHECK_EQ(transport(icmp_packet({}, {.type = 13, .payload = data(12)})),
           "PROTO=ICMP TYPE=13 CODE=0 ");
  CHECK_EQ(transport(icmp_packet({}, {.type = 13, .payload = data(11)})),
           "PROTO=ICMP TYPE=13 CODE=0 INCOMPLETE [19 bytes] ");
  CHECK_EQ(transport(icmp_packet({}, {.type = 17, .payload = data(3)})),
           "PROTO=ICMP TYPE=17 CODE=0 INCOMPLETE [11 bytes] ");
  CHECK_EQ(transport(icmp_packet({}, {.type = 12, .id = 0x1400, .payload = data(20)})),
           "PROTO=ICMP TYPE=12 CODE=0 PARAMETER=20 ");
  CHECK_EQ(transport(icmp_packet({}, {.type = 3, .payload = data(19)})),
           "PROTO=ICMP TYPE=3 CODE=0 INCOMPLETE [27 bytes] ");
  CHECK_EQ(transport(icmp_packet({}, {.type = 99})), "PROTO=ICMP TYPE=99 CODE=0 ");
}

TEST_CASE("log: an ICMP error shows what it is about, and no deeper") {
  const BuiltPacket quoted = udp_packet(Ip{}.back(), {.sport = 53, .dport = 1000});
  const std::string inner =
      "[SRC=10.0.0.2 DST=10.0.0.1 LEN=28 TOS=0x00 PREC=0x00 TTL=64 ID=0 PROTO=UDP SPT=53 DPT=1000 "
      "LEN=8 ] ";
  CHECK_EQ(transport(icmp_packet({}, {.type = 3, .code = 1, .payload = quoted.bytes})),
           "PROTO=ICMP TYPE=3 CODE=1 " + inner);
  CHECK_EQ(transport(icmp_packet({}, {.type = 3, .code = 4, .seq = 1400, .payload = quoted.bytes})),
           "PROTO=ICMP TYPE=3 CODE=4 " + inner + "MTU=1400 ");
  CHECK_EQ(
      transport(icmp_packet({}, {.type = 5, .id = 0x0a00, .seq = 0x0003, .payload = quoted.bytes})),
      "PROTO=ICMP TYPE=5 CODE=0 GATEWAY=10.0.0.3 " + inner);
  const BuiltPacket error = icmp_packet({}, {.type = 11, .payload = quoted.bytes});
  const std::string twice = body(icmp_packet({}, {.type = 11, .payload = error.bytes}), 0, 5);
  CHECK(
      twice.ends_with("[SRC=10.0.0.1 DST=10.0.0.2 LEN=56 TOS=0x00 PREC=0x00 TTL=64 ID=0 "
                      "PROTO=ICMP TYPE=11 CODE=0 ] MARK=0x5 "));
}

TEST_CASE("log: what an error quotes may end anywhere") {
  Bytes short_tcp = tcp_packet({}, {}).bytes;
  short_tcp.resize(28);
  CHECK(transport(icmp_packet({}, {.type = 11, .payload = short_tcp}))
            .ends_with("PROTO=TCP INCOMPLETE [8 bytes] ] "));
}

TEST_CASE("log: the fields of the IPv6 header") {
  Ip ip = six();
  ip.tos = 0xb8;
  BuiltPacket packet = udp_packet(ip, {});
  packet.bytes[1] |= 0x0f, packet.bytes[2] = 0xff, packet.bytes[3] = 0xfe;
  CHECK_EQ(body(packet),
           kSix + "LEN=48 TC=184 HOPLIMIT=64 FLOWLBL=1048574 PROTO=UDP SPT=1000 DPT=53 LEN=8 ");
}

TEST_CASE("log: IPv6 extension headers") {
  const Bytes padding = {0, 0, 1, 4, 0, 0, 0, 0};
  const std::string head = kSix + "LEN=64 TC=0 HOPLIMIT=64 FLOWLBL=0 ";
  const std::string udp = "PROTO=UDP SPT=1000 DPT=53 LEN=8 ";
  const BuiltPacket two = udp_packet(six({{0, padding}, {60, padding}}), {});
  CHECK_EQ(body(two), head + udp);
  CHECK_EQ(body(two, LogTarget::kIpOptions), head + "OPT ( ) OPT ( ) " + udp);
  const Bytes ah = {0, 2, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0};
  const BuiltPacket secured = udp_packet(six({{51, ah}}), {});
  CHECK_EQ(body(secured), head + udp);
  CHECK_EQ(body(secured, LogTarget::kIpOptions), head + "OPT ( AH SPI=0x1234 ) " + udp);
}

TEST_CASE("log: IPv6 fragments") {
  const auto fragment = [](uint8_t high, uint8_t low) {
    return six({{44, {0, 0, high, low, 0, 0, 0, 7}}});
  };
  const std::string head = kSix + "LEN=56 TC=0 HOPLIMIT=64 FLOWLBL=0 ";
  CHECK_EQ(body(udp_packet(fragment(0, 1), {})),
           head + "FRAG:0 INCOMPLETE ID:00000007 PROTO=UDP SPT=1000 DPT=53 LEN=8 ");
  CHECK_EQ(body(udp_packet(fragment(1, 0), {}), LogTarget::kIpOptions),
           head + "OPT ( FRAG:256 ID:00000007 ) PROTO=UDP ");
  Ip options = fragment(1, 0);
  options.extensions.push_back({60, {0, 0, 1, 4, 0, 0, 0, 0}});
  CHECK(body(udp_packet(options, {})).ends_with("FRAG:256 ID:00000007 "));
  CHECK(body(udp_packet(options, {}), LogTarget::kIpOptions)
            .ends_with("OPT ( FRAG:256 ID:00000007 ) OPT ( )"));
}

TEST_CASE("log: a line of IPv6 ends with ESP, and in a header that is cut") {
  const std::string head = kSix + "LEN=48 TC=0 HOPLIMIT=64 FLOWLBL=0 ";
  const BuiltPacket esp = ip_packet(six(), 50, {0, 0, 0x12, 0x34, 0, 0, 0, 1});
  CHECK_EQ(body(esp), head);
  CHECK_EQ(body(esp, LogTarget::kIpOptions, 1), head + "OPT ( ESP SPI=0x1234 )");
  CHECK(body(ip_packet(six(), 50, data(5)), LogTarget::kIpOptions)
            .ends_with("OPT ( ESP INCOMPLETE [5 bytes] )"));
  CHECK(body(ip_packet(six(), 60, data(1)), 0, 1).ends_with("FLOWLBL=0 TRUNCATED"));
  CHECK(body(ip_packet(six(), 44, data(7)), 0, 1).ends_with("FLOWLBL=0 FRAG:TRUNCATED "));
}

TEST_CASE("log: ICMPv6") {
  CHECK_EQ(transport(icmp_packet(six(), {.type = 128, .id = 7, .seq = 9})),
           "PROTO=ICMPv6 TYPE=128 CODE=0 ID=7 SEQ=9 ");
  CHECK_EQ(transport(icmp_packet(six(), {.type = 131})), "PROTO=ICMPv6 TYPE=131 CODE=0 ");
  CHECK_EQ(transport(ip_packet(six(), 58, data(7))), "PROTO=ICMPv6 INCOMPLETE [7 bytes] ");
  const BuiltPacket quoted = udp_packet(six(), {});
  const std::string inner =
      "[" + kSix + "LEN=48 TC=0 HOPLIMIT=64 FLOWLBL=0 PROTO=UDP SPT=1000 DPT=53 LEN=8 ] ";
  CHECK_EQ(transport(icmp_packet(six(), {.type = 1, .code = 4, .payload = quoted.bytes})),
           "PROTO=ICMPv6 TYPE=1 CODE=4 " + inner);
  CHECK_EQ(transport(icmp_packet(six(), {.type = 2, .id = 1, .seq = 2, .payload = quoted.bytes})),
           "PROTO=ICMPv6 TYPE=2 CODE=0 " + inner + "MTU=65538 ");
  CHECK_EQ(transport(icmp_packet(six(), {.type = 4, .id = 0, .seq = 40, .payload = quoted.bytes})),
           "PROTO=ICMPv6 TYPE=4 CODE=0 POINTER=00000028 " + inner);
}

TEST_CASE("log: protocols of IPv6 without a name are numbers, the end of all headers too") {
  CHECK_EQ(transport(ip_packet(six(), 59, {})), "PROTO=59 ");
  CHECK_EQ(transport(sctp_packet(six(), {})), "PROTO=132 ");
}

TEST_CASE("log: what the capture left out is said to be missing") {
  const BuiltPacket packet = tcp_packet({}, {.payload = data(100)});
  CHECK(Line{.captured = 39}.of(packet).ends_with("PROTO=TCP INCOMPLETE [19 bytes] "));
  CHECK(Line{.captured = 20}.of(packet).ends_with("PROTO=TCP INCOMPLETE [0 bytes] "));
  CHECK(
      Line{.captured = 19}.of(packet).ends_with("MAC=02:00:00:00:00:01:02:00:00:00:00:09:08:00 "
                                                "TRUNCATED"));
  CHECK(
      Line{.captured = 41}.of(udp_packet(six(), {})).ends_with("PROTO=UDP INCOMPLETE [1 bytes] "));
}
