#include "cli/names.h"

#include <doctest/doctest.h>
#include <netinet/in.h>

#include <string>

using namespace ctwin::cli;

TEST_CASE("the eight protocols have names, the others none") {
  CHECK_EQ(protocol_name(IPPROTO_TCP), "tcp");
  CHECK_EQ(protocol_name(IPPROTO_UDPLITE), "udplite");
  CHECK_EQ(protocol_name(IPPROTO_ICMPV6), "icmpv6");
  size_t named = 0;
  for (unsigned proto = 0; proto < 256; ++proto) {
    const auto name = protocol_name(static_cast<uint8_t>(proto));
    if (name.empty()) continue;
    ++named;
    CHECK_EQ(named_protocol(name).value(), proto);
  }
  CHECK_EQ(named, 8);
}

TEST_CASE("protocol names ignore case and must be whole") {
  CHECK_EQ(named_protocol("TCP").value(), IPPROTO_TCP);
  CHECK_EQ(named_protocol("IcmpV6").value(), IPPROTO_ICMPV6);
  for (const char* name : {"", "tc", "tcpp", "esp", "6"})
    CHECK_FALSE_MESSAGE(named_protocol(name).has_value(), name);
}

TEST_CASE("states and numbers find each other, and numbers out of range are NONE") {
  for (uint8_t state = 0; state < 10; ++state) {
    CHECK_EQ(tcp_state(tcp_state_name(state)).value(), state);
    CHECK_EQ(sctp_state(sctp_state_name(state)).value(), state);
    CHECK_EQ(dccp_state(dccp_state_name(state)).value(), state);
  }
  for (const uint8_t state : {10, 200, 255}) {
    CHECK_EQ(tcp_state_name(state), "NONE");
    CHECK_EQ(sctp_state_name(state), "NONE");
    CHECK_EQ(dccp_state_name(state), "NONE");
  }
}

TEST_CASE("state names are exact") {
  CHECK_EQ(tcp_state("ESTABLISHED").value(), 3);
  CHECK_EQ(tcp_state("LISTEN").value(), 9);
  CHECK_EQ(sctp_state("HEARTBEAT_ACKED").value(), 9);
  CHECK_EQ(dccp_state("TIMEWAIT").value(), 7);
  for (const char* name : {"", "established", "ESTABLISHE", "ESTABLISHED ", "LISTENING"})
    CHECK_FALSE_MESSAGE(tcp_state(name).has_value(), name);
  CHECK_FALSE(sctp_state("LISTEN").has_value());
}
