// --who-had: which flows have an address, and their lives as a log of events tells them.
#include "cli/who_had.h"

#include <doctest/doctest.h>

#include "base/address.h"
#include "cli/times.h"

using namespace ctwin;
using namespace ctwin::cli;

namespace {

WhoHad who(std::string_view text) {
  const auto parsed = parse_who_had(text);
  REQUIRE_MESSAGE(std::holds_alternative<WhoHad>(parsed), text);
  return std::get<WhoHad>(parsed);
}

/// An event of the flow from 10.0.0.`host`:4000 that stands outside as 203.0.113.1:`port`.
std::string event(const std::string& kind, int second, int host, int port,
                  const std::string& more = "") {
  const std::string ten = second < 10 ? "0" : "";
  return R"({"event":")" + kind + R"(","time":"2026-11-21T10:00:)" + ten + std::to_string(second) +
         R"(.000000Z","family":"ipv4","proto":"tcp","protonum":6,"timeout":9,"state":"NONE",)" +
         R"("orig":{"src":"10.0.0.)" + std::to_string(host) +
         R"(","dst":"192.0.2.80","sport":4000,"dport":443},"reply":{"src":"192.0.2.80",)" +
         R"("dst":"203.0.113.1","sport":443,"dport":)" + std::to_string(port) +
         R"(},"status":["CONFIRMED","SRC_NAT","SRC_NAT_DONE","DST_NAT_DONE"],"mark":0,"id":)" +
         std::to_string(host * 100) + more + "}";
}

uint64_t at(int second) {
  return parse_time("2026-11-21T10:00:00Z").value() + static_cast<uint64_t>(second) * 1'000'000'000;
}

EventLog log_of(const std::vector<std::string>& lines,
                std::string_view text = "203.0.113.1:50000") {
  EventLog log(who(text), {}, true);
  for (const std::string& line : lines) {
    const auto problem = log.read(line);
    REQUIRE_MESSAGE(!problem, line, ": ", problem.value_or(""));
  }
  return log;
}

}  // namespace

TEST_CASE("an address and a port are had by who is translated to them") {
  Flow flow;
  flow.orig.src = parse_address("10.0.0.1");
  flow.orig.dst = flow.reply.src = parse_address("192.0.2.80");
  flow.reply.dst = parse_address("203.0.113.1");
  flow.orig.proto = flow.reply.proto = IPPROTO_TCP;
  flow.orig.sport = 4000;
  flow.orig.dport = flow.reply.sport = 443;
  flow.reply.dport = 50000;
  flow.set_status(kSrcNatDone | kDstNatDone);
  CHECK(who("203.0.113.1").matches(flow));
  CHECK(who("203.0.113.1:50000").matches(flow));
  CHECK_FALSE(who("203.0.113.1:50001").matches(flow));
  CHECK_FALSE(who("192.0.2.80:443").matches(flow));  // it is not translated
  CHECK_FALSE(who("10.0.0.1:4000").matches(flow));
  flow.reply.src = parse_address("10.9.9.9");
  CHECK(who("192.0.2.80:443").matches(flow));
  flow.reply.dst = flow.orig.src;
  flow.reply.dport = flow.orig.sport;
  CHECK_FALSE(who("10.0.0.1:4000").matches(flow));
}

TEST_CASE("words that are no address, or have no port behind the colon, are refused") {
  for (const char* text : {"", "foo", "10.0.0.1:", "10.0.0.1:65536", "[fd00::1", "fd00::1:"}) {
    CAPTURE(text);
    const auto parsed = parse_who_had(text);
    const bool taken = std::holds_alternative<WhoHad>(parsed);
    CHECK_FALSE(taken);
  }
  CHECK_EQ(who("[fd00::1]:53").port.value(), 53);
  CHECK_FALSE(who("fd00::1").port.has_value());
}

TEST_CASE("a flow has the address from its first event to its end") {
  const EventLog log =
      log_of({event("new", 10, 1, 50000), event("update", 12, 1, 50000), event("new", 13, 2, 50001),
              event("destroy", 20, 1, 50000), event("new", 30, 2, 50000)});
  REQUIRE_EQ(log.holders().size(), 2);
  const Holder& first = log.holders()[0];
  CHECK_EQ(first.from.value(), at(10));
  CHECK_EQ(first.to.value(), at(20));
  CHECK(first.shown.find("\"destroy\"") != std::string::npos);
  CHECK_FALSE(first.had_it_at(at(9)));
  CHECK(first.had_it_at(at(10)));
  CHECK(first.had_it_at(at(20)));
  CHECK_FALSE(first.had_it_at(at(21)));
  const Holder& second = log.holders()[1];
  CHECK(second.shown.find("10.0.0.2") != std::string::npos);
  CHECK_FALSE(second.to.has_value());
  CHECK(second.had_it_at(at(50)));
}

