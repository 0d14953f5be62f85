// The sysctls of the box beside conntrack's own: what a setup file can say of forwarding, of
// sources, and of the errors that are sent.
//
// A name is the kernel's. Those whose subject the engine does not have – sockets, neighbours,
// router advertisements – are taken and do nothing; any other is refused. The whole list, with what
// each does, is the table in box_settings.cc and in ctwin-setup(5).
//
// Two defaults are not the kernel's: the box forwards, since it is a router, and it sends no
// IPv4 redirects and limits no rates unless it is told to.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ctwin/result.h"
#include "router/input.h"
#include "router/router.h"

namespace ctwin::setup {

/// net.ipv4.conf.DEVICE.*
struct DeviceSettings {
  bool forwarding = true;
  uint8_t rp_filter = 0;
  bool accept_local = false;
  bool route_localnet = false;
  bool send_redirects = false;
};

/// How often errors are sent (icmpv4_xrlim_allow, icmpv4_global_allow, icmpv6_xrlim_allow).
struct ErrorRates {
  uint32_t icmp_ratelimit = 0;      ///< ms between errors to one address; 0: no limit
  uint32_t icmp_ratemask = 0x1818;  ///< 1 << type of those that it is for
  uint32_t icmp_msgs_per_sec = 0;   ///< to everybody together; 0: no limit
  uint32_t icmp_msgs_burst = 50;
  uint32_t icmpv6_ratelimit = 0;  ///< ms; 0: no limit
  uint32_t route_error_cost = 0;  ///< ticks of 4 ms for each error for want of a route; 0: no limit
  uint32_t route_error_burst = 1250;  ///< ticks that can be saved up for these
};

struct BoxSettings {
  DeviceSettings all;                   ///< what `all` says; how it counts depends on the setting
  DeviceSettings defaults;              ///< what devices made by `ip link add` begin with
  std::vector<DeviceSettings> devices;  ///< by index; those behind the end have said nothing
  bool forwards_v6 = true;              ///< net.ipv6.conf.all.forwarding
  ErrorRates rates;

  /// What holds for packets that come in by a device.
  router::InputRules input_rules(uint32_t device) const;
  /// The settings of a device, to change.
  DeviceSettings& of(uint32_t device);
  /// A device was made: it begins with `defaults`.
  void take_defaults(uint32_t device) { of(device) = defaults; }
};

/// Sets one by its name, with dots or with slashes. ENOENT for a name that is not known, EINVAL for
/// a value that is not supported.
Status set_box_sysctl(BoxSettings& box, router::Router& router, std::string_view name,
                      std::string_view value);

}  // namespace ctwin::setup
