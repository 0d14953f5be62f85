// Every message that a kernel was recorded to send must print as libnetfilter_conntrack prints it.
#include "support/oracle.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "cli/labels.h"
#include "ctnetlink/expect_codec.h"
#include "ctnetlink/flow_codec.h"
#include "ctnetlink/uapi.h"
#include "support/messages.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

const std::string kLabelFile = std::string(CTWIN_TEST_DATA) + "/labels.conf";
const std::string kNoLabels;

/// A zone with a shift and a rule for summer, so that local time is not UTC.
struct LocalTime {
  LocalTime() {
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
  }
};

EventKind kind_of(const netlink::Message& message, uint8_t new_type, uint8_t delete_type) {
  if (!(message.header.nlmsg_flags & NLM_F_MULTI) && message.type() == delete_type)
    return EventKind::kDestroy;
  if (message.header.nlmsg_flags & NLM_F_MULTI || message.type() != new_type)
    return EventKind::kNone;
  return message.header.nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL) ? EventKind::kNew
                                                                  : EventKind::kUpdate;
}

/// Every combination of the output options that the library knows.
std::vector<cli::PrintOptions> all_options(cli::Format format, const cli::LabelMap* labels) {
  std::vector<cli::PrintOptions> all;
  for (unsigned bits = 0; bits < 8; ++bits) {
    cli::PrintOptions options;
    options.format = format;
    options.extended = bits & 1;
    options.id = bits & 2;
    options.ktimestamp = bits & 4;
    options.labels = labels;
    all.push_back(options);
  }
  return all;
}

void compare_flows(cli::Format format, bool with_labels) {
  const LocalTime local;
  const Oracle oracle(with_labels ? kLabelFile : kNoLabels);
  const auto labels = cli::LabelMap::load(kLabelFile);
  REQUIRE(labels.ok());
  const auto messages = recorded_flows();
  REQUIRE(messages.size() > 150);
  Flow flow;
  for (const Bytes& bytes : messages) {
    const netlink::Message message = message_of(bytes);
    const EventKind kind = kind_of(message, IPCTNL_MSG_CT_NEW, IPCTNL_MSG_CT_DELETE);
    REQUIRE(ctnetlink::decode_flow(message, flow));
    for (const cli::PrintOptions& options : all_options(format, with_labels ? &*labels : nullptr)) {
      const auto theirs = oracle.flow(bytes, kind, options);
      REQUIRE(theirs.has_value());
      const std::string ours = our_line(flow, kind, options);
      CHECK_EQ(format == cli::Format::kXml ? without_xml_fixes(ours, flow) : ours, *theirs);
    }
  }
}

void compare_expectations(cli::Format format) {
  const LocalTime local;
  const Oracle oracle;
  const auto messages = recorded_expectations();
  REQUIRE(messages.size() >= 5);
  for (const Bytes& bytes : messages) {
    const netlink::Message message = message_of(bytes);
    const EventKind kind = kind_of(message, IPCTNL_MSG_EXP_NEW, IPCTNL_MSG_EXP_DELETE);
    Expectation expectation;
    REQUIRE(ctnetlink::decode_expectation(message, expectation));
    for (const cli::PrintOptions& options : all_options(format, nullptr)) {
      const auto theirs = oracle.expectation(bytes, kind, options);
      REQUIRE(theirs.has_value());
      CHECK_EQ(our_line(expectation, kind, options), *theirs);
    }
  }
}

}  // namespace

TEST_CASE("recorded flows print the library's plain line") {
  compare_flows(cli::Format::kPlain, false);
}

TEST_CASE("recorded flows print the library's plain line with label names") {
  compare_flows(cli::Format::kPlain, true);
}

TEST_CASE("recorded flows print the library's XML but for the listed fixes") {
  compare_flows(cli::Format::kXml, false);
  compare_flows(cli::Format::kXml, true);
}

TEST_CASE("recorded flow events carry the library's <when>") {
  const LocalTime local;
  const Oracle oracle;
  const cli::PrintOptions options{.format = cli::Format::kXml, .timestamp = true};
  Flow flow;
  size_t events = 0;
  for (const Bytes& bytes : recorded_flows()) {
    const netlink::Message message = message_of(bytes);
    const EventKind kind = kind_of(message, IPCTNL_MSG_CT_NEW, IPCTNL_MSG_CT_DELETE);
    REQUIRE(ctnetlink::decode_flow(message, flow));
    const std::string ours = our_line(flow, kind, options);
    CHECK_EQ(without_xml_fixes(ours, flow), oracle.flow(bytes, kind, options).value());
    events += ours.find("<when>") != std::string::npos;
  }
  CHECK(events > 100);
}

TEST_CASE("recorded expectations print the library's plain line") {
  compare_expectations(cli::Format::kPlain);
}

TEST_CASE("recorded expectations print the library's XML") {
  compare_expectations(cli::Format::kXml);
}

TEST_CASE("recorded expectations carry the library's <when>") {
  const LocalTime local;
  const Oracle oracle;
  const cli::PrintOptions options{.format = cli::Format::kXml, .timestamp = true};
  for (const Bytes& bytes : recorded_expectations()) {
    Expectation expectation;
    REQUIRE(ctnetlink::decode_expectation(message_of(bytes), expectation));
    CHECK_EQ(our_line(expectation, EventKind::kNew, options),
             oracle.expectation(bytes, EventKind::kNew, options).value());
  }
}
