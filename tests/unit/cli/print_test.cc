// Plain lines. That they are conntrack's is what oracle_test.cc shows; here stands what the oracle
// cannot know or recordings do not hold.
#include "cli/print.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "cli/labels.h"
#include "cli/print_formats.h"
#include "support/messages.h"
#include "support/print.h"

using namespace ctwin;
using namespace ctwin::test;
using cli::PrintOptions;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kStart = 1795228242696398038;  // Sat Nov 21 02:30:42 2026 UTC

struct Utc {
  Utc() {
    setenv("TZ", "UTC0", 1);
    tzset();
  }
};

Flow bare_flow(const Tuple& orig) {
  Flow flow;
  flow.orig = orig;
  flow.reply = mirrored(orig);
  flow.fields.add(FlowField::kOrig);
  flow.fields.add(FlowField::kReply);
  return flow;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a TCP flow prints conntrack's line") {
  CHECK_EQ(printed({.flow = tcp_flow()}),
           "tcp      6 431999 ESTABLISHED src=10.0.1.2 dst=10.0.2.2 sport=41000 dport=80 "
           "src=10.0.2.2 dst=10.0.1.2 sport=80 dport=41000 [ASSURED] mark=0 use=1\n");
}

TEST_CASE("extended and id add their columns") {
  CHECK_EQ(
      printed({.flow = tcp_flow()}, {.extended = true, .id = true}),
      "ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.1.2 dst=10.0.2.2 sport=41000 dport=80 "
      "src=10.0.2.2 dst=10.0.1.2 sport=80 dport=41000 [ASSURED] mark=0 use=1 id=2221792456\n");
}

TEST_CASE("every protocol has its column and its way to tell flows apart") {
  const auto line = [](uint8_t proto) {
    return printed({.flow = bare_flow(port_tuple(proto, "1.1.1.1", 500, "2.2.2.2", 600))});
  };
  CHECK_EQ(line(IPPROTO_UDP),
           "udp      17 src=1.1.1.1 dst=2.2.2.2 sport=500 dport=600 src=2.2.2.2 dst=1.1.1.1 "
           "sport=600 dport=500\n");
  CHECK(line(IPPROTO_UDPLITE).starts_with("udplite  136 src=1.1.1.1 dst=2.2.2.2 sport=500 "));
  CHECK(line(IPPROTO_SCTP).starts_with("sctp     132 src=1.1.1.1 dst=2.2.2.2 sport=500 "));
  CHECK(line(IPPROTO_DCCP).starts_with("dccp     33 src=1.1.1.1 dst=2.2.2.2 sport=500 "));
  CHECK(line(IPPROTO_GRE)
            .starts_with("gre      47 src=1.1.1.1 dst=2.2.2.2 srckey=0x1f4 dstkey=0x258 "));
  CHECK_EQ(line(50), "unknown  50 src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1\n");
  CHECK_EQ(line(0), "unknown  0 src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1\n");
  CHECK_EQ(
      printed({.flow = bare_flow(icmp_tuple(IPPROTO_ICMPV6, "fd00::1", "fd00::2", 128, 0, 78))}),
      "icmpv6   58 src=fd00::1 dst=fd00::2 type=128 code=0 id=78 src=fd00::2 dst=fd00::1 "
      "type=129 code=0 id=78\n");
}

TEST_CASE("events are told in ten columns") {
  const Flow flow = tcp_flow();
  CHECK(printed({.flow = flow, .event = EventKind::kNew}).starts_with("    [NEW] tcp      6 "));
  CHECK(printed({.flow = flow, .event = EventKind::kUpdate}).starts_with(" [UPDATE] tcp      6 "));
  CHECK(printed({.flow = flow, .event = EventKind::kDestroy}).starts_with("[DESTROY] tcp      6 "));
}

