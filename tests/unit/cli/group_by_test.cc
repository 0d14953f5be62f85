// --group-by: which entries come together, their sums, their order, and the bound of memory.
#include "cli/group_by.h"

#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/address.h"
#include "cli/names.h"
#include "unit/cli/sums.h"

using namespace ctwin;
using namespace ctwin::cli;
using nlohmann::json;
using test::objects;
using test::table;

namespace {

GroupColumns columns(std::string_view keys) {
  auto parsed = parse_group_keys(keys);
  REQUIRE_MESSAGE(std::holds_alternative<GroupColumns>(parsed), keys);
  return std::get<GroupColumns>(parsed);
}

std::string complaint(std::string_view keys) {
  auto parsed = parse_group_keys(keys);
  REQUIRE_MESSAGE(std::holds_alternative<Problem>(parsed), keys);
  return std::get<Problem>(parsed).text;
}

Flow flow_of(const std::string& src, const std::string& dst, uint16_t dport) {
  Flow flow;
  flow.orig.src = flow.reply.dst = parse_address(src);
  flow.orig.dst = flow.reply.src = parse_address(dst);
  flow.orig.proto = flow.reply.proto = IPPROTO_TCP;
  flow.orig.has_proto = flow.orig.has_ports = true;
  flow.orig.dport = flow.reply.sport = dport;
  flow.set_status(kConfirmed);
  return flow;
}

}  // namespace

TEST_CASE("groups are what their entries add up to") {
  std::mt19937 random(7);
  std::map<std::pair<int, int>, GroupSums> expected;
  Groups groups(columns("src/24,dport"));
  for (int i = 0; i < 5000; ++i) {
    const int network = static_cast<int>(random() % 5), port = static_cast<int>(random() % 4);
    Flow flow = flow_of("10.0." + std::to_string(network) + "." + std::to_string(random() % 250),
                        "192.0.2.1", static_cast<uint16_t>(port));
    flow.set_status(static_cast<uint32_t>(random() % 16));
    flow.counters_orig = {random() % 9, random() % 999};
    flow.fields.add(FlowField::kCountersOrig);
    GroupSums& sums = expected[{network, port}];
    ++sums.flows;
    sums.packets += flow.counters_orig.packets;
    sums.bytes += flow.counters_orig.bytes;
    sums.assured += (flow.status & kAssured) != 0;
    sums.unreplied += (flow.status & kSeenReply) == 0;
    sums.droppable += (flow.status & kAssured) == 0;
    groups.add(flow);
  }
  const std::vector<json> printed = objects(groups);
  REQUIRE_EQ(printed.size(), expected.size());
  uint64_t last = UINT64_MAX;
  for (const json& object : printed) {
    const std::string src = object["group"]["src"];
    const GroupSums& sums = expected.at({src[5] - '0', object["group"]["dport"].get<int>()});
    CHECK_EQ(src.substr(6), ".0/24");
    CHECK_EQ(object["flows"], sums.flows);
    CHECK_EQ(object["packets"], sums.packets);
    CHECK_EQ(object["bytes"], sums.bytes);
    CHECK_EQ(object["assured"], sums.assured);
    CHECK_EQ(object["unreplied"], sums.unreplied);
    CHECK_EQ(object["droppable"], sums.droppable);
    CHECK(object["flows"] <= last);
    last = object["flows"];
  }
  CHECK_EQ(groups.flows(), 5000);
  CHECK_EQ(objects(groups, 3).size(), 3);
  CHECK_EQ(objects(groups, 3)[0], printed[0]);
}

