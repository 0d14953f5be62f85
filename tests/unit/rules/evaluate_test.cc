// A packet through the chains of a table: which rules are asked, what they count, where it ends.
// The TRACE lines are those that a kernel printed for the same rules.
#include <doctest/doctest.h>

#include "unit/rules/gate.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

constexpr TableId kFilter = TableId::kFilter;
constexpr TableId kMangle = TableId::kMangle;

using Lines = std::vector<std::string>;

Rule on_tcp(Target target) { return rule(of_proto(6), std::move(target)); }
Rule with_comment(Target target) { return rule(CommentMatch{"x"}, std::move(target)); }

BuiltPacket udp() { return udp_packet({}, {.payload = data(1)}); }

}  // namespace

TEST_CASE("a table that has no chain at a hook accepts, and so does one that nobody named") {
  Gate gate;
  gate.chain(kFilter, Hook::kInput).accepts = false;
  CHECK_EQ(gate.run(kFilter, Hook::kForward, udp()), Verdict::kAccept);
  CHECK_EQ(gate.run(kMangle, Hook::kInput, udp()), Verdict::kAccept);
  CHECK_EQ(gate.run(kFilter, Hook::kInput, udp()), Verdict::kDrop);
  CHECK(gate.firewall().has(kFilter));
  CHECK_FALSE(gate.firewall().has(kMangle));
}

TEST_CASE("the first rule that gives a verdict is the last one asked") {
  Gate gate;
  gate.add(kFilter, Hook::kForward, on_tcp(drop()));
  gate.add(kFilter, Hook::kForward, rule(accept()));
  gate.add(kFilter, Hook::kForward, rule(drop()));
  gate.chain(kFilter, Hook::kForward).accepts = false;
  CHECK_EQ(gate.forward(udp()), Verdict::kAccept);
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 0), "0:0");
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 1), "1:29");
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 2), "0:0");
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 9), "0:0");
}

TEST_CASE("a rule without target counts, and the next one is asked") {
  Gate gate;
  gate.add(kFilter, Hook::kForward, rule(NoTarget{}));
  gate.chain(kFilter, Hook::kForward).accepts = false;
  CHECK_EQ(gate.forward(udp()), Verdict::kDrop);
  CHECK_EQ(gate.forward(tcp_packet({}, {})), Verdict::kDrop);
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 0), "2:69");
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 1), "2:69");
}

TEST_CASE("counters go on from what the rules were loaded with") {
  Gate gate;
  Rule counted = rule(accept());
  counted.counters = {10, 1000};
  gate.add(kFilter, Hook::kForward, counted);
  gate.forward(udp());
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 0), "11:1029");
}

TEST_CASE("bytes of IPv6 packets include their header") {
  Gate gate(AF_INET6);
  gate.add(kFilter, Hook::kForward, rule(accept()));
  gate.forward(udp_packet({.src = "fd01::1", .dst = "fd02::2"}, {.payload = data(1)}));
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 0), "1:49");
}

TEST_CASE("bytes are those on the wire, whatever the capture kept") {
  Gate gate;
  gate.captured = 28;
  gate.add(kFilter, Hook::kForward, rule(accept()));
  gate.forward(udp_packet({}, {.payload = data(1000)}));
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 0), "1:1028");
}

TEST_CASE("a chain that was jumped to returns behind the jump") {
  Gate gate;
  gate.chain(kFilter, Hook::kForward);
  const uint32_t inner = gate.add_chain(kFilter, "inner", {rule(NoTarget{})});
  const uint32_t outer =
      gate.add_chain(kFilter, "outer", {rule(jump(inner)), rule(back()), rule(drop())});
  gate.add(kFilter, Hook::kForward, rule(jump(outer)));
  gate.add(kFilter, Hook::kForward, rule(accept()));
  CHECK_EQ(gate.forward(udp()), Verdict::kAccept);
  CHECK_EQ(gate.seen, Lines{"filter:FORWARD:1:rule", "filter:outer:1:rule", "filter:inner:1:rule",
                            "filter:inner:2:end", "filter:outer:2:rule", "filter:FORWARD:2:rule"});
}

TEST_CASE("a chain that was gone to returns to whoever jumped last") {
  Gate gate;
  gate.chain(kFilter, Hook::kForward);
  const uint32_t last = gate.add_chain(kFilter, "last", {});
  const uint32_t first = gate.add_chain(kFilter, "first", {rule(go_to(last)), rule(drop())});
  gate.add(kFilter, Hook::kForward, rule(jump(first)));
  gate.add(kFilter, Hook::kForward, rule(go_to(last)));
  gate.add(kFilter, Hook::kForward, rule(drop()));
  CHECK_EQ(gate.forward(udp()), Verdict::kAccept);
  CHECK_EQ(gate.seen, Lines{"filter:FORWARD:1:rule", "filter:first:1:rule", "filter:last:1:end",
                            "filter:FORWARD:2:rule", "filter:last:1:end", "filter:FORWARD:4:end"});
}