TEST_CASE("an event's time is the caller's, else the kernel's, else now") {
  Flow flow = tcp_flow();
  const PrintOptions options{.timestamp = true};
  const uint64_t now = 7 * kSecond + 1234999;
  CHECK(printed({.flow = flow, .event = EventKind::kNew, .now = now}, options)
            .starts_with("[7.001234]\t    [NEW] tcp"));
  flow.timestamp_event = 1795228242696630777;
  flow.fields.add(FlowField::kTimestampEvent);
  CHECK(printed({.flow = flow, .event = EventKind::kUpdate, .now = now}, options)
            .starts_with("[1795228242.696630]\t [UPDATE] tcp"));
  CHECK(printed({.flow = flow, .event = EventKind::kUpdate, .now = now, .event_time = 9 * kSecond},
                options)
            .starts_with("[9.000000]\t [UPDATE] tcp"));
}

TEST_CASE("a listing has no time column") {
  CHECK(printed({.flow = tcp_flow(), .now = kSecond}, {.timestamp = true}).starts_with("tcp"));
}

TEST_CASE("delta-time subtracts whole seconds, as conntrack does") {
  Flow flow = tcp_flow();
  flow.timestamp_start = kStart;
  flow.fields.add(FlowField::kTimestampStart);
  const uint64_t now = (kStart / kSecond + 4) * kSecond + 1;
  CHECK(contains(printed({.flow = flow, .now = now}), " mark=0 delta-time=4 use=1\n"));
  flow.timestamp_stop = kStart + 400'000'000;
  flow.fields.add(FlowField::kTimestampStop);
  CHECK(contains(printed({.flow = flow, .now = now}), " delta-time=1 "));
}

TEST_CASE("kernel time stamps print in ctime's form and local time") {
  const Utc utc;
  Flow flow = tcp_flow();
  flow.timestamp_start = kStart;
  flow.fields.add(FlowField::kTimestampStart);
  CHECK(contains(printed({.flow = flow, .now = kStart}, {.ktimestamp = true}),
                 " delta-time=0 [start=Sat Nov 21 02:30:42 2026] use=1\n"));
  flow.timestamp_stop = 1767916800 * kSecond;
  flow.fields.add(FlowField::kTimestampStop);
  CHECK(contains(printed({.flow = flow, .now = kStart}, {.ktimestamp = true}),
                 "[start=Sat Nov 21 02:30:42 2026] [stop=Fri Jan  9 00:00:00 2026] use=1\n"));
}

TEST_CASE("unreplied, assured and offloaded flows carry their words") {
  Flow flow = tcp_flow();
  const auto line = [&](uint32_t status) {
    flow.set_status(status);
    return printed({.flow = flow});
  };
  CHECK(contains(line(kConfirmed), " dport=80 [UNREPLIED] src=10.0.2.2 "));
  CHECK_FALSE(contains(line(kConfirmed), "ASSURED"));
  CHECK(contains(line(kSeenReply | kAssured), " dport=41000 [ASSURED] mark"));
  CHECK(contains(line(kSeenReply | kAssured | kOffload), " dport=41000 [OFFLOAD] mark"));
  CHECK(contains(line(kSeenReply | kAssured | kOffload | kHwOffload), " [HW_OFFLOAD] mark"));
}

TEST_CASE("zones, counters, marks and names stand in conntrack's order") {
  Flow flow = tcp_flow();
  flow.orig.has_zone = flow.reply.has_zone = true;
  flow.orig.zone = 4, flow.reply.zone = 5;
  flow.counters_orig = {6, 325}, flow.counters_reply = {4, UINT64_MAX};
  flow.secmark = 3, flow.zone = 2;
  flow.secctx.assign("a:b:c"), flow.helper.assign("ftp");
  flow.set_mark(UINT32_MAX);
  for (const FlowField field :
       {FlowField::kCountersOrig, FlowField::kCountersReply, FlowField::kSecmark, FlowField::kZone,
        FlowField::kSecctx, FlowField::kHelper})
    flow.fields.add(field);
  CHECK_EQ(printed({.flow = flow}),
           "tcp      6 431999 ESTABLISHED src=10.0.1.2 dst=10.0.2.2 sport=41000 dport=80 "
           "zone-orig=4 packets=6 bytes=325 src=10.0.2.2 dst=10.0.1.2 sport=80 dport=41000 "
           "zone-reply=5 packets=4 bytes=18446744073709551615 [ASSURED] mark=4294967295 secmark=3 "
           "secctx=a:b:c zone=2 helper=ftp use=1\n");
}

