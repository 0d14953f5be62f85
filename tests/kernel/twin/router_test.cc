// The parts of the comparison that only routers need: answers, draws, logs, exact outputs.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "answers.h"
#include "ctnetlink/uapi.h"
#include "draws.h"
#include "generator.h"
#include "nflog.h"
#include "outputs.h"
#include "packet_ends.h"
#include "packet_row.h"
#include "setup/setup_file.h"
#include "shrink.h"
#include "support/messages.h"

namespace ctwin::test {
namespace {

/// A record of a step of which this came out at the other side.
Record passed(const std::string& step, const std::string& output) {
  Record record;
  record.side = step[0] == '>' ? Side::kLeft : Side::kRight;
  record.packet = packet_of(step.substr(2));
  if (!output.empty()) record.outputs = {packet_of(output)};
  return record;
}

setup::Setup setup_of(const std::string& text) {
  setup::Setup setup;
  const Status status = setup::read_setup_text("test", text, setup);
  REQUIRE_MESSAGE(status.ok(), status.error().text);
  return setup;
}

/// What the kernel tells of a new flow whose source port became `port`.
Record began_at(uint16_t port, uint32_t status = kSrcNat | kConfirmed) {
  Flow flow = tcp_flow();
  flow.reply.dport = port;
  flow.set_status(status);
  Record record;
  record.events = {flow_message(flow, IPCTNL_MSG_CT_NEW)};
  constexpr uint16_t kNewFlags = NLM_F_CREATE | NLM_F_EXCL;
  std::memcpy(record.events[0].data() + offsetof(nlmsghdr, nlmsg_flags), &kNewFlags,
              sizeof kNewFlags);
  return record;
}

/// With another IP id, and a header checksum that is right.
Packet with_ip_id(Packet packet, uint32_t id) {
  set16(packet, 4, id);
  set16(packet, 10, 0);
  set16(packet, 10, internet_checksum(PacketView(packet).first(20)));
  return packet;
}

LoggedPacket logged(const std::string& row) { return {"p: ", "tl", "tr", 0, packet_of(row)}; }

}  // namespace

TEST_CASE("who answers answers to whom it saw") {
  Answers answers;
  answers.learn("> udp l2:1000 r2:53", passed("> udp l2:1000 r2:53", "udp 10.2.0.1:4711 r9:5353"));
  CHECK(answers.as_seen("<~ udp r2:53 l2:1000 len=9") == "< udp 10.2.0.9:5353 10.2.0.1:4711 len=9");
  CHECK(answers.as_seen("< udp r2:53 l2:1000 len=9") == "< udp r2:53 l2:1000 len=9");
  CHECK(answers.as_seen("<~ udp r2:53 l2:1001") == "< udp r2:53 l2:1001");
  CHECK(answers.as_seen("<~ tcp r2:53 l2:1000 SA") == "< tcp r2:53 l2:1000 SA");
  CHECK(answers.as_seen(">~ udp r2:53 l2:1000") == "> udp r2:53 l2:1000");
  CHECK(answers.as_seen("wait 100") == "wait 100");
}

TEST_CASE("an answer to a ping has the id that the ping left with") {
  Answers answers;
  answers.learn(">~ icmp6 L2 R2 type=128 id=5",
                passed("> icmp6 L2 R2 type=128 id=5", "icmp6 [fd02::9] R2 type=128 id=77"));
  CHECK(answers.as_seen("<~ icmp6 R2 L2 type=129 id=5 seq=1") ==
        "< icmp6 [fd02::2] [fd02::9] type=129 id=77 seq=1");
}

TEST_CASE("an error quotes the packet that was seen, and goes to who seemed to send it") {
  Answers answers;
  answers.learn("> udp l2:1000 r2:53", passed("> udp l2:1000 r2:53", "udp 10.2.0.1:4711 r2:53"));
  CHECK(answers.as_seen("<~ icmp r9 l2 type=3 of(udp l2:1000 r2:53 len=4) quote=40") ==
        "< icmp r9 10.2.0.1 type=3 of(udp 10.2.0.1:4711 10.2.0.2:53 len=4) quote=40");
  CHECK(answers.as_seen("<~ icmp r2 l7 type=3 of(udp l2:1000 r2:53)") ==
        "< icmp 10.2.0.2 l7 type=3 of(udp 10.2.0.1:4711 10.2.0.2:53)");
}

TEST_CASE("nothing is learned from what did not leave or was another packet") {
  Answers answers;
  answers.learn("> udp l2:1 r2:2", passed("> udp l2:1 r2:2", ""));
  answers.learn("> udp l2:1 r2:2",
                passed("> udp l2:1 r2:2", "icmp r1 r2 type=11 of(udp l2:1 r2:2)"));
  CHECK(answers.as_seen("<~ udp r2:2 l2:1") == "< udp r2:2 l2:1");
}

TEST_CASE("the ends of a packet are found behind extension headers, not in later fragments") {
  const auto six = read_packet_ends(packet_of("tcp L2:1000 R2:80 S ext=hop,dst,ah"));
  REQUIRE(six);
  CHECK(six->proto == 6);
  CHECK(six->sport == 1000);
  CHECK(six->dport == 80);
  CHECK_FALSE(read_packet_ends(packet_of("udp l2:1 r2:2 len=100 frag=56,52"))->has_ports);
  CHECK_FALSE(read_packet_ends(packet_of("udp L2:1 R2:2 len=100 frag=56,52"))->has_ports);
  CHECK(read_packet_ends(packet_of("icmp l2 r2 type=3 of(udp r2:2 l2:1)"))->error);
  CHECK(read_packet_ends(packet_of("icmp l2 r2 type=13 id=9"))->sport == 9);
  CHECK_FALSE(read_packet_ends(Packet(19, 0x45)));
}

TEST_CASE("the engine draws what the kernel drew, in the range that holds") {
  const Draws classes(setup_of("").v4, setup_of("").v6);
  Random random(1);
  CHECK(classes.steer(began_at(5000), random));
  CHECK(1024 + random.below(65536) % 64512 == 5000);

  const setup::Setup setup = setup_of(
      "iptables -t nat -A POSTROUTING -p tcp -j SNAT --to-source 10.2.0.9:3000-3999 --random\n");
  const Draws ranges(setup.v4, setup.v6);
  CHECK(ranges.steer(began_at(3503), random));
  CHECK(3000 + random.below(65536) % 1000 == 3503);
  CHECK(ranges.steer(began_at(5000), random));
  CHECK(1024 + random.below(65536) % 64512 == 5000);
}

TEST_CASE("where nothing was drawn nothing is steered, to no earlier packet's port either") {
  const Draws draws(setup_of("").v4, setup_of("").v6);
  Random random(1);
  CHECK_FALSE(draws.steer(began_at(5000, kConfirmed), random));
  CHECK(draws.steer(began_at(5000), random));
  CHECK_FALSE(draws.steer(Record{}, random));
  CHECK(1024 + random.below(65536) % 64512 != 5000);
  CHECK_FALSE(draws.steer(began_at(tcp_flow().orig.sport), random));
}

TEST_CASE("a flow that begins without an event tells its port by its packet") {
  const setup::Setup setup = setup_of("iptables -t raw -A PREROUTING -j CT --ctevents destroy\n");
  const Draws silent(setup.v4, setup.v6), heard(setup_of("").v4, setup_of("").v6);
  const Record record = passed("> udp l2:100 r2:53", "udp 10.2.0.1:317 r2:53");
  Random random(1);
  CHECK_FALSE(heard.steer(record, random));
  CHECK(silent.steer(record, random));
  CHECK(1 + random.below(65536) % 511 == 317);
}

TEST_CASE("logs differ by prefix, device, mark and bytes") {
  const LoggedPacket one = logged("udp l2:1 r2:2");
  CHECK(log_text(one) == log_text(logged("udp l2:1 r2:2")));
  CHECK(log_text(one) != log_text(logged("udp l2:1 r2:3")));
  LoggedPacket other = one;
  other.in.clear();
  CHECK(log_text(one) != log_text(other));
  other = one, other.mark = 1;
  CHECK(log_text(one) != log_text(other));
  other = one, other.prefix = "q: ";
  CHECK(log_text(one) != log_text(other));
}

TEST_CASE("of a logged ICMP error the id is not compared, its header checksum is") {
  LoggedPacket error = logged("icmp r1 r2 type=3 code=1 of(udp r2:1 l2:2)");
  const std::string text = log_text(error);
  error.bytes = with_ip_id(error.bytes, 77);
  CHECK(log_text(error) == text);
  error.bytes[11] ^= 1;
  CHECK(log_text(error) != text);
  CHECK(log_text(logged("udp l2:1 r2:2")) != log_text(logged("udp l2:1 r2:2 id=77")));
}

TEST_CASE("only a line that NFLOG may cut may be shorter than the engine's") {
  const std::string whole = log_text(logged("udp l2:1 r2:2 len=50"));
  const std::string cut = whole.substr(0, whole.size() - 40);
  CHECK(same_log(whole, whole));
  CHECK_FALSE(same_log(cut, whole));
  CHECK(same_log(cut, whole + kMayBeCut));
  CHECK_FALSE(same_log(whole, cut + kMayBeCut));
  CHECK_FALSE(same_log(log_text(logged("udp l2:9 r2:2")), whole + kMayBeCut));
}

TEST_CASE("what a router sends is compared with TTL, checksum and padding") {
  const Packet sent = packet_of("udp l2:1 r2:2 ttl=63");
  const auto exact = [&](const std::string& row) {
    return comparable_outputs(sent, {packet_of(row)}, Exactness::kBytes);
  };
  CHECK(exact("udp l2:1 r2:2 ttl=63") == exact("udp l2:1 r2:2 ttl=63"));
  CHECK(exact("udp l2:1 r2:2 ttl=63") != exact("udp l2:1 r2:2 ttl=64"));
  CHECK(exact("udp l2:1 r2:2 ttl=63") != exact("udp l2:1 r2:2 ttl=63 poke=10:1"));
  CHECK(exact("udp l2:1 r2:2 ttl=63") != exact("udp l2:1 r2:2 ttl=63 id=2"));
  CHECK(exact("udp l2:1 r2:2 ttl=63") != exact("udp l2:1 r2:2 ttl=63 pad=1"));
}

TEST_CASE("the id of an error that the router makes is its own, one that it forwards is not") {
  const Packet query = packet_of("udp l2:1 r2:2");
  const Packet error = packet_of("icmp r2 l2 type=3 of(udp l2:1 r2:2)");
  const auto output = [](const Packet& input, const Packet& sent) {
    return comparable_outputs(input, {sent}, Exactness::kBytes);
  };
  const Packet seven = with_ip_id(error, 7);
  Packet wrong = with_ip_id(error, 8);
  CHECK(output(query, seven) == output(query, wrong));
  CHECK(output(error, seven) != output(error, wrong));
  wrong[11] ^= 1;
  CHECK(output(query, seven) != output(query, wrong));
}

TEST_CASE("fragments of a router are one packet, unless a header's checksum is wrong") {
  const Packet whole = packet_of("udp l2:1 r2:2 len=100");
  const auto pieces = [&](const char* second) {
    const std::string base = "udp l2:1 r2:2 len=100 ";
    return comparable_outputs(whole, {packet_of(base + "frag=0,56"), packet_of(base + second)},
                              Exactness::kBytes);
  };
  CHECK(pieces("frag=56,52").size() == 1);
  CHECK(pieces("frag=56,52 poke=10:1").size() == 2);
  CHECK(pieces("frag=64,44").size() == 2);
}

TEST_CASE("rules, what went back and logs are compared") {
  Recording kernel;
  kernel.routes = true;
  kernel.rules = "*filter\n[1:40] -A FORWARD\nCOMMIT\n";
  kernel.records.push_back(passed("> udp l2:1 r2:2", ""));
  kernel.records[0].returned = {packet_of("icmp r1 l2 type=3 of(udp l2:1 r2:2)")};
  kernel.records[0].logs = {"a"};
  Recording engine = kernel;
  CHECK(compare(kernel, engine).empty());
  engine.rules = "*filter\n[2:80] -A FORWARD\nCOMMIT\n";
  REQUIRE(compare(kernel, engine).size() == 1);
  CHECK(compare(kernel, engine)[0].text.find("[2:80]") != std::string::npos);
  engine = kernel;
  engine.records[0].returned.clear();
  CHECK(compare(kernel, engine).size() == 1);
  engine = kernel;
  engine.records[0].logs = {"b"};
  CHECK(compare(kernel, engine).size() == 1);
}

TEST_CASE("how often a port was found in use counts, unless one was drawn") {
  Recording kernel, engine;
  kernel.counters = {{CTA_STATS_FOUND, 3}};
  engine.counters = {{CTA_STATS_FOUND, 4}};
  CHECK(compare(kernel, engine).size() == 1);
  engine.draws = true;
  CHECK(compare(kernel, engine).empty());
}

TEST_CASE("a seed makes the same router each time") {
  for (uint64_t index = 0; index < 20; ++index) {
    const Sequence sequence = generate_routed(4711, index, 200);
    CHECK(sequence.steps == generate_routed(4711, index, 200).steps);
    CHECK(sequence.setup == generate_routed(4711, index, 200).setup);
    CHECK(sequence.setup != generate_routed(4712, index, 200).setup);
    CHECK(sequence.steps.size() >= 200);
    Answers nobody;
    for (const std::string& step : sequence.steps)
      CHECK_MESSAGE(parse_step(nobody.as_seen(step)).ok(), step);
  }
}

TEST_CASE("shrinking leaves the rules that the failure needs, and a router a router") {
  Sequence sequence{"", {}, {"> udp l2:1 r2:2"}, false, {}};
  for (int i = 0; i < 30; ++i) sequence.setup.push_back(fmt::format("rule {}", i));
  const auto needs = [](const char* line) {
    return [line](const Sequence& candidate) {
      return std::ranges::find(candidate.setup, line) != candidate.setup.end();
    };
  };
  CHECK(shrink(sequence, needs("rule 17")).setup == SetupLines{"rule 17"});
  CHECK(shrink(sequence, [](const Sequence&) { return true; }).setup.size() == 1);
}

}  // namespace ctwin::test