TEST_CASE("what the log has not seen begin, began before it, or when the kernel says") {
  const std::string start = R"(,"start":"2026-11-21T09:59:00.000000000Z")";
  const std::string stop = R"(,"stop":"2026-11-21T10:00:19.000000000Z")";
  const EventLog log = log_of({event("update", 12, 1, 50000), event("destroy", 20, 1, 50000),
                               event("destroy", 20, 2, 50000, start + stop)});
  REQUIRE_EQ(log.holders().size(), 2);
  CHECK_FALSE(log.holders()[0].from.has_value());
  CHECK(log.holders()[0].had_it_at(0));
  CHECK_EQ(log.holders()[1].from.value(), at(-60));
  CHECK_EQ(log.holders()[1].to.value(), at(19));
}

TEST_CASE("events that were lost are counted, and what is told again has no time of its own") {
  const EventLog log = log_of({R"({"event":"lost","time":"2026-11-21T10:00:00.000000Z","lost":7})",
                               event("new", 12, 1, 50000, R"(,"resync":true)")});
  CHECK_EQ(log.losses(), 1);
  REQUIRE_EQ(log.holders().size(), 1);
  CHECK_FALSE(log.holders()[0].from.has_value());
}

TEST_CASE("an entry of a listing in front of the events was there before") {
  std::string listed = event("new", 1, 1, 50000);
  listed.replace(0, listed.find("\"family\""), "{");
  const EventLog log = log_of({listed, event("destroy", 20, 1, 50000)});
  REQUIRE_EQ(log.holders().size(), 1);
  CHECK_FALSE(log.holders()[0].from.has_value());
  CHECK_EQ(log.holders()[0].to.value(), at(20));
}

TEST_CASE("a flow that begins anew has ended before, told or not") {
  const EventLog log = log_of({event("new", 1, 1, 50000), event("new", 9, 1, 50000)});
  REQUIRE_EQ(log.holders().size(), 2);
  CHECK_EQ(log.holders()[0].to.value(), at(9));
  CHECK_EQ(log.holders()[1].from.value(), at(9));
}

TEST_CASE("the protocol narrows the question") {
  EventLog udp(who("203.0.113.1"), IPPROTO_UDP, true);
  CHECK_FALSE(udp.read(event("new", 1, 1, 50000)).has_value());
  CHECK(udp.holders().empty());
}

TEST_CASE("lines that are no events are named, those about others are not looked at") {
  EventLog log(who("203.0.113.1"), {}, false);
  CHECK_FALSE(log.read("{no JSON, and not about it}").has_value());
  CHECK_FALSE(log.read("").has_value());
  CHECK_FALSE(log.read("\r").has_value());
  for (const char* cut : {"{\"event\":\"new\",\"ti", "\"zone\":3}", "[NEW] udp"}) {
    CAPTURE(cut);
    CHECK(log.read(cut).has_value());
  }
  for (
      const char* line :
      {"\"203.0.113.1\"", "{\"203.0.113.1\"", "[\"203.0.113.1\"]", "{\"src\":\"203.0.113.1\"}",
       R"({"event":"new","src":"203.0.113.1"})",
       R"({"event":"new","time":"2026-11-21T10:00:00Z","protonum":6,"orig":{"src":"203.0.113.1"}})",
       R"({"event":"new","time":"later","protonum":50,"orig":{"src":"203.0.113.1"},"reply":{}})"}) {
    CAPTURE(line);
    CHECK(log.read(line).has_value());
  }
  CHECK_FALSE(log.read(R"({"event":"new","expectation":{"src":"203.0.113.1"}})").has_value());
  CHECK(log.holders().empty());
}

TEST_CASE("times are read as RFC 3339 and as seconds") {
  CHECK_EQ(parse_time("1970-01-01T00:00:01Z").value(), 1'000'000'000);
  CHECK_EQ(parse_time("1970-01-01t00:00:01.5z").value(), 1'500'000'000);
  CHECK_EQ(parse_time("1970-01-01 01:00:01.000000001+01:00").value(), 1'000'000'001);
  CHECK_EQ(parse_time("1969-12-31T23:00:01-01:00").value(), 1'000'000'000);
  CHECK_EQ(parse_time("2026-11-21T10:00:00Z").value(), 1'795'255'200'000'000'000);
  CHECK_EQ(parse_time("1795255200.25").value(), 1'795'255'200'250'000'000);
  for (const char* text :
       {"", "now", "2026-11-21", "2026-11-21T10:00:00", "2026-11-31T10:00:00Z",
        "2026-13-01T10:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z",
        "2026-11-21T10:00:00.Z", "2026-11-21T10:00:00+1:00", "2026-11-21T10:00:00Zx", "-5", "1.",
        "1e9", "99999999999999999999", "9999-01-01T00:00:00Z", "1969-12-31T23:59:59Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text).has_value());
  }
}
