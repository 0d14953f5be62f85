// The sysctls of conntrack (net.netfilter.nf_conntrack_*), by name and as fields.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ctwin/result.h"

namespace ctwin::conntrack {

/// TCP's timeouts by state number, then the two that are no state's. Seconds.
struct TcpTimeouts {
  // NONE, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT, CLOSE,
  // SYN_SENT2 (which has no sysctl)
  std::array<uint32_t, 10> state{120, 120, 60, 432000, 120, 60, 30, 120, 10, 120};
  uint32_t retrans = 300;
  uint32_t unacknowledged = 300;
};

struct Settings {
  uint32_t max_entries = 262144;
  uint32_t buckets = 0;  ///< of the kernel's table, in whole pages; 0: its chains have no end
  uint32_t expect_max = 4096;
  bool acct = false;
  bool timestamp = false;
  bool checksum = true;
  uint8_t events = 2;       ///< 0 never, 1 always, 2 when somebody listens
  uint8_t log_invalid = 0;  ///< a protocol number, 255 for all

  uint32_t generic_timeout = 600;
  uint32_t icmp_timeout = 30;
  uint32_t icmpv6_timeout = 30;
  uint32_t udp_timeout = 30;
  uint32_t udp_timeout_stream = 120;
  uint32_t gre_timeout = 30;
  uint32_t gre_timeout_stream = 180;

  TcpTimeouts tcp;
  uint8_t tcp_max_retrans = 3;
  bool tcp_loose = true;
  bool tcp_be_liberal = false;
  bool tcp_ignore_invalid_rst = false;

  // NONE, CLOSED, COOKIE_WAIT, COOKIE_ECHOED, ESTABLISHED, SHUTDOWN_SENT, SHUTDOWN_RECD,
  // SHUTDOWN_ACK_SENT, HEARTBEAT_SENT
  std::array<uint32_t, 9> sctp{10, 10, 3, 3, 210, 3, 3, 3, 30};

  uint32_t frag6_timeout = 60;
  uint32_t frag6_low_thresh = 3145728;
  uint32_t frag6_high_thresh = 4194304;
};

/// Sets one by its name, "net.netfilter.nf_conntrack_udp_timeout" or with slashes. Fails with
/// ENOENT for a name that does not exist, EINVAL for a value that is no number or out of range,
/// EACCES for what cannot be written.
Status set_sysctl(Settings& settings, std::string_view name, std::string_view value);

struct SysctlValue {
  std::string_view name;  ///< behind net.netfilter.nf_conntrack_
  uint32_t value = 0;
};
/// All that can be set, as they stand.
std::vector<SysctlValue> list_sysctls(const Settings& settings);
/// Sets one to what `list_sysctls` told; false for what it never tells.
bool restore_sysctl(Settings& settings, std::string_view name, uint32_t value);

}  // namespace ctwin::conntrack
