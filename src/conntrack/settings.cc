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
constexpr uint64_t kMaxBuckets = UINT32_MAX / sizeof(uint64_t);
constexpr uint64_t kMaxTimeout = kMaxInt / kTicksPerSecond;

struct Sysctl {
  std::string_view name;  ///< behind net.netfilter.nf_conntrack_
  uint64_t max = 0;
  void (*set)(Settings& settings, uint32_t value) = nullptr;  ///< null: cannot be written
  uint32_t (*get)(const Settings& settings) = nullptr;
};

template <auto kMember>
constexpr Sysctl setting(std::string_view name, uint64_t max) {
  using Field = std::remove_reference_t<decltype(std::declval<Settings&>().*kMember)>;
  return {name, max,
          [](Settings& settings, uint32_t value) { settings.*kMember = static_cast<Field>(value); },
          [](const Settings& settings) { return static_cast<uint32_t>(settings.*kMember); }};
}

template <auto kMember>
constexpr Sysctl timeout(std::string_view name) {
  return setting<kMember>(name, kMaxTimeout);
}

template <size_t kState>
constexpr Sysctl tcp_timeout(std::string_view name) {
  return {name, kMaxTimeout,
          [](Settings& settings, uint32_t value) { settings.tcp.state[kState] = value; },
          [](const Settings& settings) { return settings.tcp.state[kState]; }};
}

template <uint32_t TcpTimeouts::*kMember>
constexpr Sysctl tcp_timeout(std::string_view name) {
  return {name, kMaxTimeout,
          [](Settings& settings, uint32_t value) { settings.tcp.*kMember = value; },
          [](const Settings& settings) { return settings.tcp.*kMember; }};
}

template <size_t kState>
constexpr Sysctl sctp_timeout(std::string_view name) {
  return {name, kMaxTimeout,
          [](Settings& settings, uint32_t value) { settings.sctp[kState] = value; },
          [](const Settings& settings) { return settings.sctp[kState]; }};
}

/// The kernel's table is made of whole pages (nf_ct_alloc_hashtable).
void set_buckets(Settings& settings, uint32_t value) {
  constexpr uint32_t kOnAPage = 4096 / sizeof(uint64_t);
  settings.buckets = (value + kOnAPage - 1) / kOnAPage * kOnAPage;
}

constexpr Sysctl kSysctls[] = {
    setting<&Settings::acct>("acct", 1),
    {"buckets", kMaxBuckets, set_buckets,
     [](const Settings& settings) { return settings.buckets; }},
    setting<&Settings::checksum>("checksum", 1),
    {"count"},
    setting<&Settings::events>("events", 2),
    setting<&Settings::expect_max>("expect_max", kMaxInt),
    setting<&Settings::frag6_high_thresh>("frag6_high_thresh", UINT32_MAX),
    setting<&Settings::frag6_low_thresh>("frag6_low_thresh", UINT32_MAX),
    timeout<&Settings::frag6_timeout>("frag6_timeout"),
    timeout<&Settings::generic_timeout>("generic_timeout"),
    timeout<&Settings::gre_timeout>("gre_timeout"),
    timeout<&Settings::gre_timeout_stream>("gre_timeout_stream"),
    timeout<&Settings::icmp_timeout>("icmp_timeout"),
    timeout<&Settings::icmpv6_timeout>("icmpv6_timeout"),
    setting<&Settings::log_invalid>("log_invalid", 255),
    setting<&Settings::max_entries>("max", kMaxInt),
    sctp_timeout<1>("sctp_timeout_closed"),
    sctp_timeout<2>("sctp_timeout_cookie_wait"),
    sctp_timeout<3>("sctp_timeout_cookie_echoed"),
    sctp_timeout<4>("sctp_timeout_established"),
    sctp_timeout<5>("sctp_timeout_shutdown_sent"),
    sctp_timeout<6>("sctp_timeout_shutdown_recd"),
    sctp_timeout<7>("sctp_timeout_shutdown_ack_sent"),
    sctp_timeout<8>("sctp_timeout_heartbeat_sent"),
    setting<&Settings::tcp_be_liberal>("tcp_be_liberal", 1),
    setting<&Settings::tcp_ignore_invalid_rst>("tcp_ignore_invalid_rst", 1),
    setting<&Settings::tcp_loose>("tcp_loose", 1),
    setting<&Settings::tcp_max_retrans>("tcp_max_retrans", 255),
    tcp_timeout<1>("tcp_timeout_syn_sent"),
    tcp_timeout<2>("tcp_timeout_syn_recv"),
    tcp_timeout<3>("tcp_timeout_established"),
    tcp_timeout<4>("tcp_timeout_fin_wait"),
    tcp_timeout<5>("tcp_timeout_close_wait"),
    tcp_timeout<6>("tcp_timeout_last_ack"),
    tcp_timeout<7>("tcp_timeout_time_wait"),
    tcp_timeout<8>("tcp_timeout_close"),
    tcp_timeout<&TcpTimeouts::retrans>("tcp_timeout_max_retrans"),
    tcp_timeout<&TcpTimeouts::unacknowledged>("tcp_timeout_unacknowledged"),
    setting<&Settings::timestamp>("timestamp", 1),
    timeout<&Settings::udp_timeout>("udp_timeout"),
    timeout<&Settings::udp_timeout_stream>("udp_timeout_stream"),
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

std::vector<SysctlValue> list_sysctls(const Settings& settings) {
  std::vector<SysctlValue> values;
  for (const Sysctl& sysctl : kSysctls)
    if (sysctl.get) values.push_back({sysctl.name, sysctl.get(settings)});
  return values;
}

bool restore_sysctl(Settings& settings, std::string_view name, uint32_t value) {
  for (const Sysctl& sysctl : kSysctls) {
    if (sysctl.name != name || !sysctl.set || value > sysctl.max) continue;
    sysctl.set(settings, value);
    return true;
  }
  return false;
}

}  // namespace ctwin::conntrack
