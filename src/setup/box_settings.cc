#include "setup/box_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>

#include "setup/word_reader.h"

namespace ctwin::setup {

namespace {

constexpr uint32_t kAnyNumber = INT32_MAX;
constexpr uint32_t kAnyText = UINT32_MAX;  // of Sysctl::max: the value need not be a number

/// What a sysctl acts upon.
struct Target {
  BoxSettings& box;
  router::Router& router;
  std::string device;  ///< of names with one: "all", "default" or a device's
  uint32_t index = 0;  ///< of the device
};

struct Sysctl {
  std::string_view name;  ///< '*' stands for a device
  uint32_t max;
  void (*set)(const Target& target, uint32_t value);  ///< null: it has no effect here
};

template <auto kMember>
void set_device(const Target& target, uint32_t value) {
  DeviceSettings& device = target.device == "all"       ? target.box.all
                           : target.device == "default" ? target.box.defaults
                                                        : target.box.of(target.index);
  using Field = std::remove_reference_t<decltype(device.*kMember)>;
  device.*kMember = static_cast<Field>(value);
}

template <auto kMember>
void set_rate(const Target& target, uint32_t value) {
  target.box.rates.*kMember = value;
}

void set_forwarding_everywhere(const Target& target, uint32_t value) {
  const bool on = value != 0;
  target.box.all.forwarding = target.box.defaults.forwarding = on;
  for (DeviceSettings& device : target.box.devices) device.forwarding = on;
}

/// `all` reaches every device there is, and the default of those to come.
void set_forwarding(const Target& target, uint32_t value) {
  if (target.device == "all") return set_forwarding_everywhere(target, value);
  set_device<&DeviceSettings::forwarding>(target, value);
}

void set_forwarding_v6(const Target& target, uint32_t value) {
  if (target.device == "all") target.box.forwards_v6 = value != 0;
}

void set_ttl(const Target& target, uint32_t value) {
  target.router.own_packets().ttl = static_cast<uint8_t>(value);
}

void set_inbound_address(const Target& target, uint32_t value) {
  target.router.own_packets().errors_from_inbound_address = value != 0;
}

// In the order of the manual.
constexpr Sysctl kSysctls[] = {
    {"net.ipv4.ip_forward", 1, set_forwarding_everywhere},
    {"net.ipv4.conf.*.forwarding", 1, set_forwarding},
    {"net.ipv6.conf.*.forwarding", 1, set_forwarding_v6},
    {"net.ipv4.conf.*.rp_filter", 2, set_device<&DeviceSettings::rp_filter>},
    {"net.ipv4.conf.*.accept_local", 1, set_device<&DeviceSettings::accept_local>},
    {"net.ipv4.conf.*.route_localnet", 1, set_device<&DeviceSettings::route_localnet>},
    {"net.ipv4.conf.*.send_redirects", 1, set_device<&DeviceSettings::send_redirects>},
    {"net.ipv4.ip_default_ttl", 255, set_ttl},
    {"net.ipv4.icmp_errors_use_inbound_ifaddr", 1, set_inbound_address},
    {"net.ipv4.icmp_ratelimit", kAnyNumber, set_rate<&ErrorRates::icmp_ratelimit>},
    {"net.ipv4.icmp_ratemask", kAnyNumber, set_rate<&ErrorRates::icmp_ratemask>},
    {"net.ipv4.icmp_msgs_per_sec", kAnyNumber, set_rate<&ErrorRates::icmp_msgs_per_sec>},
    {"net.ipv4.icmp_msgs_burst", kAnyNumber, set_rate<&ErrorRates::icmp_msgs_burst>},
    {"net.ipv4.route.error_cost", kAnyNumber, set_rate<&ErrorRates::route_error_cost>},
    {"net.ipv4.route.error_burst", kAnyNumber, set_rate<&ErrorRates::route_error_burst>},
    {"net.ipv6.icmp.ratelimit", kAnyNumber, set_rate<&ErrorRates::icmpv6_ratelimit>},

    // Source routes are not followed, marks are not reflected, IPv6 is always there.
    {"net.ipv4.conf.*.accept_source_route", 0, nullptr},
    {"net.ipv6.conf.*.accept_source_route", 0, nullptr},
    {"net.ipv6.conf.*.disable_ipv6", 0, nullptr},
    {"net.ipv4.fwmark_reflect", 0, nullptr},
    {"net.ipv6.fwmark_reflect", 0, nullptr},
    {"net.ipv4.conf.*.bc_forwarding", 0, nullptr},
    {"net.ipv4.conf.*.promote_secondaries", 0, nullptr},

    // Neighbours, redirects and advertisements that the box would take, sockets, logs, bridges.
    {"net.ipv4.conf.*.accept_redirects", 1, nullptr},
    {"net.ipv4.conf.*.secure_redirects", 1, nullptr},
    {"net.ipv4.conf.*.shared_media", 1, nullptr},
    {"net.ipv4.conf.*.log_martians", 1, nullptr},
    {"net.ipv4.conf.*.arp_announce", 2, nullptr},
    {"net.ipv4.conf.*.arp_filter", 1, nullptr},
    {"net.ipv4.conf.*.arp_ignore", 8, nullptr},
    {"net.ipv4.conf.*.arp_notify", 1, nullptr},
    {"net.ipv4.conf.*.proxy_arp", 1, nullptr},
    {"net.ipv4.icmp_echo_ignore_all", 1, nullptr},
    {"net.ipv4.icmp_echo_ignore_broadcasts", 1, nullptr},
    {"net.ipv4.icmp_ignore_bogus_error_responses", 1, nullptr},
    {"net.ipv4.ip_local_port_range", kAnyText, nullptr},
    {"net.ipv4.ip_nonlocal_bind", 1, nullptr},
    {"net.ipv4.tcp_syncookies", 2, nullptr},
    {"net.ipv6.auto_flowlabels", 3, nullptr},
    {"net.ipv6.conf.*.accept_dad", 2, nullptr},
    {"net.ipv6.conf.*.accept_ra", 2, nullptr},
    {"net.ipv6.conf.*.accept_redirects", 1, nullptr},
    {"net.ipv6.conf.*.addr_gen_mode", 3, nullptr},
    {"net.ipv6.conf.*.autoconf", 1, nullptr},
    {"net.ipv6.conf.*.dad_transmits", kAnyNumber, nullptr},
    {"net.ipv6.conf.*.router_solicitations", kAnyNumber, nullptr},
    {"net.ipv6.conf.*.use_tempaddr", 2, nullptr},
    {"net.netfilter.nf_log.*", kAnyText, nullptr},
    {"net.netfilter.nf_log_all_netns", 1, nullptr},
    {"net.bridge.bridge-nf-call-iptables", 1, nullptr},
    {"net.bridge.bridge-nf-call-ip6tables", 1, nullptr},
};

/// The parts of a name. The separator that comes first separates; the other one stands for it
/// inside of a part, so that the device eth0.5 can be named (sysctl(8)).
std::vector<std::string> parts_of(std::string_view name) {
  const size_t first = name.find_first_of("./");
  const char separator = first == std::string_view::npos ? '.' : name[first];
  const char other = separator == '.' ? '/' : '.';
  std::vector<std::string> parts(1);
  for (const char c : name) {
    if (c == separator)
      parts.emplace_back();
    else
      parts.back() += c == other && separator == '.' ? '.' : c;
  }
  return parts;
}

/// Is it the sysctl of that name? `device` becomes what stands for '*'.
bool is_called(const Sysctl& sysctl, const std::vector<std::string>& parts, std::string& device) {
  std::string_view rest = sysctl.name;
  for (size_t i = 0; i < parts.size(); ++i) {
    const size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    if (part == "*")
      device = parts[i];
    else if (part != parts[i])
      return false;
    const bool last = dot == std::string_view::npos;
    if (last) return i + 1 == parts.size();
    rest.remove_prefix(dot + 1);
  }
  return false;
}

Status set(const Sysctl& sysctl, Target target, std::string_view name, std::string_view value) {
  if (sysctl.name.find(".conf.*.") != std::string_view::npos && target.device != "all" &&
      target.device != "default") {
    target.index = target.router.interfaces().find(target.device);
    if (target.index == 0)
      return Error{ENOENT, fmt::format("there is no device \"{}\"", target.device)};
  }
  if (sysctl.max == kAnyText) return {};
  const std::optional<uint32_t> number = parse_number(value, sysctl.max);
  if (!number && sysctl.max == 0)
    return Error{EINVAL, fmt::format("{} can only be 0 here, not \"{}\"", name, value)};
  if (!number)
    return Error{EINVAL,
                 fmt::format("{} takes a number up to {}, not \"{}\"", name, sysctl.max, value)};
  if (sysctl.set) sysctl.set(target, *number);
  return {};
}

}  // namespace

router::InputRules BoxSettings::input_rules(uint32_t device) const {
  DeviceSettings own;
  own.forwarding = all.forwarding;
  if (device < devices.size()) own = devices[device];
  router::InputRules rules;
  rules.forwards_v4 = own.forwarding;
  rules.forwards_v6 = forwards_v6;
  rules.rp_filter = std::max(own.rp_filter, all.rp_filter);
  rules.accept_local = own.accept_local || all.accept_local;
  rules.route_localnet = own.route_localnet || all.route_localnet;
  rules.send_redirects = own.send_redirects || all.send_redirects;
  return rules;
}

DeviceSettings& BoxSettings::of(uint32_t device) {
  if (device >= devices.size()) {
    DeviceSettings unsaid;
    unsaid.forwarding = all.forwarding;
    devices.resize(device + 1, unsaid);
  }
  return devices[device];
}

Status set_box_sysctl(BoxSettings& box, router::Router& router, std::string_view name,
                      std::string_view value) {
  const std::vector<std::string> parts = parts_of(name);
  Target target{box, router, {}};
  for (const Sysctl& sysctl : kSysctls)
    if (is_called(sysctl, parts, target.device)) return set(sysctl, target, name, value);
  return Error{ENOENT, fmt::format("there is no setting \"{}\" here; supported are those listed "
                                   "in ctwin-setup(5)",
                                   name)};
}

}  // namespace ctwin::setup