TEST_CASE("droppable is what is not assured, and of TCP, SCTP and DCCP what is being closed") {
  struct Protocol {
    FlowField field;
    uint8_t Flow::*state;
    uint8_t states;
    std::set<std::string_view> closing;
    std::string_view (*name)(uint8_t);
  };
  const Protocol protocols[] = {{FlowField::kTcpState,
                                 &Flow::tcp_state,
                                 10,
                                 {"FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE"},
                                 tcp_state_name},
                                {FlowField::kSctpState,
                                 &Flow::sctp_state,
                                 10,
                                 {"SHUTDOWN_SENT", "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT"},
                                 sctp_state_name},
                                {FlowField::kDccpState,
                                 &Flow::dccp_state,
                                 10,
                                 {"CLOSEREQ", "CLOSING", "TIMEWAIT"},
                                 dccp_state_name}};
  const auto droppable = [](const Flow& flow) {
    GroupSums sums;
    sums.add(flow);
    return sums.droppable == 1;
  };
  for (const Protocol& protocol : protocols) {
    size_t closing = 0;
    for (uint8_t state = 0; state < protocol.states; ++state) {
      CAPTURE(protocol.name(state));
      Flow flow = flow_of("10.0.0.1", "10.0.0.2", 1);
      flow.fields.add(protocol.field);
      flow.*protocol.state = state;
      flow.set_status(kConfirmed | kSeenReply);
      CHECK(droppable(flow));
      flow.set_status(kConfirmed | kSeenReply | kAssured);
      CHECK_EQ(droppable(flow), protocol.closing.contains(protocol.name(state)));
      closing += droppable(flow);
      for (const uint32_t spared : {kOffload, kHwOffload, kDying}) {
        flow.set_status(kConfirmed | spared);
        CHECK_FALSE(droppable(flow));
      }
    }
    CHECK_EQ(closing, protocol.closing.size());
  }
}

TEST_CASE("keys of every kind have their words") {
  Flow flow = flow_of("fd00:1:2:3::9", "fd00::1", 443);
  flow.tcp_state = 7;
  flow.fields.add(FlowField::kTcpState);
  flow.set_mark(9);
  flow.set_status(kConfirmed | kSeenReply | kSrcNatDone);
  flow.reply.dst = parse_address("fd00::7");
  Groups groups(columns("src/24,dst/24/16,reply-dst,proto,family,state,zone,mark,nat,status"));
  groups.add(flow);
  const json expected = {{"src", "fd00:1:2:3::/64"},
                         {"dst", "fd00::/16"},
                         {"reply_dst", "fd00::7"},
                         {"proto", "tcp"},
                         {"family", "ipv6"},
                         {"state", "TIME_WAIT"},
                         {"zone", 0},
                         {"mark", 9},
                         {"nat", "snat"},
                         {"status", "REPLIED"}};
  CHECK_EQ(objects(groups)[0]["group"], expected);
}

TEST_CASE("what an entry does not have is null, and - in a table") {
  Flow flow = flow_of("10.0.0.1", "10.0.0.2", 0);
  flow.orig.proto = 50;
  Groups groups(columns("sport,state,proto"));
  groups.add(flow);
  const json expected = {{"sport", nullptr}, {"state", nullptr}, {"proto", 50}};
  CHECK_EQ(objects(groups)[0]["group"], expected);
  CHECK(table(groups).find("-      -      50") != std::string::npos);
}

TEST_CASE("a table is aligned, and says so where nothing was counted") {
  Groups groups(columns("src,dport"));
  groups.add(flow_of("10.0.0.1", "10.0.0.2", 443));
  groups.add(flow_of("10.0.0.1", "10.0.0.2", 443));
  groups.add(flow_of("10.0.0.100", "10.0.0.2", 53));
  CHECK_EQ(table(groups),
           "src         dport  flows  share  packets  bytes  assured  unreplied  droppable\n"
           "10.0.0.1    443        2  66.7%        -      -     0.0%     100.0%          2\n"
           "10.0.0.100  53         1  33.3%        -      -     0.0%     100.0%          1\n");
}

TEST_CASE("groups past the bound are summed up as the rest") {
  Groups groups(columns("dport"), 10);
  for (uint16_t port = 0; port < 25; ++port)
    for (int i = 0; i < 2; ++i) groups.add(flow_of("10.0.0.1", "10.0.0.2", port));
  CHECK_EQ(groups.size(), 10);
  CHECK_EQ(groups.rest(), 30);
  const std::vector<json> printed = objects(groups);
  REQUIRE_EQ(printed.size(), 11);
  CHECK(printed.back()["group"].is_null());
  CHECK_EQ(printed.back()["flows"], 30);
}

TEST_CASE("keys that make no sense are refused") {
  CHECK(complaint("").find("is not one of src") != std::string::npos);
  CHECK(complaint("src,").find("`' is not one of") != std::string::npos);
  CHECK(complaint("dport/8").find("`dport/8'") != std::string::npos);
  CHECK(complaint("src/33").find("src/24/64") != std::string::npos);
  CHECK(complaint("src/8/129").find("src/24/64") != std::string::npos);
  CHECK(complaint("src/").find("src/24/64") != std::string::npos);
  CHECK(complaint("src/8/8/8").find("src/24/64") != std::string::npos);
}
