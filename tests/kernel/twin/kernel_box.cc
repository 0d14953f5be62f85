#include "kernel_box.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "backend/kernel.h"
#include "ctnetlink/uapi.h"
#include "sequence.h"
#include "step.h"
#include "words.h"

namespace ctwin::test {

namespace {

constexpr size_t kLargestPacket = 1 << 16;
constexpr int kEventBuffer = 256 << 20;
constexpr int kMarkerLimitMs = 5000;

Error failed(const std::string& what) {
  return {errno, "cannot " + what + ": " + std::strerror(errno)};
}

using SysctlValue = std::pair<const char*, const char*>;

/// Before the devices exist, as each takes a copy.
constexpr SysctlValue kQuiet[] = {
    {"net/ipv6/conf/default/addr_gen_mode", "1"},  // no link-local address, so no chatter
    {"net/ipv6/conf/all/addr_gen_mode", "1"},
    {"net/ipv6/conf/default/accept_ra", "0"},
    {"net/ipv6/conf/default/autoconf", "0"},
    {"net/ipv6/conf/default/router_solicitations", "0"},
    {"net/ipv6/conf/default/accept_dad", "0"},
    {"net/ipv6/conf/default/dad_transmits", "0"},
    {"net/ipv4/conf/all/rp_filter", "0"},
    {"net/ipv4/conf/default/rp_filter", "0"},
    {"net/ipv4/conf/all/send_redirects", "0"},
    {"net/ipv4/conf/default/send_redirects", "0"},
    {"net/ipv4/icmp_ratelimit", "0"},
    {"net/ipv4/icmp_msgs_per_sec", "100000000"},
    {"net/ipv4/icmp_msgs_burst", "100000000"},
    {"net/ipv6/icmp/ratelimit", "0"},
    {"net/ipv6/auto_flowlabels", "0"},  // drawn
};
constexpr SysctlValue kForwarding[] = {
    {"net/ipv4/ip_forward", "1"},
    {"net/ipv6/conf/all/forwarding", "1"},
};

// Routing by the device of entry alone takes every address. A rule that asks for a state is what
// makes the kernel track; it lets everything pass.
constexpr const char* kConfiguration = R"(set -e
ip link set tl up
ip link set tr up
ip -batch - <<END
rule add iif tl lookup 101
rule add iif tr lookup 102
route add default dev tr table 101
route add default dev tl table 102
END
ip -6 -batch - <<END
rule add iif tl lookup 101
rule add iif tr lookup 102
route add default dev tr table 101
route add default dev tl table 102
END
for family in iptables ip6tables; do
  $family-legacy-restore <<END
*filter
-A FORWARD -m conntrack --ctstate INVALID -j ACCEPT
COMMIT
END
done
)";

// Before the setup. IPv6 forwarding has a multicast device join the routers' group, and then tell
// about it through the rules' chains: so the devices become multicast ones only afterwards. The
// chain at INPUT is there before conntrack's hook of the same priority, which therefore comes
// first.
constexpr const char* kRouterDevices = R"(set -e
for device in tl tr; do
  tc qdisc replace dev $device root noqueue
  ip link set $device multicast off
done
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
for device in tl tr; do
  ip link set $device multicast on up
done
nft 'table inet last { chain input { type filter hook input priority 2147483647; policy drop; }; }'
)";

/// What the setup calls iptables is iptables-legacy.
constexpr const char* kSetupHead = "set -e\nPATH=" CTWIN_LEGACY_TOOLS ":$PATH\n";

const Packet& marker() {
  static const Packet packet = *parse_packet_text("icmp6 [fdff::1] [fdff::2] type=143");
  return packet;
}

/// Of the kernel's own: multicast listener reports, which come even where nobody asks.
bool is_chatter(PacketView packet) {
  return packet.size() >= 40 && packet[0] >> 4 == 6 && packet[24] == 0xff;
}

bool is_marker(PacketView packet) {
  return packet.size() == marker().size() &&
         std::equal(packet.begin() + 8, packet.end(), marker().begin() + 8);
}

