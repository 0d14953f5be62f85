#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <set>

#include "ctnetlink/uapi.h"
#include "generator.h"
#include "message_text.h"
#include "outputs.h"
#include "packet_row.h"
#include "scenarios.h"
#include "shrink.h"
#include "support/messages.h"

namespace ctwin::test {
namespace {

std::string mistake_of(const std::string& row) {
  const Result<Packet> packet = parse_packet_text(row);
  return packet ? "" : packet.error().text;
}

/// The checksum over what carries its own right checksum.
uint16_t check(PacketView bytes, uint32_t pseudo = 0) { return internet_checksum(bytes, pseudo); }

constexpr uint16_t kNewFlags = NLM_F_CREATE | NLM_F_EXCL;

/// The kernel's events are no requests.
MessageBytes event_message(const Flow& flow, uint8_t type, uint16_t flags) {
  MessageBytes message = flow_message(flow, type);
  std::memcpy(message.data() + offsetof(nlmsghdr, nlmsg_flags), &flags, sizeof flags);
  return message;
}

MessageBytes event_of(Flow flow, uint32_t id, uint32_t seconds, bool is_new) {
  flow.set_id(id);
  flow.set_timeout(seconds);
  return event_message(flow, IPCTNL_MSG_CT_NEW, is_new ? kNewFlags : 0);
}

MessageBytes destroy_of(Flow flow, uint32_t id, std::optional<uint32_t> seconds) {
  flow.set_id(id);
  flow.fields.remove(FlowField::kTimeout);
  if (seconds) flow.set_timeout(*seconds);
  return event_message(flow, IPCTNL_MSG_CT_DELETE, 0);
}

/// A recording of packets of which each caused one of `events`.
Recording recording_of(const std::vector<MessageBytes>& events) {
  Recording recording;
  for (const MessageBytes& event : events) {
    Record& record = recording.records.emplace_back();
    record.packet = packet_of("udp l2:1 r2:2");
    record.outputs = {record.packet};
    if (!event.empty()) record.events = {event};
  }
  return recording;
}

}  // namespace

TEST_CASE("a row fills in right checksums") {
  const Packet tcp = packet_of("tcp l2:1000 r2:80 S seq=5 mss=1460 wscale=7 len=9");
  CHECK(check(PacketView(tcp).first(20)) == 0);
  Address left, right;
  left.family = right.family = AF_INET;
  left.bytes = {10, 1, 0, 2};
  right.bytes = {10, 2, 0, 2};
  CHECK(check(PacketView(tcp).subspan(20), pseudo_header_sum(left, right, 6, tcp.size() - 20)) ==
        0);
  const Packet icmp = packet_of("icmp l2 r2 id=7 len=3");
  CHECK(check(PacketView(icmp).subspan(20)) == 0);
  const Packet bad = packet_of("icmp l2 r2 id=7 len=3 sum=bad");
  CHECK(check(PacketView(bad).subspan(20)) != 0);
}

TEST_CASE("SCTP's checksum of nine digits is the one that is published") {
  const std::string digits = "123456789";
  const PacketView bytes(reinterpret_cast<const uint8_t*>(digits.data()), digits.size());
  CHECK(sctp_crc(bytes) == __builtin_bswap32(0xe3069283));
}

TEST_CASE("a row names hosts, ports and fields where they belong") {
  const Packet four = packet_of("udp l2:1000 r258:53 len=4 ttl=9 tos=8 df id=77");
  CHECK(four.size() == 32);
  CHECK(get16(four, 2) == 32);
  CHECK(four[1] == 8);
  CHECK(get16(four, 4) == 77);
  CHECK(get16(four, 6) == 0x4000);
  CHECK(four[8] == 9);
  CHECK(get32(four, 12) == 0x0a010002);
  CHECK(get32(four, 16) == 0x0a020102);
  CHECK(get16(four, 20) == 1000);
  CHECK(get16(four, 22) == 53);
  const Packet six = packet_of("udp L2:1 [2001:db8::9]:2 ext=hop,dst");
  CHECK(get16(six, 4) == 32);
  CHECK(six[6] == 0);
  CHECK(six[40] == 60);
  CHECK(six[48] == 17);
  CHECK(get16(six, 8) == 0xfd01);
  CHECK(six[39] == 9);
  CHECK(get16(six, 56) == 1);
}

TEST_CASE("a row with a mistake is refused, and the word is named") {
  CHECK(mistake_of("tcp l2:1 r2:2 S sack").find("sack") != std::string::npos);
  CHECK(mistake_of("tcp l2:1 r2:2 X").find("'X'") != std::string::npos);
  CHECK(mistake_of("udp l2:1 r2:2 len=ten").find("'ten'") != std::string::npos);
  CHECK(mistake_of("udp l2:1 r2:2 seq=5").find("seq") != std::string::npos);
  CHECK(mistake_of("udp nowhere r2:2").find("nowhere") != std::string::npos);
  CHECK(mistake_of("cdp l2 r2").find("cdp") != std::string::npos);
  CHECK(mistake_of("udp l2:1 r2:2 poke=900:1").find("900:1") != std::string::npos);
  CHECK(mistake_of("udp l2:1").find("endpoint") != std::string::npos);
  CHECK(mistake_of("raw 45z").find("45z") != std::string::npos);
  CHECK_FALSE(parse_step("udp l2:1 r2:2"));
  CHECK_FALSE(parse_step("wait soon"));
  CHECK_FALSE(parse_step("^~ udp l2:1 r2:2"));
}

TEST_CASE(
    "a step is a packet from either side or from the box itself, a wait, or a line of setup") {
  CHECK(parse_step("< udp l2:1 r2:2")->side == Side::kRight);
  CHECK_FALSE(parse_step("> udp l2:1 r2:2")->outbound);
  CHECK(parse_step("^ udp l2:1 r2:2")->outbound);
  CHECK(parse_step("wait 20")->wait_ms == 20);
  CHECK(parse_step("then ip route del default")->setup == "ip route del default");
  CHECK(has_packet("^ udp l2:1 r2:2"));
  CHECK_FALSE(has_packet("wait 20"));
  CHECK_FALSE(has_packet("then ip route del default"));
}

TEST_CASE("raw bytes come back as they went in") {
  const Packet packet = packet_of("tcp l2:1 r2:2 PA seq=1 len=100");
  const Result<Step> step = parse_step(raw_step(Side::kRight, packet));
  REQUIRE(step);
  CHECK(step->side == Side::kRight);
  CHECK(step->packet == packet);
}

TEST_CASE("an error quotes as much of a packet as it is told to") {
  const Packet inner = packet_of("udp l2:1 r2:2 len=100");
  const Packet whole = packet_of("icmp r2 l2 type=3 of(udp l2:1 r2:2 len=100)");
  CHECK(whole.size() == 28 + inner.size());
  CHECK(std::equal(inner.begin(), inner.end(), whole.begin() + 28));
  CHECK(packet_of("icmp r2 l2 type=3 of(udp l2:1 r2:2 len=100) quote=28").size() == 56);
  CHECK(packet_of("icmp r2 l2 type=3 of(icmp l2 r2 type=11 of(udp r2:2 l2:1))").size() == 92);
}

TEST_CASE("fragments that left count as the packet they make") {
  for (const std::string ends : {"l2:1 r2:2", "L2:1 R2:2"}) {
    const Packet whole = packet_of(fmt::format("udp {} len=100 id=5", ends));
    const Packet first = packet_of(fmt::format("udp {} len=100 id=5 frag=0,56 ttl=9", ends));
    const Packet last = packet_of(fmt::format("udp {} len=100 id=5 frag=56,52 pad=9", ends));
    CHECK(comparable_outputs(whole, {last, first}) == comparable_outputs(whole, {whole}));
    CHECK(comparable_outputs(whole, {first}) != comparable_outputs(whole, {whole}));
    CHECK(comparable_outputs(whole, {first, first}).size() == 2);
  }
}

TEST_CASE("of a packet that left, TTL, header checksum and padding are not compared") {
  const Packet packet = packet_of("udp l2:1 r2:2 ttl=64");
  CHECK(comparable_outputs(packet, {packet}) ==
        comparable_outputs(packet, {packet_of("udp l2:1 r2:2 ttl=63 pad=3")}));
  CHECK(comparable_outputs(packet, {packet}) !=
        comparable_outputs(packet, {packet_of("udp l2:1 r2:2 tos=4")}));
  CHECK(comparable_outputs(packet, {packet}) !=
        comparable_outputs(packet, {packet_of("udp l2:1 r2:2 df")}));
  CHECK(comparable_outputs(packet, {packet}) != comparable_outputs(packet, {}));
}

TEST_CASE("ids are told apart by when they first appear") {
  const Flow flow = tcp_flow();
  const Recording kernel =
      recording_of({event_of(flow, 900, 120, true), event_of(flow, 700, 120, true),
                    event_of(flow, 900, 60, false)});
  CHECK(compare(kernel, recording_of({event_of(flow, 1, 120, true), event_of(flow, 2, 120, true),
                                      event_of(flow, 1, 60, false)}))
            .empty());
  const auto differences =
      compare(kernel, recording_of({event_of(flow, 1, 120, true), event_of(flow, 2, 120, true),
                                    event_of(flow, 2, 60, false)}));
  REQUIRE(differences.size() == 1);
  CHECK(differences[0].number == 3);
  CHECK(differences[0].text.find("ID=2") != std::string::npos);
}

TEST_CASE("seconds left are exact, unless a tick fell between") {
  const Flow flow = tcp_flow();
  Recording kernel = recording_of({event_of(flow, 1, 119, true)});
  const Recording engine = recording_of({event_of(flow, 1, 120, true)});
  CHECK(compare(kernel, engine).size() == 1);
  kernel.records[0].tick_crossed = true;
  CHECK(compare(kernel, engine).empty());
  kernel.records[0].tick_crossed = false;
  kernel.exact_ticks = false;
  CHECK(compare(kernel, engine).empty());
  CHECK(compare(kernel, recording_of({event_of(flow, 1, 121, true)})).size() == 1);
}

TEST_CASE("what time took away may be announced late, what a packet took away may not") {
  const Flow flow = tcp_flow();
  const MessageBytes made = event_of(flow, 1, 120, true);
  const MessageBytes late = destroy_of(flow, 1, {}), now = destroy_of(flow, 1, 9);
  Recording kernel = recording_of({made, {}, {}});
  kernel.late_events = {late};
  CHECK(compare(kernel, recording_of({made, late, {}})).empty());
  CHECK(compare(kernel, recording_of({made, {}, {}})).size() == 1);
  CHECK(compare(kernel, recording_of({made, late, late})).size() == 1);
  CHECK(compare(recording_of({made, now, {}}), recording_of({made, {}, now})).size() == 2);
}

TEST_CASE("tables are compared entry by entry, whatever their order") {
  Flow one = tcp_flow(), two = tcp_flow();
  two.orig.sport = 5;
  Recording kernel, engine;
  kernel.table = {event_of(one, 1, 50, false), event_of(two, 2, 50, false)};
  engine.table = {event_of(two, 8, 51, false), event_of(one, 9, 50, false)};
  CHECK(compare(kernel, engine).empty());
  engine.table[0] = event_of(two, 8, 53, false);
  CHECK(compare(kernel, engine).size() == 1);
  engine.table.pop_back();
  const auto differences = compare(kernel, engine);
  REQUIRE(differences.size() == 1);
  CHECK(differences[0].text.find("only the kernel has") != std::string::npos);
}

TEST_CASE("counters are compared, search_restart is not") {
  Recording kernel, engine;
  kernel.counters = {{CTA_STATS_INVALID, 3}, {CTA_STATS_SEARCH_RESTART, 9}};
  engine.counters = {{CTA_STATS_INVALID, 3}};
  CHECK(compare(kernel, engine).empty());
  engine.counters[CTA_STATS_INVALID] = 4;
  CHECK(compare(kernel, engine).size() == 1);
  engine.counters = {};
  CHECK(compare(kernel, engine).size() == 1);
}

TEST_CASE("a message is told attribute by attribute") {
  const std::string text = message_text(event_of(tcp_flow(), 7, 60, true));
  CHECK(text.starts_with("NEW ipv4 ORIG{IP{SRC=10.0.1.2 DST=10.0.2.2} PROTO{NUM=6 SPORT=41000"));
  CHECK(text.find("TIMEOUT=60") != std::string::npos);
  CHECK(message_text(destroy_of(tcp_flow(), 7, {})).starts_with("DESTROY"));
  CHECK(message_text({}).starts_with("no netlink message"));
}

TEST_CASE("every step of every scenario can be read") {
  std::set<std::string> names;
  for (const Sequence& sequence : all_scenarios()) {
    CHECK_MESSAGE(names.insert(sequence.name).second, sequence.name);
    for (const std::string& step : sequence.steps) {
      const Result<Step> parsed = parse_step(step);
      CHECK_MESSAGE(parsed.ok(), (parsed ? "" : parsed.error().text));
    }
  }
  CHECK(names.size() > 100);
}

TEST_CASE("a seed makes the same sequence each time, and every step can be read") {
  for (uint64_t index = 0; index < 20; ++index) {
    const Sequence sequence = generate(4711, index, 300);
    CHECK(sequence.steps == generate(4711, index, 300).steps);
    CHECK(sequence.steps != generate(4712, index, 300).steps);
    CHECK(sequence.steps.size() >= 300);
    for (const std::string& step : sequence.steps) {
      const Result<Step> parsed = parse_step(step);
      CHECK_MESSAGE(parsed.ok(), step);
      CHECK_MESSAGE(parsed->packet.size() <= 1500, step);
    }
  }
}

TEST_CASE("shrinking leaves what the failure needs and nothing else") {
  Sequence sequence{"", {{"a", "1"}, {"b", "2"}, {"c", "3"}}, {}, false};
  for (int i = 0; i < 100; ++i) sequence.steps.push_back(fmt::format("> step {} spare", i));
  const auto holds = [](const Sequence& candidate, std::string_view text) {
    for (const std::string& step : candidate.steps)
      if (step.find(text) != std::string::npos) return true;
    return false;
  };
  size_t runs = 0;
  const Sequence small = shrink(sequence, [&](const Sequence& candidate) {
    ++runs;
    bool sysctl = false;
    for (const auto& [name, value] : candidate.sysctls) sysctl |= name == "b";
    return sysctl && holds(candidate, "step 17") && holds(candidate, "step 80");
  });
  CHECK(small.steps == std::vector<std::string>{"> step 17", "> step 80"});
  REQUIRE(small.sysctls.size() == 1);
  CHECK(small.sysctls[0].first == "b");
  CHECK(runs < 200);
}

TEST_CASE("shrinking gives up after as many runs as it was allowed") {
  Sequence sequence{"", {}, std::vector<std::string>(64, "> a b c"), false};
  size_t runs = 0;
  const Sequence small = shrink(
      sequence, [&](const Sequence&) { return ++runs, false; }, 10);
  CHECK(small.steps.size() == 64);
  CHECK(runs == 10);
}

}  // namespace ctwin::test
