#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "cli/labels.h"
#include "cli/print.h"
#include "ctnetlink/expect_codec.h"
#include "ctnetlink/flow_codec.h"
#include "support/messages.h"
#include "support/print.h"

using namespace ctwin;
using namespace ctwin::test;
using cli::Format;
using nlohmann::json;

namespace {

constexpr uint64_t kStart = 1795228242696398038;  // 2026-11-21T02:30:42.696398038Z

json object_of(const std::string& line) {
  REQUIRE(line.ends_with("\n"));
  REQUIRE_EQ(line.find('\n'), line.size() - 1);
  return json::parse(line);
}

json flow_object(const cli::FlowRecord& record, const cli::LabelMap* labels = nullptr) {
  return object_of(printed(record, {.format = Format::kJson, .labels = labels}));
}

json expectation_object(const Expectation& expectation, EventKind event = EventKind::kNone) {
  return object_of(printed({.expectation = expectation, .event = event, .now = kStart},
                           {.format = Format::kJson}));
}

/// What a helper of that name prints as.
std::string helper_line(std::string_view name) {
  Flow flow;
  flow.helper.assign(name);
  flow.fields.add(FlowField::kHelper);
  const std::string line = printed({.flow = flow}, {.format = Format::kJson});
  const size_t begin = line.find("\"helper\":") + 9;
  return line.substr(begin, line.find(",\"id\"") - begin);
}

}  // namespace

TEST_CASE("a flow is one object on one line, its keys in the documented order") {
  CHECK_EQ(printed({.flow = tcp_flow()}, {.format = Format::kJson}),
           "{\"family\":\"ipv4\",\"proto\":\"tcp\",\"protonum\":6,\"timeout\":431999,"
           "\"state\":\"ESTABLISHED\",\"orig\":{\"src\":\"10.0.1.2\",\"dst\":\"10.0.2.2\","
           "\"sport\":41000,\"dport\":80},\"reply\":{\"src\":\"10.0.2.2\",\"dst\":\"10.0.1.2\","
           "\"sport\":80,\"dport\":41000},\"status\":[\"SEEN_REPLY\",\"ASSURED\",\"CONFIRMED\"],"
           "\"mark\":0,\"use\":1,\"id\":2221792456}\n");
}

TEST_CASE("core keys are null where nothing is known") {
  const json object = flow_object({.flow = Flow{}});
  for (const char* key :
       {"family", "proto", "protonum", "timeout", "state", "status", "mark", "id"}) {
    REQUIRE_MESSAGE(object.contains(key), key);
    CHECK_MESSAGE(object[key].is_null(), key);
  }
  CHECK(object["orig"]["src"].is_null());
  CHECK(object["reply"]["dst"].is_null());
  CHECK_FALSE(object.contains("event"));
  CHECK_FALSE(object.contains("helper"));
}

TEST_CASE("64-bit counters are exact") {
  Flow flow = tcp_flow();
  flow.counters_orig = {UINT64_MAX, UINT64_MAX - 1}, flow.counters_reply = {1ull << 53 | 1, 0};
  flow.fields.add(FlowField::kCountersOrig), flow.fields.add(FlowField::kCountersReply);
  const json object = flow_object({.flow = flow});
  CHECK_EQ(object["orig"]["packets"].get<uint64_t>(), UINT64_MAX);
  CHECK_EQ(object["orig"]["bytes"].get<uint64_t>(), UINT64_MAX - 1);
  CHECK_EQ(object["reply"]["packets"].get<uint64_t>(), (1ull << 53 | 1));
}

TEST_CASE("every protocol tells flows apart by its own keys") {
  Flow flow;
  flow.fields.add(FlowField::kOrig);
  flow.orig = port_tuple(IPPROTO_GRE, "1.1.1.1", 8, "2.2.2.2", 9);
  CHECK_EQ(flow_object({.flow = flow})["orig"],
           json({{"src", "1.1.1.1"}, {"dst", "2.2.2.2"}, {"srckey", 8}, {"dstkey", 9}}));
  flow.orig = icmp_tuple(IPPROTO_ICMPV6, "fd00::1", "fd00::2", 128, 1, 78);
  const json icmp = flow_object({.flow = flow});
  CHECK_EQ(icmp["family"], "ipv6");
  CHECK_EQ(icmp["proto"], "icmpv6");
  CHECK_EQ(icmp["orig"],
           json({{"src", "fd00::1"}, {"dst", "fd00::2"}, {"type", 128}, {"code", 1}, {"id", 78}}));
  flow.orig = port_tuple(50, "1.1.1.1", 0, "2.2.2.2", 0);
  const json other = flow_object({.flow = flow});
  CHECK(other["proto"].is_null());
  CHECK_EQ(other["protonum"], 50);
  CHECK_EQ(other["orig"], json({{"src", "1.1.1.1"}, {"dst", "2.2.2.2"}}));
}

