// Sysctls by name.
#include "conntrack/settings.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <functional>
#include <string>

using namespace ctwin;
using namespace ctwin::conntrack;

namespace {

Status set(Settings& settings, std::string_view name, std::string_view value) {
  return set_sysctl(settings, "net.netfilter.nf_conntrack_" + std::string(name), value);
}

int error_of(std::string_view name, std::string_view value) {
  Settings settings;
  const Status status = set(settings, name, value);
  return status.ok() ? 0 : status.error().code;
}

std::string text_of(std::string_view name, std::string_view value) {
  Settings settings;
  const Status status = set_sysctl(settings, name, value);
  return status.ok() ? "" : status.error().text;
}

}  // namespace

TEST_CASE("every sysctl sets its own field") {
  Settings s;
  const std::pair<std::string_view, std::function<uint32_t()>> fields[] = {
      {"expect_max", [&] { return s.expect_max; }},
      {"max", [&] { return s.max_entries; }},
      {"log_invalid", [&] { return s.log_invalid; }},
      {"generic_timeout", [&] { return s.generic_timeout; }},
      {"icmp_timeout", [&] { return s.icmp_timeout; }},
      {"icmpv6_timeout", [&] { return s.icmpv6_timeout; }},
      {"udp_timeout", [&] { return s.udp_timeout; }},
      {"udp_timeout_stream", [&] { return s.udp_timeout_stream; }},
      {"gre_timeout", [&] { return s.gre_timeout; }},
      {"gre_timeout_stream", [&] { return s.gre_timeout_stream; }},
      {"tcp_timeout_syn_sent", [&] { return s.tcp.state[1]; }},
      {"tcp_timeout_syn_recv", [&] { return s.tcp.state[2]; }},
      {"tcp_timeout_established", [&] { return s.tcp.state[3]; }},
      {"tcp_timeout_fin_wait", [&] { return s.tcp.state[4]; }},
      {"tcp_timeout_close_wait", [&] { return s.tcp.state[5]; }},
      {"tcp_timeout_last_ack", [&] { return s.tcp.state[6]; }},
      {"tcp_timeout_time_wait", [&] { return s.tcp.state[7]; }},
      {"tcp_timeout_close", [&] { return s.tcp.state[8]; }},
      {"tcp_timeout_max_retrans", [&] { return s.tcp.retrans; }},
      {"tcp_timeout_unacknowledged", [&] { return s.tcp.unacknowledged; }},
      {"tcp_max_retrans", [&] { return s.tcp_max_retrans; }},
      {"sctp_timeout_closed", [&] { return s.sctp[1]; }},
      {"sctp_timeout_cookie_wait", [&] { return s.sctp[2]; }},
      {"sctp_timeout_cookie_echoed", [&] { return s.sctp[3]; }},
      {"sctp_timeout_established", [&] { return s.sctp[4]; }},
      {"sctp_timeout_shutdown_sent", [&] { return s.sctp[5]; }},
      {"sctp_timeout_shutdown_recd", [&] { return s.sctp[6]; }},
      {"sctp_timeout_shutdown_ack_sent", [&] { return s.sctp[7]; }},
      {"sctp_timeout_heartbeat_sent", [&] { return s.sctp[8]; }},
      {"frag6_timeout", [&] { return s.frag6_timeout; }},
  };
  uint32_t value = 200;
  for (const auto& row : fields) {
    CAPTURE(row.first);
    CHECK(set(s, row.first, std::to_string(++value)).ok());
    CHECK_EQ(row.second(), value);
  }
}

TEST_CASE("buckets come in whole pages of 512") {
  Settings s;
  CHECK_EQ(s.buckets, 0);
  CHECK(set(s, "buckets", "1").ok());
  CHECK_EQ(s.buckets, 512);
  CHECK(set(s, "buckets", "65536").ok());
  CHECK_EQ(s.buckets, 65536);
  CHECK(set(s, "buckets", "0").ok());
  CHECK_EQ(s.buckets, 0);
  CHECK_EQ(error_of("buckets", "536870912"), EINVAL);
}

TEST_CASE("switches are 0 or 1") {
  Settings s;
  for (const auto& row : std::initializer_list<std::pair<std::string_view, bool*>>{
           {"acct", &s.acct},
           {"timestamp", &s.timestamp},
           {"checksum", &s.checksum},
           {"tcp_loose", &s.tcp_loose},
           {"tcp_be_liberal", &s.tcp_be_liberal},
           {"tcp_ignore_invalid_rst", &s.tcp_ignore_invalid_rst}}) {
    CAPTURE(row.first);
    CHECK(set(s, row.first, "1").ok());
    CHECK(*row.second);
    CHECK(set(s, row.first, "0").ok());
    CHECK(!*row.second);
    CHECK_EQ(error_of(row.first, "2"), EINVAL);
  }
}

