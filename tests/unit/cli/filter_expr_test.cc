// --filter: what each word means, what is refused and where, and that an expression of any shape
// says what its parts say.
#include "cli/filter_expr.h"

#include <doctest/doctest.h>

#include <functional>
#include <random>

#include "base/address.h"
#include "ctnetlink/match.h"

using namespace ctwin;
using cli::FilterExpr;
using cli::FilterMistake;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kNow = 5'000 * kSecond;

FilterExpr parse(std::string_view text, const cli::LabelMap* labels = nullptr) {
  auto parsed = FilterExpr::parse(text, labels);
  const auto* mistake = std::get_if<FilterMistake>(&parsed);
  REQUIRE_MESSAGE(mistake == nullptr, text, ": ", mistake ? mistake->text : "");
  return std::get<FilterExpr>(std::move(parsed));
}

bool selects(std::string_view text, const Flow& flow) { return parse(text).matches(flow, kNow); }

FilterMistake mistake_in(std::string_view text) {
  auto parsed = FilterExpr::parse(text, nullptr);
  REQUIRE_MESSAGE(std::holds_alternative<FilterMistake>(parsed), text, " was taken");
  return std::get<FilterMistake>(parsed);
}

/// TCP from 10.0.0.1:40000 to 192.0.2.80:80, seen by the answers as 203.0.113.1:50000.
Flow web_flow() {
  Flow flow;
  flow.orig.src = parse_address("10.0.0.1");
  flow.orig.dst = parse_address("192.0.2.80");
  flow.orig.sport = 40000;
  flow.orig.dport = 80;
  flow.orig.proto = IPPROTO_TCP;
  flow.orig.has_proto = flow.orig.has_ports = true;
  flow.reply = flow.orig;
  flow.reply.src = flow.orig.dst;
  flow.reply.dst = parse_address("203.0.113.1");
  flow.reply.sport = 80;
  flow.reply.dport = 50000;
  flow.fields.add(FlowField::kOrig);
  flow.fields.add(FlowField::kReply);
  flow.set_status(kSeenReply | kAssured | kConfirmed | kSrcNat | kSrcNatDone | kDstNatDone);
  flow.set_timeout(100);
  flow.tcp_state = 3;  // ESTABLISHED
  flow.fields.add(FlowField::kTcpState);
  return flow;
}

Flow ping() {
  Flow flow;
  flow.orig.src = parse_address("10.0.0.1");
  flow.orig.dst = parse_address("10.0.0.2");
  flow.orig.proto = IPPROTO_ICMP;
  flow.orig.icmp_type = 8;
  flow.orig.icmp_id = 77;
  flow.orig.has_proto = flow.orig.has_ports = true;
  flow.reply = flow.orig;
  flow.reply.icmp_type = 0;
  flow.set_status(kConfirmed);
  return flow;
}

}  // namespace

TEST_CASE("host, net and port mean either side of the original direction") {
  const Flow flow = web_flow();
  CHECK(selects("host 10.0.0.1", flow));
  CHECK(selects("host 192.0.2.80", flow));
  CHECK_FALSE(selects("host 203.0.113.1", flow));
  CHECK(selects("net 192.0.2.0/24", flow));
  CHECK(selects("port 80", flow));
  CHECK(selects("port 40000", flow));
  CHECK_FALSE(selects("port 50000", flow));
}

TEST_CASE("src and dst name a side, orig, reply and any a direction") {
  const Flow flow = web_flow();
  CHECK(selects("src host 10.0.0.1", flow));
  CHECK_FALSE(selects("dst host 10.0.0.1", flow));
  CHECK(selects("reply dst host 203.0.113.1", flow));
  CHECK(selects("dst reply host 203.0.113.1", flow));
  CHECK_FALSE(selects("reply src host 203.0.113.1", flow));
  CHECK(selects("any host 203.0.113.1", flow));
  CHECK(selects("any dst port 50000", flow));
  CHECK(selects("reply dport 50000", flow));
  CHECK(selects("any sport 80", flow));
  CHECK_FALSE(selects("orig sport 80", flow));
  CHECK(selects("src 10.0.0.0/8", flow));
  CHECK(selects("dst 192.0.2.80", flow));
}