TEST_CASE("all status bits have names") {
  Flow flow = tcp_flow();
  flow.set_status(0xffff);
  CHECK_EQ(flow_object({.flow = flow})["status"],
           json({"EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED", "SRC_NAT", "DST_NAT",
                 "SEQ_ADJUST", "SRC_NAT_DONE", "DST_NAT_DONE", "DYING", "FIXED_TIMEOUT", "TEMPLATE",
                 "UNTRACKED", "HELPER", "OFFLOAD", "HW_OFFLOAD"}));
  flow.set_status(0);
  CHECK_EQ(flow_object({.flow = flow})["status"], json::array());
}

TEST_CASE("events say what happened and when, in UTC") {
  Flow flow = tcp_flow();
  json object = flow_object({.flow = flow, .event = EventKind::kNew, .now = kStart});
  CHECK_EQ(object["event"], "new");
  CHECK_EQ(object["time"], "2026-11-21T02:30:42.696398Z");
  flow.timestamp_event = kStart;
  flow.fields.add(FlowField::kTimestampEvent);
  object = flow_object({.flow = flow, .event = EventKind::kDestroy, .now = 1});
  CHECK_EQ(object["event"], "destroy");
  CHECK_EQ(object["time"], "2026-11-21T02:30:42.696398038Z");
  CHECK_EQ(flow_object({.flow = flow, .event = EventKind::kUpdate})["event"], "update");
  CHECK_FALSE(flow_object({.flow = flow}).contains("time"));
}