TEST_CASE("a jump from the last rule comes back to the policy") {
  Gate gate;
  gate.chain(kFilter, Hook::kForward).accepts = false;
  const uint32_t empty = gate.add_chain(kFilter, "empty", {});
  gate.add(kFilter, Hook::kForward, rule(jump(empty)));
  CHECK_EQ(gate.forward(udp()), Verdict::kDrop);
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 1), "1:29");
}

TEST_CASE("RETURN in a built-in chain is its policy, which counts") {
  Gate gate;
  gate.chain(kFilter, Hook::kForward).accepts = false;
  gate.add(kFilter, Hook::kForward, rule(back()));
  gate.add(kFilter, Hook::kForward, rule(accept()));
  CHECK_EQ(gate.forward(udp()), Verdict::kDrop);
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 1), "0:0");
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 2), "1:29");
}

TEST_CASE("chains may be nested as deep as there are chains") {
  constexpr uint32_t kDepth = 300;
  Gate gate;
  gate.chain(kFilter, Hook::kForward).accepts = false;
  uint32_t next = gate.add_chain(kFilter, "deepest", {rule(NoTarget{})});
  for (uint32_t i = 1; i < kDepth; ++i)
    next = gate.add_chain(kFilter, "deeper", {rule(jump(next))});
  gate.add(kFilter, Hook::kForward, rule(jump(next)));
  gate.add(kFilter, Hook::kForward, rule(accept()));
  CHECK_EQ(gate.forward(udp()), Verdict::kAccept);
  CHECK_EQ(gate.seen.size(), 2 * kDepth + 2);
}

TEST_CASE("a packet too short for what a rule must look at is dropped, and no policy asked") {
  Gate gate;
  gate.add(kFilter, Hook::kForward, rule(NoTarget{}));
  gate.add(kFilter, Hook::kForward, rule(of_proto(6), {TcpMatch{}}, NoTarget{}));
  gate.add(kFilter, Hook::kForward, rule(accept()));
  CHECK_EQ(gate.forward(ip_packet({}, 6, data(19))), Verdict::kDrop);
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 0), "1:39");
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 2), "0:0");
  CHECK_EQ(gate.counted(kFilter, Hook::kForward, 3), "0:0");
  CHECK_EQ(gate.forward(ip_packet({}, 6, data(20))), Verdict::kAccept);
}

TEST_CASE("a packet that the capture cut just does not match") {
  Gate gate;
  gate.add(kFilter, Hook::kForward, rule(of_proto(6), {TcpMatch{}}, drop()));
  gate.captured = 39;
  CHECK_EQ(gate.forward(tcp_packet({}, {})), Verdict::kAccept);
  gate.captured = 40;
  CHECK_EQ(gate.forward(tcp_packet({}, {})), Verdict::kDrop);
}

TEST_CASE("a packet cut within its IP header meets only rules that ask nothing of it") {
  Gate gate;
  gate.captured = 19;
  gate.add(kFilter, Hook::kForward, rule(from(network("10.0.0.1")), drop()));
  gate.add(kFilter, Hook::kForward, rule(from(network("10.0.0.1", 32, true)), drop()));
  gate.add(kFilter, Hook::kForward, rule(LengthMatch{{0, 65535}}, drop()));
  gate.add(kFilter, Hook::kForward, rule(in_by(device("eth0")), accept()));
  gate.chain(kFilter, Hook::kForward).accepts = false;
  CHECK_EQ(gate.forward(udp()), Verdict::kAccept);
}

TEST_CASE("REJECT drops, and says once with what to answer") {
  Gate gate;
  gate.add(kFilter, Hook::kForward, rule(RejectTarget{RejectTarget::With::kAdminProhibited}));
  CHECK_EQ(gate.forward(udp()), Verdict::kDrop);
  CHECK_EQ(gate.firewall().take_rejection(), RejectTarget::With::kAdminProhibited);
  CHECK_EQ(gate.firewall().take_rejection(), std::nullopt);
}