TEST_CASE("a protocol in front of a condition narrows it") {
  const Flow flow = web_flow();
  CHECK(selects("tcp", flow));
  CHECK(selects("tcp port 80", flow));
  CHECK_FALSE(selects("udp port 80", flow));
  CHECK(selects("not udp port 80", flow));
  CHECK(selects("ip host 10.0.0.1", flow));
  CHECK_FALSE(selects("ip6", flow));
  CHECK(selects("family ipv4", flow));
  CHECK(selects("proto {udp, 6}", flow));
  CHECK(selects("tcp state established", flow));
}

TEST_CASE("numbers are compared, listed, and given as ranges") {
  const Flow flow = web_flow();
  CHECK(selects("dport 79-81", flow));
  CHECK(selects("dst port {22 80}", flow));
  CHECK(selects("dport < 81", flow));
  CHECK_FALSE(selects("dport < 80", flow));
  CHECK(selects("dport <= 80", flow));
  CHECK(selects("dport >= 80 and dport != 81", flow));
  CHECK_FALSE(selects("dport > 80", flow));
  CHECK(selects("dport 0x50", flow));
  CHECK(selects("port http", flow));
  CHECK(selects("timeout 1m40s", flow));
  CHECK(selects("timeout 90s-2m", flow));
}

TEST_CASE("bytes and packets are summed over both directions unless one is named") {
  Flow flow = web_flow();
  CHECK_FALSE(selects("bytes >= 0", flow));
  flow.counters_orig = {10, 1'500'000};
  flow.counters_reply = {20, 600'000};
  flow.fields.add(FlowField::kCountersOrig);
  flow.fields.add(FlowField::kCountersReply);
  CHECK(selects("bytes > 2M", flow));
  CHECK_FALSE(selects("bytes > 2Mi and packets 31", flow));
  CHECK(selects("packets = 30", flow));
  CHECK(selects("orig packets 10 and reply packets 20", flow));
  CHECK(selects("reply bytes < 1M", flow));
  CHECK_FALSE(selects("orig bytes < 1M", flow));
  CHECK(selects("any bytes < 1M", flow));
}

TEST_CASE("what an entry lacks makes a comparison false, and its negation true") {
  const Flow flow = ping();
  for (const char* text : {"port >= 0", "key >= 0", "helper ftp", "label 3", "state none"}) {
    CAPTURE(text);
    CHECK_FALSE(selects(text, flow));
    CHECK(selects(std::string("not ") + text, flow));
  }
  CHECK(selects("mark 0 and zone 0", flow));
}

TEST_CASE("what an entry does not tell fulfils neither a comparison nor its negation") {
  Flow flow = ping();
  for (const char* text : {"timeout >= 5", "age >= 5", "bytes > 1M", "packets 5", "orig bytes 5",
                           "any packets < 5", "id 5", "use 5"}) {
    CAPTURE(text);
    const std::string condition = text;
    CHECK_FALSE(selects(condition, flow));
    CHECK_FALSE(selects("not " + condition, flow));
    CHECK_FALSE(selects("not not " + condition, flow));
    CHECK_FALSE(selects("not (" + condition + " or tcp)", flow));
    CHECK_FALSE(selects("icmp and not " + condition, flow));
    CHECK(selects("icmp or not " + condition, flow));
    CHECK(selects("not (" + condition + " and tcp)", flow));
  }
  CHECK_FALSE(selects("bytes != 5", flow));
  flow.counters_orig = {1, 84};
  flow.fields.add(FlowField::kCountersOrig);
  CHECK(selects("not bytes > 1M", flow));
  CHECK(selects("not orig bytes > 1M", flow));
  CHECK_FALSE(selects("not reply bytes > 1M", flow));
  CHECK_FALSE(selects("not any bytes > 1M", flow));
  CHECK_FALSE(selects("not any bytes 84", flow));
}

TEST_CASE("age runs from the start to the stop, or to now") {
  Flow flow = web_flow();
  flow.timestamp_start = kNow - 3600 * kSecond;
  flow.fields.add(FlowField::kTimestampStart);
  CHECK(selects("age 1h", flow));
  CHECK_FALSE(selects("age > 1h", flow));
  flow.timestamp_stop = kNow - 3500 * kSecond;
  flow.fields.add(FlowField::kTimestampStop);
  CHECK(selects("age = 100", flow));
  CHECK(parse("tcp or age > 5").uses_time());
  CHECK_FALSE(parse("tcp").uses_time());
}

TEST_CASE("ICMP has a type, a code and an id of its own, beside the entry's id") {
  Flow flow = ping();
  flow.set_id(5);
  CHECK(selects("icmp type 8 and icmp id 77 and id 5", flow));
  CHECK_FALSE(selects("icmp id 5", flow));
  CHECK(selects("reply icmp type 0", flow));
  CHECK(selects("icmp reply code 0", flow));
  CHECK_FALSE(selects("icmp6 type 8", flow));
}

TEST_CASE("states are those of every protocol that has the name") {
  Flow flow = web_flow();
  CHECK(selects("state {established, time_wait}", flow));
  CHECK_FALSE(selects("state != established", flow));
  CHECK_FALSE(selects("sctp state established", flow));
  flow.fields.remove(FlowField::kTcpState);
  flow.fields.add(FlowField::kSctpState);
  flow.sctp_state = 4;  // ESTABLISHED, another number
  CHECK(selects("state Established", flow));
  CHECK_FALSE(selects("state time_wait", flow));
}

TEST_CASE("marks, labels, zones, helpers and status bits") {
  Flow flow = web_flow();
  flow.set_mark(0x1234);
  flow.helper.assign("RAS");
  flow.fields.add(FlowField::kHelper);
  flow.labels.set(7);
  flow.fields.add(FlowField::kLabels);
  flow.orig.has_zone = true;
  flow.orig.zone = 9;
  CHECK(selects("mark 0x34/0xff", flow));
  CHECK(selects("mark {1, 0x1234}", flow));
  CHECK(selects("mark > 0x1000 and mark 0-0xffff", flow));
  CHECK(selects("helper ras", flow));
  CHECK(selects("label {6 7}", flow));
  CHECK_FALSE(selects("label 6", flow));
  CHECK(selects("zone 0 and orig zone 9 and reply zone 0 and any zone 9", flow));
  CHECK(selects("assured and status seen_reply and not unreplied", flow));
  CHECK(selects("status {dying, assured}", flow));
  CHECK_FALSE(selects("status {dying, unreplied}", flow));
  CHECK(selects("snat and nat and not dnat", flow));
}

TEST_CASE("a label's name is looked up before its number") {
  const auto map = cli::LabelMap::load(std::string(CTWIN_TEST_DATA) + "/labels.conf");
  REQUIRE(map.ok());
  Flow flow = web_flow();
  flow.labels.set(5);
  flow.fields.add(FlowField::kLabels);
  CHECK(parse("label \"two words\"", &*map).matches(flow, 0));
  CHECK(parse("label 5", &*map).matches(flow, 0));
}

TEST_CASE("a mistake is named, with the place where it stands") {
  const auto check = [](std::string_view text, size_t at, std::string_view word) {
    CAPTURE(text);
    const FilterMistake mistake = mistake_in(text);
    CHECK_EQ(mistake.at, at);
    CHECK_MESSAGE(mistake.text.find(word) != std::string::npos, mistake.text);
  };
  check("", 0, "empty");
  check("tcp and", 7, "missing at the end");
  check("tcp or udp and port 5", 11, "parentheses");
  check("tcp port 80 or 443", 15, "{80, 443}");
  check("(tcp", 0, "not closed");
  check("port {80, 443", 5, "not closed");
  check("tcp)", 3, "no (");
  check("tcp & udp", 4, "in place of `&'");
  check("src mark 5", 0, "does not go with `mark'");
  check("udp state established", 0, "does not go with");
  check("tcp mark 5", 0, "does not go with");
  check("host 10.0.0.0/8", 5, "net in place of host");
  check("net 10.0.0.0/33", 4, "0 to 32");
  check("host example.com", 5, "IPv4 or IPv6 address");
  check("host 443", 5, "IPv4 or IPv6 address");
  check("port 65536", 5, "65535");
  check("port 90-80", 5, "ends before it begins");
  check("port < 0", 7, "less than 0");
  check("mark 0x100/0xff", 5, "leaves out");
  check("state < established", 6, "= and !=");
  check("bytes 1X", 6, "64Ki");
  check("bytes 99999999999999999999", 6, "64Ki");
  check("bytes 99999999999T", 6, "64Ki");
  check("label nine", 6, "unknown label");
  check("label 128", 6, "127");
  check("timeout 1h30", 8, "seconds");
  check("nonsense 5", 0, "not a condition");
  check("tcp udp", 4, "`and', `or'");
  check("helper \"ftp", 7, "helper");
}

TEST_CASE("nesting has a limit, length has none") {
  const std::string deep = std::string(101, '(') + "tcp" + std::string(101, ')');
  CHECK_EQ(mistake_in(deep).at, 100);
  CHECK(selects(deep.substr(1, deep.size() - 2), web_flow()));
  std::string nots;
  for (int i = 0; i < 100; ++i) nots += "not ";
  CHECK(selects(nots + "tcp", web_flow()));
  CHECK_EQ(mistake_in("not " + nots + "tcp").at, 400);
  std::string wide = "udp";
  for (int i = 0; i < 50000; ++i) wide += " or udp";
  CHECK(selects(wide + " or tcp", web_flow()));
}

TEST_CASE("the caret stands under the place, whatever the bytes in front of it") {
  CHECK_EQ(cli::point_at({4, "text"}, "tcp ?"), "text\n  tcp ?\n      ^");
  CHECK_EQ(cli::point_at({3, "text"}, "\xc3\xa4\t?"), "text\n  \xc3\xa4 ?\n    ^");
  CHECK_EQ(cli::point_at({3, "a\x1b[1mb"}, "1\n2\x7f?"), "a [1mb\n  1 2 ?\n     ^");
  CHECK_EQ(cli::point_at({0, "text"}, ""), "text\n  \n  ^");
}

TEST_CASE("of a long expression what is around the place is shown") {
  std::string expression;
  for (int i = 0; i < 100; ++i) expression += "\xc3\xa4";  // 100 columns
  const size_t at = expression.size();
  expression += "?" + std::string(100, 'b');
  std::string before, behind = "?" + std::string(29, 'b');
  for (int i = 0; i < 40; ++i) before += "\xc3\xa4";
  CHECK_EQ(cli::point_at({at, "text"}, expression),
           "text\n  ..." + before + behind + "...\n  " + std::string(43, ' ') + "^");
  CHECK_EQ(cli::point_at({expression.size(), "text"}, expression),
           "text\n  ..." + std::string(40, 'b') + "\n  " + std::string(43, ' ') + "^");
}

namespace {

using MaybeBool = std::optional<bool>;  ///< nothing: the flow does not tell

/// A condition as text, and as a function that shares nothing with the program's.
struct Atom {
  std::string text;
  std::function<MaybeBool(const Flow&)> holds;
};

using Random = std::mt19937;

unsigned below(Random& random, unsigned limit) {
  return std::uniform_int_distribution<unsigned>(0, limit - 1)(random);
}

Address small_address(Random& random) {
  return parse_address((below(random, 5) == 0 ? "fd00::" : "10.0.0.") +
                       std::to_string(below(random, 4)));
}

std::string text_of(const Address& address) {
  char text[kAddressText];
  return {text, format_address(address, text)};
}

Tuple random_tuple(Random& random) {
  static constexpr uint8_t kProtocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_GRE, 50};
  Tuple tuple;
  tuple.src = small_address(random);
  tuple.dst = small_address(random);
  tuple.proto = kProtocols[below(random, 5)];
  tuple.has_proto = true;
  tuple.has_ports = tuple.proto != 50;
  if (tuple.proto == IPPROTO_ICMP) {
    tuple.icmp_type = static_cast<uint8_t>(below(random, 3));
    tuple.icmp_id = static_cast<uint16_t>(below(random, 3));
  } else if (tuple.has_ports) {
    tuple.sport = static_cast<uint16_t>(below(random, 4));
    tuple.dport = static_cast<uint16_t>(below(random, 4));
  }
  return tuple;
}

Flow random_flow(Random& random) {
  Flow flow;
  flow.orig = random_tuple(random);
  flow.reply = random_tuple(random);
  flow.reply.proto = flow.orig.proto;
  flow.reply.has_ports = flow.orig.has_ports;
  flow.fields.add(FlowField::kOrig);
  flow.fields.add(FlowField::kReply);
  if (below(random, 8) != 0) flow.set_status(below(random, 1 << 9));
  if (below(random, 2) != 0) flow.set_mark(below(random, 8));
  if (below(random, 2) != 0) flow.set_timeout(below(random, 5));
  if (below(random, 2) != 0) flow.set_zone(static_cast<uint16_t>(below(random, 3)));
  if (below(random, 2) != 0) flow.set_id(below(random, 3));
  if (flow.orig.proto == IPPROTO_TCP) {
    flow.tcp_state = static_cast<uint8_t>(below(random, 10));
    flow.fields.add(FlowField::kTcpState);
  }
  return flow;
}

bool has_ports(const Tuple& tuple) {
  return tuple.proto == IPPROTO_TCP || tuple.proto == IPPROTO_UDP;
}

Atom address_atom(Random& random) {
  const Address address = small_address(random);
  const unsigned last = below(random, 2) == 0 ? 0 : 1;  // bits that do not count
  const auto inside = [address, last](const Address& seen) {
    if (seen.family != address.family) return false;
    const size_t end = seen.size() - 1;
    for (size_t i = 0; i < end; ++i)
      if (seen.bytes[i] != address.bytes[i]) return false;
    return seen.bytes[end] >> last == address.bytes[end] >> last;
  };
  const size_t bits = address.size() * 8 - last;
  const std::string net = "net " + text_of(address) + "/" + std::to_string(bits);
  switch (below(random, 4)) {
    case 0: return {"src " + net, [=](const Flow& f) { return inside(f.orig.src); }};
    case 1: return {"reply dst " + net, [=](const Flow& f) { return inside(f.reply.dst); }};
    case 2:
      return {"any " + net, [=](const Flow& f) {
                return inside(f.orig.src) || inside(f.orig.dst) || inside(f.reply.src) ||
                       inside(f.reply.dst);
              }};
    default: return {net, [=](const Flow& f) { return inside(f.orig.src) || inside(f.orig.dst); }};
  }
}

Atom port_atom(Random& random) {
  const unsigned port = below(random, 4);
  const std::string number = std::to_string(port);
  switch (below(random, 4)) {
    case 0:
      return {"dst port " + number,
              [=](const Flow& f) { return has_ports(f.orig) && f.orig.dport == port; }};
    case 1:
      return {"sport >= " + number,
              [=](const Flow& f) { return has_ports(f.orig) && f.orig.sport >= port; }};
    case 2:
      return {"tcp port " + number, [=](const Flow& f) {
                return f.orig.proto == IPPROTO_TCP &&
                       (f.orig.sport == port || f.orig.dport == port);
              }};
    default:
      return {"reply port {" + number + ",9}", [=](const Flow& f) {
                return has_ports(f.reply) && (f.reply.sport == port || f.reply.dport == port);
              }};
  }
}

Atom entry_atom(Random& random) {
  const unsigned number = below(random, 3);
  const std::string text = std::to_string(number);
  switch (below(random, 8)) {
    case 0:
      return {"mark " + text + "/3", [=](const Flow& f) {
                return ((f.has(FlowField::kMark) ? f.mark : 0) & 3) == number;
              }};
    case 1:
      return {"zone " + text,
              [=](const Flow& f) { return (f.has(FlowField::kZone) ? f.zone : 0) == number; }};
    case 2:
      return {"timeout < " + std::to_string(number + 1), [=](const Flow& f) {
                return f.has(FlowField::kTimeout) ? MaybeBool(f.timeout <= number) : std::nullopt;
              }};
    case 3:
      return {"id " + text, [=](const Flow& f) {
                return f.has(FlowField::kId) ? MaybeBool(f.id == number) : std::nullopt;
              }};
    case 4:
      return {"icmp type " + text, [=](const Flow& f) {
                return f.orig.proto == IPPROTO_ICMP && f.orig.icmp_type == number;
              }};
    case 5:
      return {"status {assured, unreplied}", [](const Flow& f) {
                const uint32_t status = f.has(FlowField::kStatus) ? f.status : 0;
                return (status & kAssured) != 0 || (status & kSeenReply) == 0;
              }};
    case 6:
      return {"state time_wait",
              [](const Flow& f) { return f.has(FlowField::kTcpState) && f.tcp_state == 7; }};
    default:
      return {"status confirmed", [](const Flow& f) {
                return f.has(FlowField::kStatus) && (f.status & kConfirmed) != 0;
              }};
  }
}

Atom atom(Random& random) {
  switch (below(random, 4)) {
    case 0: return address_atom(random);
    case 1: return port_atom(random);
    case 2: return entry_atom(random);
    default: {
      static const std::pair<const char*, int> kNames[] = {
          {"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {"gre", IPPROTO_GRE}, {"proto 50", 50}};
      const auto& named = kNames[below(random, 4)];
      const int proto = named.second;
      return {named.first, [proto](const Flow& f) { return f.orig.proto == proto; }};
    }
  }
}

Atom expression(Random& random, unsigned depth) {
  if (depth == 0) return atom(random);
  const auto operand = [&] { return expression(random, below(random, depth)); };
  const Atom left = operand();
  if (below(random, 4) == 0)
    return {(below(random, 2) == 0 ? "not (" : "!(") + left.text + ")", [=](const Flow& f) {
              const MaybeBool value = left.holds(f);
              return value ? MaybeBool(!*value) : value;
            }};
  const Atom right = operand();
  const bool both = below(random, 2) == 0;
  const char* word = both ? (below(random, 2) == 0 ? ") and (" : ") && (")
                          : (below(random, 2) == 0 ? ") or (" : ") || (");
  return {"(" + left.text + word + right.text + ")", [=](const Flow& f) -> MaybeBool {
            const MaybeBool values[] = {left.holds(f), right.holds(f)};
            // One that decides is enough; else both must be known.
            if (values[0] == !both || values[1] == !both) return !both;
            return values[0] && values[1] ? MaybeBool(both) : std::nullopt;
          }};
}

}  // namespace

TEST_CASE("an expression of any shape is what its parts are, and so is what is pushed down") {
  Random random(20261121);
  size_t selected = 0, narrowed_away = 0;
  for (int round = 0; round < 4000; ++round) {
    const Atom wanted = expression(random, below(random, 6));
    const FilterExpr made = parse(wanted.text);
    Filter narrowed;
    made.narrow(narrowed);
    for (int i = 0; i < 25; ++i) {
      const Flow flow = random_flow(random);
      const bool matches = made.matches(flow, kNow);
      REQUIRE_MESSAGE(matches == (wanted.holds(flow) == true), wanted.text);
      const bool passes = ctnetlink::matches(narrowed, flow);
      REQUIRE_MESSAGE((passes || !matches), "pushed down too much: ", wanted.text);
      selected += matches;
      narrowed_away += !passes;
    }
  }
  // Both kinds of answer were common, so that the comparison says something.
  CHECK(selected > 20000);
  CHECK(selected < 80000);
  CHECK(narrowed_away > 5000);
}

TEST_CASE("exact conditions that must all hold are pushed down") {
  Filter filter;
  filter.orig.dport = 1;  // said by an option: left alone
  parse(
      "tcp and src 10.0.0.0/8 and dport 443 and mark 1/3 and zone 2 and assured and "
      "not status dying and (id 5 or id 6) and any host 10.0.0.1 and timeout < 5")
      .narrow(filter);
  CHECK_EQ(filter.orig.proto.value(), IPPROTO_TCP);
  CHECK(filter.orig.src == parse_address("10.0.0.0"));
  CHECK(filter.orig.src_mask == prefix_mask(AF_INET, 8));
  CHECK_EQ(filter.orig.dport.value(), 1);
  CHECK_EQ(filter.mark->value, 1);
  CHECK_EQ(filter.mark->mask, 3);
  CHECK_EQ(filter.zone.value(), 2);
  CHECK_EQ(filter.status_set, kAssured);
  CHECK_EQ(filter.status_clear, kDying);
  CHECK_FALSE(filter.id.has_value());
  CHECK_FALSE(filter.orig.dst.is_set());
  CHECK_FALSE(filter.timeout.has_value());
}