std::string joined(const SetupLines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

/// Without the lines that name program and time.
std::string without_comments(std::string_view text) {
  std::string result;
  for (const std::string_view line : split(text, '\n'))
    if (!line.empty() && line.front() != '#') result.append(line).append("\n");
  return result;
}

Status stay_on_this_cpu() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<size_t>(sched_getcpu()), &cpus);
  if (sched_setaffinity(0, sizeof cpus, &cpus) < 0) return failed("stay on one CPU");
  return {};
}

}  // namespace

Result<std::unique_ptr<KernelBox>> KernelBox::create(const Sysctls& sysctls,
                                                     const SetupLines& setup) {
  auto space = NetworkNamespace::create();
  if (!space) return space.error();
  std::unique_ptr<KernelBox> box(new KernelBox(std::move(*space), !setup.empty()));
  const auto logs = [&] {
    return std::ranges::any_of(
        sysctls, [](const auto& sysctl) { return sysctl.first == "nf_conntrack_log_invalid"; });
  };
  Status status = stay_on_this_cpu();
  if (status.ok()) status = box->set_sysctls(sysctls);
  if (status.ok()) status = box->open_devices();
  if (status.ok()) status = box->open_listener();
  if (status.ok() && box->routes_) status = box->run_text(kRouterDevices);
  if (status.ok() && (box->routes_ || logs())) {
    auto log = Nflog::open(box->space_, box->routes_);
    if (!log) return log.error();
    box->log_ = std::move(*log);
  }
  if (status.ok())
    status = box->run_text(box->routes_ ? kSetupHead + joined(setup) : kConfiguration);
  if (!status.ok()) return status.error();
  return box;
}

Status KernelBox::set_sysctls(const Sysctls& sysctls) {
  const auto set = [](std::span<const SysctlValue> values) -> Status {
    for (const auto& [name, value] : values)
      if (Status status = write_text(std::string("/proc/sys/") + name, value); !status.ok())
        return status;
    return {};
  };
  return space_.inside([&]() -> Status {
    if (Status status = set(kQuiet); !status.ok()) return status;
    if (Status status = set(std::span(kForwarding).first(routes_ ? 1 : 2)); !status.ok())
      return status;
    for (const auto& [name, value] : sysctls)
      if (Status status = write_text("/proc/sys/net/netfilter/" + name, value); !status.ok())
        return status;
    return {};
  });
}

Status KernelBox::open_devices() {
  const InsideNamespace stay(space_.fd());
  for (size_t i = 0; i < 2; ++i) {
    devices_[i] = UniqueFd(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (devices_[i].get() < 0) return failed("open /dev/net/tun");
    ifreq request{};
    std::strcpy(request.ifr_name, i == 0 ? "tl" : "tr");
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (ioctl(devices_[i].get(), TUNSETIFF, &request) < 0) return failed("make a TUN device");
  }
  return {};
}

Result<std::unique_ptr<Backend>> KernelBox::connect() {
  const InsideNamespace stay(space_.fd());
  return backend::kernel_source()->open();
}

Status KernelBox::open_listener() {
  for (std::unique_ptr<Backend>* socket : {&listener_, &client_}) {
    auto opened = connect();
    if (!opened) return opened.error();
    *socket = std::move(*opened);
  }
  const int fd = listener_->fd();
  fcntl(fd, F_SETFL, O_NONBLOCK);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kEventBuffer, sizeof kEventBuffer);
  return listener_->join(ctnetlink::kConntrackGroups);
}

Status KernelBox::run_text(const std::string& text) {
  const auto ended = run({"/bin/sh", {"sh", "-c", text}, {}, true}, space_);
  if (!ended) return ended.error();
  if (ended->exit_code != 0)
    return Error{routes_ ? kSetupRefused : EPERM, "cannot set up the router: " + ended->errors};
  return {};
}

Status KernelBox::read_rules(std::string& rules) {
  constexpr const char* kSave = "set -e\niptables-legacy-save -c\nip6tables-legacy-save -c\n";
  const auto ended = run({"/bin/sh", {"sh", "-c", kSave}, {}, true}, space_);
  if (!ended) return ended.error();
  if (ended->exit_code != 0) return Error{EPERM, "cannot save the rules: " + ended->errors};
  rules = without_comments(ended->output);
  return {};
}

Status KernelBox::write_packet(Side side, PacketView packet) {
  // Nothing comes of a packet that is too short for its version; TUN refuses it itself.
  const ssize_t written = write(device(side), packet.data(), packet.size());
  if (written < 0 && errno != EINVAL) return failed("write to a TUN device");
  return {};
}

