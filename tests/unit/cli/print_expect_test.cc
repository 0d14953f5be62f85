#include <doctest/doctest.h>

#include <cstdlib>

#include "cli/print.h"
#include "support/messages.h"
#include "support/print.h"

using namespace ctwin;
using namespace ctwin::test;
using cli::Format;

namespace {

constexpr uint64_t kNow = 1795228388000801999;  // 2026-11-21 02:33:08 UTC, 801 microseconds

Expectation ftp_expectation() {
  Expectation expectation;
  expectation.master = port_tuple(IPPROTO_TCP, "10.0.1.2", 41500, "10.0.2.2", 21);
  expectation.expected = port_tuple(IPPROTO_TCP, "10.0.2.2", 0, "10.0.1.2", 50000);
  expectation.mask = port_tuple(IPPROTO_TCP, "255.255.255.255", 0, "255.255.255.255", 65535);
  expectation.has_master = true;
  expectation.timeout = 299, expectation.has_timeout = true;
  expectation.flags = 0, expectation.has_flags = true;
  expectation.class_ = 0, expectation.has_class = true;
  expectation.id = 5, expectation.has_id = true;
  expectation.helper.assign("ftp");
  return expectation;
}

const std::string kLine =
    "299 proto=6 src=10.0.2.2 dst=10.0.1.2 sport=0 dport=50000 mask-src=255.255.255.255 "
    "mask-dst=255.255.255.255 sport=0 dport=65535 master-src=10.0.1.2 master-dst=10.0.2.2 "
    "sport=41500 dport=21 class=0 helper=ftp\n";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an expectation prints conntrack's line, as a save listing does") {
  CHECK_EQ(printed({.expectation = ftp_expectation()}), kLine);
  CHECK_EQ(printed({.expectation = ftp_expectation()}, {.format = Format::kSave}), kLine);
}

TEST_CASE("extended and id change nothing about an expectation") {
  CHECK_EQ(printed({.expectation = ftp_expectation()},
                   {.extended = true, .id = true, .ktimestamp = true}),
           kLine);
}

TEST_CASE("a time stamp has six digits behind the point, listed or not") {
  CHECK_EQ(printed({.expectation = ftp_expectation(), .now = kNow}, {.timestamp = true}),
           "[1795228388.000801]\t" + kLine);
  CHECK_EQ(printed({.expectation = ftp_expectation(), .event = EventKind::kNew, .now = kNow},
                   {.timestamp = true}),
           "[1795228388.000801]\t    [NEW] " + kLine);
}

TEST_CASE("flags, zone and class stand before the helper") {
  Expectation expectation = ftp_expectation();
  expectation.flags = kExpectPermanent | kExpectInactive | kExpectUserspace;
  expectation.zone = 3, expectation.has_zone = true;
  CHECK(printed({.expectation = expectation})
            .ends_with(" dport=21 zone=3 PERMANENT,INACTIVE,USERSPACE class=0 helper=ftp\n"));
  expectation.flags = kExpectInactive;
  CHECK(contains(printed({.expectation = expectation}), " zone=3 INACTIVE class=0 "));
}

TEST_CASE("an expectation of which nothing is known prints its protocol") {
  CHECK_EQ(printed({.expectation = Expectation{}}), "proto=0\n");
}

TEST_CASE("an expectation's element holds its three tuples layer by layer") {
  CHECK_EQ(printed({.expectation = ftp_expectation()}, {.format = Format::kXml}),
           "<flow><layer3 protonum=\"2\" protoname=\"ipv4\"><expected><src>10.0.2.2</src>"
           "<dst>10.0.1.2</dst></expected><mask><src>255.255.255.255</src>"
           "<dst>255.255.255.255</dst></mask><master><src>10.0.1.2</src><dst>10.0.2.2</dst>"
           "</master></layer3><layer4 protonum=\"6\" protoname=\"tcp\"><expected><sport>0</sport>"
           "<dport>50000</dport></expected><mask><sport>0</sport><dport>65535</dport></mask>"
           "<master><sport>41500</sport><dport>21</dport></master></layer4><meta>"
           "<helper-name>ftp</helper-name><timeout>299</timeout><class>0</class></meta></flow>\n");
}

TEST_CASE("an expectation's element closes with its time and its flags") {
  setenv("TZ", "UTC0", 1);
  tzset();
  Expectation expectation = ftp_expectation();
  expectation.flags = kExpectPermanent | kExpectUserspace;
  expectation.zone = 3, expectation.has_zone = true;
  CHECK(printed({.expectation = expectation, .event = EventKind::kDestroy, .now = kNow},
                {.format = Format::kXml, .timestamp = true})
            .ends_with("<class>0</class><zone>3</zone><when><hour>2</hour><min>33</min>"
                       "<sec>08</sec><wday>7</wday><day>21</day><month>11</month><year>2026</year>"
                       "</when><permanent/><userspace/></meta></flow>\n"));
}

TEST_CASE("a helper's name is escaped in XML") {
  Expectation expectation = ftp_expectation();
  expectation.helper.assign("<&>");
  CHECK(contains(printed({.expectation = expectation}, {.format = Format::kXml}),
                 "<helper-name>&lt;&amp;&gt;</helper-name>"));
}
