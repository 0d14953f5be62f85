#include <doctest/doctest.h>

#include <cstdlib>

#include "cli/labels.h"
#include "cli/print.h"
#include "cli/print_formats.h"
#include "support/messages.h"
#include "support/print.h"

using namespace ctwin;
using namespace ctwin::test;
using cli::Format;

namespace {

constexpr uint64_t kStart = 1795228242696398038;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string xml(const Flow& flow) { return printed({.flow = flow}, {.format = Format::kXml}); }

std::string escaped(std::string_view text) {
  fmt::memory_buffer buffer;
  {
    cli::Writer out(buffer);
    cli::write_xml_text(text, out);
  }
  return text_of(buffer);
}

}  // namespace

TEST_CASE("a flow is one element on one line") {
  CHECK_EQ(xml(tcp_flow()),
           "<flow><meta direction=\"original\"><layer3 protonum=\"2\" protoname=\"ipv4\">"
           "<src>10.0.1.2</src><dst>10.0.2.2</dst></layer3><layer4 protonum=\"6\" "
           "protoname=\"tcp\"><sport>41000</sport><dport>80</dport></layer4></meta>"
           "<meta direction=\"reply\"><layer3 protonum=\"2\" protoname=\"ipv4\">"
           "<src>10.0.2.2</src><dst>10.0.1.2</dst></layer3><layer4 protonum=\"6\" "
           "protoname=\"tcp\"><sport>80</sport><dport>41000</dport></layer4></meta>"
           "<meta direction=\"independent\"><state>ESTABLISHED</state><timeout>431999</timeout>"
           "<mark>0</mark><use>1</use><id>2221792456</id><assured/></meta></flow>\n");
}

TEST_CASE("the document has its declaration and its root") {
  const auto around = [](Format format, bool expectations) {
    fmt::memory_buffer buffer;
    cli::print_document_start({.format = format}, expectations, buffer);
    buffer.push_back('|');
    cli::print_document_end({.format = format}, expectations, buffer);
    return text_of(buffer);
  };
  CHECK_EQ(around(Format::kXml, false),
           "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<conntrack>\n|</conntrack>\n");
  CHECK_EQ(around(Format::kXml, true),
           "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<expect>\n|</expect>\n");
  for (const Format format : {Format::kPlain, Format::kSave, Format::kJson})
    CHECK_EQ(around(format, false), "|");
}

TEST_CASE("ICMP has its type, code and id") {
  Flow flow = tcp_flow();
  flow.fields.remove(FlowField::kTcpState);
  flow.orig = icmp_tuple(IPPROTO_ICMP, "10.0.1.2", "10.0.2.2", 8, 0, 77);
  flow.reply = mirrored(flow.orig);
  CHECK(contains(xml(flow),
                 "<layer4 protonum=\"1\" protoname=\"icmp\"><type>8</type>"
                 "<code>0</code><id>77</id></layer4>"));
  CHECK(contains(xml(flow), "<type>0</type><code>0</code><id>77</id></layer4>"));
}

TEST_CASE("SCTP and DCCP have their own state names") {
  Flow flow = tcp_flow();
  flow.fields.remove(FlowField::kTcpState);
  flow.sctp_state = 4;
  flow.fields.add(FlowField::kSctpState);
  CHECK(contains(xml(flow), "<state>ESTABLISHED</state>"));
  flow.fields.remove(FlowField::kSctpState);
  flow.dccp_state = 4;
  flow.fields.add(FlowField::kDccpState);
  CHECK(contains(xml(flow), "<state>OPEN</state>"));
}

TEST_CASE("offload shows behind the place of assured") {
  Flow flow = tcp_flow();
  flow.set_status(kSeenReply | kAssured | kOffload);
  CHECK(contains(xml(flow), "<assured/><offload/></meta>"));
  flow.set_status(kAssured | kHwOffload);
  CHECK(contains(xml(flow), "<assured/><hw-offload/><unreplied/></meta>"));
}

TEST_CASE("the reply's counters print with the original's") {
  Flow flow = tcp_flow();
  flow.counters_orig = {6, 325};
  flow.counters_reply = {9, 9};  // left over, not known
  flow.fields.add(FlowField::kCountersOrig);
  CHECK(contains(xml(flow),
                 "</layer4><counters><packets>6</packets><bytes>325</bytes></counters>"
                 "</meta><meta direction=\"reply\">"));
  CHECK(contains(xml(flow), "<counters><packets>0</packets><bytes>0</bytes></counters></meta>"));
}

TEST_CASE("time stamps print with ktimestamp, the time between them always") {
  Flow flow = tcp_flow();
  flow.timestamp_start = kStart, flow.timestamp_stop = kStart + 3'999'999'999;
  flow.fields.add(FlowField::kTimestampStart), flow.fields.add(FlowField::kTimestampStop);
  CHECK(contains(xml(flow), "<assured/><deltatime>3</deltatime></meta>"));
  CHECK(contains(printed({.flow = flow}, {.format = Format::kXml, .ktimestamp = true}),
                 "<assured/><timestamp><start>1795228242696398038</start>"
                 "<stop>1795228246696398037</stop></timestamp><deltatime>3</deltatime></meta>"));
}

TEST_CASE("events have a type and, with timestamp, the time of day") {
  setenv("TZ", "UTC0", 1);
  tzset();
  Flow flow = tcp_flow();
  flow.helper.assign("ftp");
  flow.fields.add(FlowField::kHelper);
  const std::string line =
      printed({.flow = flow, .event = EventKind::kDestroy, .event_time = kStart, .port_id = 4711},
              {.format = Format::kXml, .timestamp = true});
  CHECK(line.starts_with("<flow type=\"destroy\"><meta direction"));
  CHECK(
      line.ends_with("</meta><when><hour>2</hour><min>30</min><sec>42</sec><wday>7</wday>"
                     "<day>21</day><month>11</month><year>2026</year></when>"
                     "<helper>ftp</helper></flow>\n"));
  CHECK_FALSE(contains(line, "USERSPACE"));
}

TEST_CASE("labels are elements") {
  const auto map = cli::LabelMap::load(std::string(CTWIN_TEST_DATA) + "/labels.conf");
  REQUIRE(map.ok());
  Flow flow = tcp_flow();
  flow.labels.set(0), flow.labels.set(127), flow.labels.set(50);
  flow.fields.add(FlowField::kLabels);
  CHECK(contains(printed({.flow = flow}, {.format = Format::kXml, .labels = &*map}),
                 "<mark>0</mark><labels><label>zero</label><label>last</label></labels><use>"));
}

TEST_CASE("text is escaped, and what XML cannot hold is replaced") {
  CHECK_EQ(escaped("system_u:object_r"), "system_u:object_r");
  CHECK_EQ(escaped("a<b>&c"), "a&lt;b&gt;&amp;c");
  CHECK_EQ(escaped("a\tb\nc\rd"), "a&#9;b&#10;c&#13;d");
  CHECK_EQ(escaped(std::string_view("a\0b\x1f", 4)),
           "a\xef\xbf\xbd"
           "b\xef\xbf\xbd");
  CHECK_EQ(escaped("\xc3\xa4\xff\xe2\x82"), "\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  CHECK_EQ(escaped("\xef\xbf\xbf"), "\xef\xbf\xbd");
}

TEST_CASE("no element is cut, however long it grows") {
  Flow flow = tcp_flow();
  flow.secctx.assign(std::string(255, '<'));
  flow.fields.add(FlowField::kSecctx);
  const std::string line = xml(flow);
  CHECK(line.size() > 255 * 4 + 400);
  CHECK(line.ends_with("</flow>\n"));
}