Status KernelBox::send_packet(PacketView packet) {
  const bool six = packet[0] >> 4 == 6;
  const InsideNamespace stay(space_.fd());
  const UniqueFd socket_fd(
      socket(six ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW));
  if (socket_fd.get() < 0) return failed("open a raw socket");
  sockaddr_in6 to6{};
  to6.sin6_family = AF_INET6;
  sockaddr_in to4{};
  to4.sin_family = AF_INET;
  std::memcpy(six ? static_cast<void*>(&to6.sin6_addr) : &to4.sin_addr,
              packet.data() + (six ? 24 : 16), six ? 16 : 4);
  const sockaddr* to =
      six ? reinterpret_cast<const sockaddr*>(&to6) : reinterpret_cast<const sockaddr*>(&to4);
  const ssize_t sent =
      sendto(socket_fd.get(), packet.data(), packet.size(), 0, to, six ? sizeof to6 : sizeof to4);
  // What rules drop, and what has nowhere to go, the kernel reports to the sender.
  const bool dropped = errno == EPERM || errno == ENETUNREACH || errno == EHOSTUNREACH ||
                       errno == EMSGSIZE || errno == EACCES || errno == EINVAL;
  if (sent < 0 && !dropped) return failed("send by a raw socket");
  return {};
}

Status KernelBox::change(const std::string& line) { return run_text(kSetupHead + line); }

Result<bool> KernelBox::read_outputs(Record& record) {
  static thread_local Packet buffer(kLargestPacket);
  bool seen = false;
  for (const Side side : {Side::kLeft, Side::kRight}) {
    while (true) {
      const ssize_t size = read(device(side), buffer.data(), buffer.size());
      if (size < 0 && errno == EAGAIN) break;
      if (size < 0) return failed("read from a TUN device");
      const PacketView packet(buffer.data(), static_cast<size_t>(size));
      if (is_chatter(packet)) continue;
      if (is_marker(packet)) {
        seen = true;
        continue;
      }
      const bool returned = side == record.side;
      (returned ? record.returned : record.outputs).emplace_back(packet.begin(), packet.end());
      if (returned && !routes_) return Error{EPROTO, "a packet came back where it had come from"};
    }
  }
  return seen;
}

Status KernelBox::await_marker(Record& record) {
  if (Status status = write_packet(record.side, marker()); !status.ok()) return status;
  while (true) {
    const Result<bool> seen = read_outputs(record);
    if (!seen) return seen.error();
    if (*seen) return {};
    pollfd out{device(across(record.side)), POLLIN, 0};
    if (poll(&out, 1, kMarkerLimitMs) != 1) return Error{ETIMEDOUT, "the marker was lost"};
  }
}

Status KernelBox::inject(Record& record) {
  jiffies_.avoid_tick();
  record.time = jiffies_.now();
  if (Status status =
          record.outbound ? send_packet(record.packet) : write_packet(record.side, record.packet);
      !status.ok())
    return status;
  const Result<bool> read = read_outputs(record);
  if (!read) return read.error();
  if (record.outputs.empty() && !routes_)
    if (Status status = await_marker(record); !status.ok()) return status;
  record.tick_crossed = jiffies_.now() != record.time;
  if (log_)
    if (Status status = log_->read(record.logs); !status.ok()) return status;
  return read_events(*listener_, record.events);
}

Status KernelBox::finish(Recording& recording) {
  Record rest;
  if (routes_) {
    if (const auto read = read_outputs(rest); !read) return read.error();
    if (Status status = read_rules(recording.rules); !status.ok()) return status;
  } else if (Status status = await_marker(rest); !status.ok()) {
    return status;
  }
  if (!rest.outputs.empty() || !rest.returned.empty())
    return Error{EPROTO, "a packet came out too late"};
  jiffies_.avoid_tick();
  recording.end_time = jiffies_.now();
  recording.exact_ticks = jiffies_.exact();
  if (Status status = read_table(*client_, recording.table); !status.ok()) return status;
  if (Status status = read_counters(*client_, recording.counters); !status.ok()) return status;
  return read_events(*listener_, recording.late_events);
}

}  // namespace ctwin::test
