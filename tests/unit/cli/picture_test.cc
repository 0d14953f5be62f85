#include "cli/picture.h"

#include <doctest/doctest.h>

#include <vector>

#include "support/messages.h"

using namespace ctwin;
using namespace ctwin::test;
using cli::Picture;
using News = cli::Picture::News;

namespace {

Flow flow(uint32_t id) {
  Flow result = tcp_flow();
  result.set_id(id);
  result.set_status(kConfirmed);
  return result;
}

std::vector<Flow> gone(Picture& picture) {
  std::vector<Flow> flows;
  picture.end_listing([&](const Flow& entry) { flows.push_back(entry); });
  return flows;
}

}  // namespace

TEST_CASE("an entry is new once, and changed when its status, mark, state or labels are") {
  Picture picture;
  CHECK(picture.learn(flow(1)) == News::kNew);
  CHECK(picture.learn(flow(1)) == News::kNone);
  Flow changed = flow(1);
  changed.set_status(kConfirmed | kAssured);
  CHECK(picture.learn(changed) == News::kChanged);
  changed.set_mark(7);
  CHECK(picture.learn(changed) == News::kChanged);
  changed.tcp_state = 5;
  changed.fields.add(FlowField::kTcpState);
  CHECK(picture.learn(changed) == News::kChanged);
  changed.labels.set(100);
  changed.fields.add(FlowField::kLabels);
  CHECK(picture.learn(changed) == News::kChanged);
  CHECK(picture.learn(changed) == News::kNone);
}

TEST_CASE("what an event leaves out is not a change, but a mark that is left out is 0") {
  Picture picture;
  Flow whole = flow(1);
  whole.set_mark(7);
  whole.tcp_state = 3;
  whole.fields.add(FlowField::kTcpState);
  picture.learn(whole);
  Flow part = flow(1);
  part.fields.remove(FlowField::kTcpState);
  part.set_mark(7);
  CHECK(picture.learn(part) == News::kNone);
  part.fields.remove(FlowField::kMark);
  CHECK(picture.learn(part) == News::kChanged);
}

TEST_CASE("one tuple with two ids, or in two zones, is two entries") {
  Picture picture;
  CHECK(picture.learn(flow(1)) == News::kNew);
  CHECK(picture.learn(flow(2)) == News::kNew);
  Flow zoned = flow(1);
  zoned.set_zone(3);
  CHECK(picture.learn(zoned) == News::kNew);
  CHECK(picture.forget(flow(2)));
  CHECK_FALSE(picture.forget(flow(2)));
  CHECK(picture.size() == 2);
  CHECK(picture.learn(flow(1)) == News::kNone);
  CHECK(picture.learn(zoned) == News::kNone);
}

TEST_CASE("a listing hands out what it did not meet, with all that names it, and forgets it") {
  Picture picture;
  Flow ended = flow(1);
  ended.set_mark(9);
  ended.reply.zone = 4;
  ended.reply.has_zone = true;
  picture.learn(ended);
  picture.learn(flow(2));
  picture.learn(flow(3));
  picture.begin_listing();
  picture.learn(flow(2));
  picture.note(flow(3));
  picture.note(flow(4));  // in the table, and not of interest
  const std::vector<Flow> flows = gone(picture);
  REQUIRE(flows.size() == 1);
  CHECK_EQ(flows[0].id, 1);
  CHECK_EQ(flows[0].mark, 9);
  CHECK(flows[0].orig == ended.orig);
  CHECK(flows[0].reply == ended.reply);
  CHECK(picture.size() == 2);
  picture.begin_listing();
  CHECK(gone(picture).size() == 2);
}

TEST_CASE("IPv6 and ICMP entries come back as they were") {
  Picture picture;
  Flow echo;
  echo.orig.src = address("fd00::1");
  echo.orig.dst = address("fd00::2");
  echo.orig.proto = IPPROTO_ICMPV6;
  echo.orig.icmp_type = 128;
  echo.orig.icmp_id = 77;
  echo.orig.has_proto = echo.orig.has_ports = true;
  echo.reply = echo.orig;
  std::swap(echo.reply.src, echo.reply.dst);
  echo.reply.icmp_type = 129;
  echo.set_id(5);
  picture.learn(echo);
  picture.begin_listing();
  const std::vector<Flow> flows = gone(picture);
  REQUIRE(flows.size() == 1);
  CHECK(flows[0].orig == echo.orig);
  CHECK(flows[0].reply == echo.reply);
}
