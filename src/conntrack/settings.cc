// Names, ranges and the reading of values.
//
// Ranges are the kernel's: a timeout is kept in jiffies in an int, which at 250 a second ends at
// 8,589,934 s. What the kernel also takes and nobody means (a negative timeout, a second number
// that is passed over, nothing at all) is refused.
#include "conntrack/settings.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <optional>

#include "conntrack/conn.h"

namespace ctwin::conntrack {

namespace {

constexpr uint64_t kMaxInt = 0x7fffffff;
constexpr uint64_t kMaxTimeout = kMaxInt / kTicksPerSecond;

struct Sysctl {
  std::string_view name;  ///< behind net.netfilter.nf_conntrack_
  uint64_t max;
  void (*set)(Settings& settings, uint32_t value);  ///< null: cannot be written
};

template <auto kMember>
void set(Settings& settings, uint32_t value) {
  using Field = std::remove_reference_t<decltype(settings.*kMember)>;
  settings.*kMember = static_cast<Field>(value);
}

template <size_t kState>
void set_tcp(Settings& settings, uint32_t value) {
  settings.tcp.state[kState] = value;
}

template <uint32_t TcpTimeouts::*kMember>
void set_tcp(Settings& settings, uint32_t value) {
  settings.tcp.*kMember = value;
}

template <size_t kState>
void set_sctp(Settings& settings, uint32_t value) {
  settings.sctp[kState] = value;
}

constexpr Sysctl kSysctls[] = {
    {"acct", 1, set<&Settings::acct>},
    {"buckets", kMaxInt, set<&Settings::buckets>},
    {"checksum", 1, set<&Settings::checksum>},
    {"count", 0, nullptr},
    {"events", 2, set<&Settings::events>},
    {"expect_max", kMaxInt, set<&Settings::expect_max>},
    {"frag6_high_thresh", UINT32_MAX, set<&Settings::frag6_high_thresh>},
    {"frag6_low_thresh", UINT32_MAX, set<&Settings::frag6_low_thresh>},
    {"frag6_timeout", kMaxTimeout, set<&Settings::frag6_timeout>},
    {"generic_timeout", kMaxTimeout, set<&Settings::generic_timeout>},
    {"gre_timeout", kMaxTimeout, set<&Settings::gre_timeout>},
    {"gre_timeout_stream", kMaxTimeout, set<&Settings::gre_timeout_stream>},
    {"icmp_timeout", kMaxTimeout, set<&Settings::icmp_timeout>},
    {"icmpv6_timeout", kMaxTimeout, set<&Settings::icmpv6_timeout>},
    {"log_invalid", 255, set<&Settings::log_invalid>},
    {"max", kMaxInt, set<&Settings::max_entries>},
    {"sctp_timeout_closed", kMaxTimeout, set_sctp<1>},
    {"sctp_timeout_cookie_wait", kMaxTimeout, set_sctp<2>},
    {"sctp_timeout_cookie_echoed", kMaxTimeout, set_sctp<3>},
    {"sctp_timeout_established", kMaxTimeout, set_sctp<4>},
    {"sctp_timeout_shutdown_sent", kMaxTimeout, set_sctp<5>},
    {"sctp_timeout_shutdown_recd", kMaxTimeout, set_sctp<6>},
    {"sctp_timeout_shutdown_ack_sent", kMaxTimeout, set_sctp<7>},
    {"sctp_timeout_heartbeat_sent", kMaxTimeout, set_sctp<8>},
    {"tcp_be_liberal", 1, set<&Settings::tcp_be_liberal>},
    {"tcp_ignore_invalid_rst", 1, set<&Settings::tcp_ignore_invalid_rst>},
    {"tcp_loose", 1, set<&Settings::tcp_loose>},
    {"tcp_max_retrans", 255, set<&Settings::tcp_max_retrans>},
    {"tcp_timeout_syn_sent", kMaxTimeout, set_tcp<1>},
    {"tcp_timeout_syn_recv", kMaxTimeout, set_tcp<2>},
    {"tcp_timeout_established", kMaxTimeout, set_tcp<3>},
    {"tcp_timeout_fin_wait", kMaxTimeout, set_tcp<4>},
    {"tcp_timeout_close_wait", kMaxTimeout, set_tcp<5>},
    {"tcp_timeout_last_ack", kMaxTimeout, set_tcp<6>},
    {"tcp_timeout_time_wait", kMaxTimeout, set_tcp<7>},
    {"tcp_timeout_close", kMaxTimeout, set_tcp<8>},
    {"tcp_timeout_max_retrans", kMaxTimeout, set_tcp<&TcpTimeouts::retrans>},
    {"tcp_timeout_unacknowledged", kMaxTimeout, set_tcp<&TcpTimeouts::unacknowledged>},
    {"timestamp", 1, set<&Settings::timestamp>},
    {"udp_timeout", kMaxTimeout, set<&Settings::udp_timeout>},
    {"udp_timeout_stream", kMaxTimeout, set<&Settings::udp_timeout_stream>},
};

/// `name` behind `prefix`, whose dots may be slashes in `name`.
std::optional<std::string_view> behind(std::string_view name, std::string_view prefix) {
  if (name.size() < prefix.size()) return std::nullopt;
  for (size_t i = 0; i < prefix.size(); ++i) {
    const bool separator = prefix[i] == '.' && name[i] == '/';
    if (name[i] != prefix[i] && !separator) return std::nullopt;
  }
  return name.substr(prefix.size());
}

const Sysctl* find_sysctl(std::string_view name) {
  std::optional<std::string_view> own = behind(name, "net.netfilter.nf_conntrack_");
  if (!own) {
    own = behind(name, "net.nf_conntrack_");  // the older place of this one
    if (!own || *own != "max") return nullptr;
  }
  for (const Sysctl& sysctl : kSysctls)
    if (sysctl.name == *own) return &sysctl;
  return nullptr;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Decimal, 0x hexadecimal or 0 octal, as the kernel reads them. Numbers too large for 64 bits are
/// the largest.
std::optional<uint64_t> read_number(std::string_view text) {
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const bool hexadecimal = text[1] == 'x' || text[1] == 'X';
    base = hexadecimal ? 16 : 8;
    text.remove_prefix(hexadecimal ? 2 : 1);
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc::result_out_of_range ? UINT64_MAX : value;
}

/// The two thresholds of frag6 keep their order.
Status check_thresholds(const Settings& settings, std::string_view name, uint64_t value) {
  if (name == "frag6_low_thresh" && value > settings.frag6_high_thresh)
    return Error{EINVAL,
                 fmt::format("nf_conntrack_frag6_low_thresh cannot be {}: it may be at most "
                             "nf_conntrack_frag6_high_thresh, {}",
                             value, settings.frag6_high_thresh)};
  if (name == "frag6_high_thresh" && value < settings.frag6_low_thresh)
    return Error{EINVAL, fmt::format("nf_conntrack_frag6_high_thresh cannot be {}: it must be at "
                                     "least nf_conntrack_frag6_low_thresh, {}",
                                     value, settings.frag6_low_thresh)};
  return {};
}

}  // namespace

Status set_sysctl(Settings& settings, std::string_view name, std::string_view value) {
  const Sysctl* sysctl = find_sysctl(name);
  if (!sysctl)
    return Error{ENOENT, fmt::format("there is no setting \"{}\" of connection tracking", name)};
  if (!sysctl->set) return Error{EACCES, fmt::format("{} can only be read", name)};
  const std::optional<uint64_t> number = read_number(trim(value));
  if (!number)
    return Error{EINVAL,
                 fmt::format("{}: \"{}\" is not a number from 0 to {}", name, value, sysctl->max)};
  if (*number > sysctl->max)
    return Error{EINVAL, fmt::format("{} cannot be {}: it may be at most {}", name, trim(value),
                                     sysctl->max)};
  if (const Status order = check_thresholds(settings, sysctl->name, *number); !order) return order;
  sysctl->set(settings, static_cast<uint32_t>(*number));
  return {};
}

}  // namespace ctwin::conntrack