TEST_CASE("times are right on leap days and at the ends of years") {
  const auto time_at = [](uint64_t seconds) {
    return flow_object({.flow = Flow{},
                        .event = EventKind::kNew,
                        .event_time = seconds * 1'000'000'000})["time"]
        .get<std::string>();
  };
  CHECK_EQ(time_at(0), "1970-01-01T00:00:00.000000Z");
  CHECK_EQ(time_at(951782399), "2000-02-28T23:59:59.000000Z");
  CHECK_EQ(time_at(951782400), "2000-02-29T00:00:00.000000Z");
  CHECK_EQ(time_at(1798761599), "2026-12-31T23:59:59.000000Z");
  CHECK_EQ(time_at(4107542400), "2100-03-01T00:00:00.000000Z");
}

TEST_CASE("kernel time stamps have nanoseconds, and their difference is whole seconds") {
  Flow flow = tcp_flow();
  flow.timestamp_start = kStart;
  flow.fields.add(FlowField::kTimestampStart);
  json object = flow_object({.flow = flow, .now = kStart + 3'999'999'999});
  CHECK_EQ(object["start"], "2026-11-21T02:30:42.696398038Z");
  CHECK_EQ(object["delta_time"], 3);
  CHECK_FALSE(object.contains("stop"));
  flow.timestamp_stop = kStart - 1;
  flow.fields.add(FlowField::kTimestampStop);
  object = flow_object({.flow = flow});
  CHECK_EQ(object["stop"], "2026-11-21T02:30:42.696398037Z");
  CHECK_EQ(object["delta_time"], 0);
}

TEST_CASE("what only some flows have is there when it is known") {
  Flow flow = tcp_flow();
  flow.secmark = 1, flow.zone = 2;
  flow.secctx.assign("a:b"), flow.helper.assign("ftp");
  flow.orig.has_zone = true, flow.orig.zone = 4;
  flow.master = port_tuple(IPPROTO_TCP, "10.0.0.1", 1, "10.0.0.2", 21);
  flow.sctp_vtag = {5, 6}, flow.dccp_role = 1;
  for (const FlowField field :
       {FlowField::kSecmark, FlowField::kZone, FlowField::kSecctx, FlowField::kHelper,
        FlowField::kMaster, FlowField::kSctpVtags, FlowField::kDccpRole})
    flow.fields.add(field);
  const json object = flow_object({.flow = flow, .port_id = 7, .program = "conntrack"});
  CHECK_EQ(object["secmark"], 1);
  CHECK_EQ(object["zone"], 2);
  CHECK_EQ(object["secctx"], "a:b");
  CHECK_EQ(object["helper"], "ftp");
  CHECK_EQ(object["orig"]["zone"], 4);
  CHECK_EQ(object["master"]["dport"], 21);
  CHECK_EQ(object["vtag_reply"], 6);
  CHECK_EQ(object["role"], "server");
  CHECK_EQ(object["portid"], 7);
  CHECK_EQ(object["program"], "conntrack");
}

TEST_CASE("labels are names where there is a map, and always numbers") {
  const auto map = cli::LabelMap::load(std::string(CTWIN_TEST_DATA) + "/labels.conf");
  REQUIRE(map.ok());
  Flow flow = tcp_flow();
  flow.labels.set(0), flow.labels.set(64), flow.labels.set(127);
  flow.fields.add(FlowField::kLabels);
  const json with = flow_object({.flow = flow}, &*map);
  CHECK_EQ(with["labels"], json({"zero", "last"}));
  CHECK_EQ(with["label_bits"], json({0, 64, 127}));
  const json without = flow_object({.flow = flow});
  CHECK_FALSE(without.contains("labels"));
  CHECK_EQ(without["label_bits"], json({0, 64, 127}));
}

TEST_CASE("strings are escaped, and stray bytes become code points") {
  CHECK_EQ(helper_line("ftp"), "\"ftp\"");
  CHECK_EQ(helper_line("a\"b\\c"), "\"a\\\"b\\\\c\"");
  CHECK_EQ(helper_line("a\nb\x01"), "\"a\\u000ab\\u0001\"");
  CHECK_EQ(helper_line("\xc3\xa4"), "\"\xc3\xa4\"");
  CHECK_EQ(helper_line("\xff\xc3"), "\"\\u00ff\\u00c3\"");
  CHECK_EQ(helper_line("\x7f/"), "\"\x7f/\"");
}

TEST_CASE("an expectation is an object within an object") {
  Expectation expectation;
  expectation.expected = port_tuple(IPPROTO_TCP, "10.0.2.2", 0, "10.0.1.2", 50000);
  expectation.mask = port_tuple(IPPROTO_TCP, "255.255.255.255", 0, "255.255.255.255", 65535);
  json object = expectation_object(expectation);
  CHECK_EQ(object.size(), 1);
  object = object["expectation"];
  CHECK_EQ(object["family"], "ipv4");
  CHECK_EQ(object["proto"], "tcp");
  CHECK(object["timeout"].is_null());
  CHECK(object["master"].is_null());
  CHECK_EQ(object["expected"]["dport"], 50000);
  CHECK_EQ(object["mask"]["src"], "255.255.255.255");
  CHECK_FALSE(object.contains("nat"));
}

TEST_CASE("an expectation tells all that is known of it") {
  Expectation expectation;
  expectation.expected = port_tuple(IPPROTO_TCP, "10.0.2.2", 0, "10.0.1.2", 50000);
  expectation.master = port_tuple(IPPROTO_TCP, "10.0.1.2", 41500, "10.0.2.2", 21);
  expectation.nat = port_tuple(IPPROTO_TCP, "10.0.1.9", 0, "0.0.0.0", 50000);
  expectation.timeout = 299, expectation.id = 5, expectation.zone = 3, expectation.class_ = 1;
  expectation.flags = kExpectPermanent | kExpectUserspace, expectation.nat_dir = 1;
  expectation.has_master = expectation.has_timeout = expectation.has_id = expectation.has_zone =
      expectation.has_class = expectation.has_flags = expectation.has_nat = true;
  expectation.helper.assign("ftp"), expectation.function.assign("nat-follow-master");
  const json event = expectation_object(expectation, EventKind::kNew);
  CHECK_EQ(event["event"], "new");
  CHECK_EQ(event["time"], "2026-11-21T02:30:42.696398Z");
  const json object = event["expectation"];
  CHECK_EQ(object["timeout"], 299);
  CHECK_EQ(object["master"]["sport"], 41500);
  CHECK_EQ(object["class"], 1);
  CHECK_EQ(object["helper"], "ftp");
  CHECK_EQ(object["flags"], json({"PERMANENT", "USERSPACE"}));
  CHECK_EQ(object["zone"], 3);
  CHECK_EQ(object["id"], 5);
  CHECK_EQ(object["function"], "nat-follow-master");
  CHECK_EQ(object["nat"]["dir"], "reply");
  CHECK_EQ(object["nat"]["src"], "10.0.1.9");
}

TEST_CASE("every recorded message prints as valid JSON that names its addresses") {
  Flow flow;
  for (const Bytes& bytes : recorded_flows()) {
    REQUIRE(ctnetlink::decode_flow(message_of(bytes), flow));
    const json object = flow_object({.flow = flow, .event = EventKind::kNew, .now = kStart});
    CHECK(object["orig"]["src"].is_string());
    CHECK(object["id"].is_number());
  }
  for (const Bytes& bytes : recorded_expectations()) {
    Expectation expectation;
    REQUIRE(ctnetlink::decode_expectation(message_of(bytes), expectation));
    CHECK(expectation_object(expectation)["expectation"]["master"].is_object());
  }
}