TEST_CASE("names may be written with slashes, and the limit has an older name too") {
  Settings s;
  CHECK(set_sysctl(s, "net/netfilter/nf_conntrack_udp_timeout", "5").ok());
  CHECK_EQ(s.udp_timeout, 5);
  CHECK(set_sysctl(s, "net.nf_conntrack_max", "6").ok());
  CHECK_EQ(s.max_entries, 6);
}

TEST_CASE("unknown names are told from settings that can only be read") {
  for (const std::string_view name :
       {"", "net", "net.netfilter.", "net.netfilter.nf_conntrack_", "udp_timeout",
        "net.netfilter.nf_conntrack_dccp_timeout_open", "net.nf_conntrack_udp_timeout",
        "net.netfilter.nf_conntrack_acct2", "net_netfilter.nf_conntrack_acct"}) {
    Settings s;
    CHECK_EQ(set_sysctl(s, name, "1").error().code, ENOENT);
  }
  CHECK_EQ(error_of("count", "1"), EACCES);
}

TEST_CASE("numbers are read as the kernel reads them") {
  Settings s;
  for (const auto& row : std::initializer_list<std::pair<std::string_view, uint32_t>>{{"10", 10},
                                                                                      {" 10", 10},
                                                                                      {"10\n", 10},
                                                                                      {"0x10", 16},
                                                                                      {"0X1f", 31},
                                                                                      {"010", 8},
                                                                                      {"0", 0}}) {
    CAPTURE(row.first);
    CHECK(set(s, "udp_timeout", row.first).ok());
    CHECK_EQ(s.udp_timeout, row.second);
  }
}

TEST_CASE("what is no number is refused, and changes nothing") {
  Settings s;
  for (const std::string_view text : {"", " ", "x", "1x", "-1", "+1", "1.5", "1 2", "0x", "08",
                                      "1s", "99999999999999999999999"}) {
    CAPTURE(text);
    const Status status = set(s, "udp_timeout", text);
    CHECK_EQ(status.error().code, EINVAL);
    CHECK_EQ(s.udp_timeout, 30);
  }
}

TEST_CASE("each setting has its range") {
  CHECK_EQ(error_of("udp_timeout", "8589934"), 0);
  CHECK_EQ(error_of("udp_timeout", "8589935"), EINVAL);
  CHECK_EQ(error_of("max", "2147483647"), 0);
  CHECK_EQ(error_of("max", "2147483648"), EINVAL);
  CHECK_EQ(error_of("events", "2"), 0);
  CHECK_EQ(error_of("events", "3"), EINVAL);
  CHECK_EQ(error_of("log_invalid", "255"), 0);
  CHECK_EQ(error_of("log_invalid", "256"), EINVAL);
  CHECK_EQ(error_of("tcp_max_retrans", "256"), EINVAL);
}

TEST_CASE("the two limits of IPv6 reassembly keep their order") {
  CHECK_EQ(error_of("frag6_low_thresh", "4194304"), 0);
  CHECK_EQ(error_of("frag6_low_thresh", "4194305"), EINVAL);
  CHECK_EQ(error_of("frag6_high_thresh", "3145728"), 0);
  CHECK_EQ(error_of("frag6_high_thresh", "3145727"), EINVAL);
  Settings s;
  CHECK(set(s, "frag6_low_thresh", "5").ok());
  CHECK(set(s, "frag6_high_thresh", "6").ok());
  CHECK_EQ(s.frag6_low_thresh, 5);
  CHECK_EQ(s.frag6_high_thresh, 6);
}

TEST_CASE("errors name what is wrong and what would be right") {
  CHECK_EQ(text_of("net.netfilter.nf_conntrack_udp", "1"),
           "there is no setting \"net.netfilter.nf_conntrack_udp\" of connection tracking");
  CHECK_EQ(text_of("net.netfilter.nf_conntrack_acct", "yes"),
           "net.netfilter.nf_conntrack_acct: \"yes\" is not a number from 0 to 1");
  CHECK_EQ(text_of("net.netfilter.nf_conntrack_acct", "2"),
           "net.netfilter.nf_conntrack_acct cannot be 2: it may be at most 1");
  CHECK_EQ(text_of("net.netfilter.nf_conntrack_count", "2"),
           "net.netfilter.nf_conntrack_count can only be read");
  CHECK_EQ(text_of("net.netfilter.nf_conntrack_frag6_low_thresh", "9999999"),
           "nf_conntrack_frag6_low_thresh cannot be 9999999: it may be at most "
           "nf_conntrack_frag6_high_thresh, 4194304");
}