TEST_CASE("the rules say what their matches need of conntrack") {
  Gate plain;
  plain.add(kFilter, Hook::kForward, rule(accept()));
  CHECK_FALSE(plain.firewall().uses_labels());
  CHECK_FALSE(plain.firewall().uses_counters());
  Gate demanding;
  demanding.add(kFilter, Hook::kForward,
                rule({}, {ConnlabelMatch{}, ConnbytesMatch{}}, NoTarget{}));
  CHECK(demanding.firewall().uses_labels());
  CHECK(demanding.firewall().uses_counters());
}

// ---- TRACE ----

TEST_CASE("TRACE marks the packet, and each rule that it meets from then on is a line") {
  Gate gate;
  gate.add(TableId::kRaw, Hook::kPrerouting, rule(from(network("10.0.0.1")), TraceTarget{}));
  gate.add(TableId::kRaw, Hook::kPrerouting, rule(of_proto(17), NoTarget{}));
  gate.add(TableId::kRaw, Hook::kPrerouting, rule(NoTarget{}));
  CHECK_EQ(gate.run(TableId::kRaw, Hook::kPrerouting, udp()), Verdict::kAccept);
  CHECK(gate.skb.traced);
  CHECK_EQ(gate.lines, Lines{"TRACE TRACE: raw:PREROUTING:rule:2 eth0>",
                             "TRACE TRACE: raw:PREROUTING:rule:3 eth0>",
                             "TRACE TRACE: raw:PREROUTING:policy:4 eth0>"});
}

TEST_CASE("TRACE lines number rules, returns and policies as the kernel does") {
  Gate gate;
  gate.traced = true;
  Chain& start = gate.chain(kMangle, Hook::kForward);
  const uint32_t a = 1, b = 2, c = 3, d = 4;
  start.rules = {rule(NoTarget{}), rule(jump(a)), rule(go_to(c)), rule(accept())};
  const Rule if_udp = rule(of_proto(17), jump(b));
  const Rule back_if_udp = rule(of_proto(17), back());
  REQUIRE_EQ(gate.add_chain(kMangle, "a", {if_udp, rule(MarkTarget{0, 1}), back_if_udp}), a);
  REQUIRE_EQ(gate.add_chain(kMangle, "b", {rule(back())}), b);
  REQUIRE_EQ(gate.add_chain(kMangle, "c", {rule(jump(d)), with_comment(back())}), c);
  REQUIRE_EQ(gate.add_chain(kMangle, "d", {on_tcp(NoTarget{})}), d);
  gate.run(kMangle, Hook::kForward, udp());
  Lines expected;
  for (const char* place :
       {"FORWARD:rule:1", "FORWARD:rule:2", "a:rule:1", "b:return:1", "a:rule:2", "a:rule:3",
        "FORWARD:rule:3", "c:rule:1", "d:return:2", "c:rule:2", "FORWARD:policy:5"})
    expected.push_back(fmt::format("TRACE TRACE: mangle:{} eth0>eth1", place));
  CHECK_EQ(gate.lines, expected);
}

TEST_CASE("TRACE takes a rule that only gives a verdict for the end of its chain") {
  Gate gate;
  gate.traced = true;
  gate.add(kFilter, Hook::kForward, rule(in_by(device("eth0")), NoTarget{}));
  gate.add(kFilter, Hook::kForward, rule(from(network("0.0.0.0", 0)), drop()));
  gate.forward(udp());
  CHECK_EQ(gate.lines, Lines{"TRACE TRACE: filter:FORWARD:rule:1 eth0>eth1",
                             "TRACE TRACE: filter:FORWARD:policy:2 eth0>eth1"});
}

TEST_CASE("a forwarded packet has its input device still when it leaves") {
  Gate gate;
  gate.traced = true;
  gate.add(kMangle, Hook::kPostrouting, with_comment(back()));
  gate.run(kMangle, Hook::kPostrouting, udp());
  gate.forwarded = false;
  gate.run(kMangle, Hook::kPostrouting, udp());
  CHECK_EQ(gate.lines, Lines{"TRACE TRACE: mangle:POSTROUTING:rule:1 eth0>eth1",
                             "TRACE TRACE: mangle:POSTROUTING:policy:2 eth0>eth1",
                             "TRACE TRACE: mangle:POSTROUTING:rule:1 >eth1",
                             "TRACE TRACE: mangle:POSTROUTING:policy:2 >eth1"});
}

TEST_CASE("a packet that was not marked is not traced, and the watcher sees it all the same") {
  Gate gate;
  gate.add(kFilter, Hook::kForward, on_tcp(drop()));
  gate.forward(udp());
  CHECK(gate.lines.empty());
  CHECK_EQ(gate.seen, Lines{"filter:FORWARD:2:end"});
}