TEST_CASE("labels show with a map, by name, or as a bare word") {
  const auto map = cli::LabelMap::load(std::string(CTWIN_TEST_DATA) + "/labels.conf");
  REQUIRE(map.ok());
  Flow flow = tcp_flow();
  flow.fields.add(FlowField::kLabels);
  const auto line = [&](std::initializer_list<unsigned> bits, const cli::LabelMap* labels) {
    flow.labels = {};
    for (const unsigned bit : bits) flow.labels.set(bit);
    return printed({.flow = flow}, {.labels = labels});
  };
  CHECK(line({0, 1, 127}, &*map).ends_with(" use=1 labels=zero,eth0-in,last\n"));
  CHECK(line({64}, &*map).ends_with(" use=1 labels\n"));
  CHECK(line({64, 3}, &*map).ends_with(" use=1 labels=three\n"));
  CHECK(line({0, 1, 127}, nullptr).ends_with(" use=1\n"));
}

TEST_CASE("the program behind an event is named where it is known") {
  const Flow flow = tcp_flow();
  CHECK(printed({.flow = flow, .event = EventKind::kDestroy, .port_id = 3318290164})
            .ends_with(" use=1 [USERSPACE] portid=3318290164\n"));
  CHECK(printed({.flow = flow, .event = EventKind::kDestroy, .port_id = 7, .program = "conntrack"})
            .ends_with(" use=1 [USERSPACE] portid=7 progname=conntrack\n"));
  CHECK_FALSE(contains(printed({.flow = flow, .event = EventKind::kNew}), "USERSPACE"));
}

TEST_CASE("a flow of which nothing is known prints an empty line") {
  CHECK_EQ(printed({.flow = Flow{}}), "\n");
}

TEST_CASE("lines are appended behind what is already there") {
  fmt::memory_buffer buffer;
  const Flow flow = tcp_flow();
  for (int i = 0; i < 100; ++i) cli::print_flow({.flow = flow}, {}, buffer);
  const std::string line = printed({.flow = flow});
  REQUIRE_EQ(buffer.size(), 100 * line.size());
  const std::string text = text_of(buffer);
  for (size_t i = 0; i < 100; ++i) CHECK_EQ(text.substr(i * line.size(), line.size()), line);
}

TEST_CASE("the longest line that can be grows its buffer, and nothing is cut") {
  Flow flow = tcp_flow();
  flow.secctx.assign(std::string(255, 's')), flow.helper.assign(std::string(31, 'h'));
  flow.fields.add(FlowField::kSecctx), flow.fields.add(FlowField::kHelper);
  const std::string program(4000, 'p');
  const std::string line =
      printed({.flow = flow, .event = EventKind::kNew, .port_id = 1, .program = program});
  CHECK(contains(line, std::string(255, 's') + " helper=" + std::string(31, 'h') + " use=1"));
  CHECK(line.ends_with("progname=" + program + "\n"));
}

TEST_CASE("a Writer keeps to its own part of the buffer") {
  fmt::memory_buffer buffer;
  buffer.push_back(' ');
  { cli::Writer(buffer).drop_blank(); }
  CHECK_EQ(text_of(buffer), " ");
  {
    cli::Writer out(buffer);
    out.field("n=", UINT64_MAX);
    out.drop_blank();
    out.padded(7, 3);
    out.hex(0xabc);
    out.padded(12345, 3);
  }
  CHECK_EQ(text_of(buffer), " n=18446744073709551615007abc12345");
}

TEST_CASE("UTF-8 is told from other bytes") {
  for (const char* text : {"a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"})
    CHECK_EQ(cli::utf8_length(text), std::string_view(text).size());
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc3", "\xc3(", "\xe0\x80\x80", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82("})
    CHECK_EQ(cli::utf8_length(text), 0);
}
