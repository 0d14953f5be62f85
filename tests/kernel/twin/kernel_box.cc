#include "kernel_box.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "backend/kernel.h"
#include "ctnetlink/uapi.h"
#include "netlink/message.h"
#include "step.h"

namespace ctwin::test {

namespace {

constexpr size_t kLargestPacket = 1 << 16;
constexpr int kEventBuffer = 256 << 20;
constexpr int kMarkerLimitMs = 5000;

Error failed(const std::string& what) {
  return {errno, "cannot " + what + ": " + std::strerror(errno)};
}

/// Before the devices exist, as each takes a copy.
constexpr std::pair<const char*, const char*> kQuiet[] = {
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

/// Log lines end in a blank, SCTP's in a line feed as well; neither is part of the text.
std::string without_blanks(std::string_view text) {
  while (text.ends_with(' ') || text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text);
}

Status stay_on_this_cpu() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<size_t>(sched_getcpu()), &cpus);
  if (sched_setaffinity(0, sizeof cpus, &cpus) < 0) return failed("stay on one CPU");
  return {};
}

}  // namespace

Result<std::unique_ptr<KernelBox>> KernelBox::create(const Sysctls& sysctls) {
  auto space = NetworkNamespace::create();
  if (!space) return space.error();
  std::unique_ptr<KernelBox> box(new KernelBox(std::move(*space)));
  if (Status status = stay_on_this_cpu(); !status.ok()) return status.error();
  if (Status status = box->set_sysctls(sysctls); !status.ok()) return status.error();
  if (Status status = box->open_devices(); !status.ok()) return status.error();
  if (Status status = box->open_listener(); !status.ok()) return status.error();
  if (Status status = box->configure(); !status.ok()) return status.error();
  for (const auto& [name, value] : sysctls)
    if (name == "nf_conntrack_log_invalid")
      if (Status status = box->open_log(); !status.ok()) return status.error();
  return box;
}

Status KernelBox::set_sysctls(const Sysctls& sysctls) {
  return space_.inside([&]() -> Status {
    for (const auto& [name, value] : kQuiet)
      if (Status status = write_text(std::string("/proc/sys/") + name, value); !status.ok())
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
    devices_[i] = OwnedFd(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (devices_[i].get() < 0) return failed("open /dev/net/tun");
    ifreq request{};
    std::strcpy(request.ifr_name, i == 0 ? "tl" : "tr");
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (ioctl(devices_[i].get(), TUNSETIFF, &request) < 0) return failed("make a TUN device");
  }
  return {};
}

Status KernelBox::open_listener() {
  const InsideNamespace stay(space_.fd());
  const auto source = backend::kernel_source();
  for (std::unique_ptr<Backend>* socket : {&listener_, &client_}) {
    auto opened = source->open();
    if (!opened) return opened.error();
    *socket = std::move(*opened);
  }
  const int fd = listener_->fd();
  fcntl(fd, F_SETFL, O_NONBLOCK);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kEventBuffer, sizeof kEventBuffer);
  return listener_->join(ctnetlink::kConntrackGroups);
}

/// Has the kernel's log of both families go to NFLOG's group 0, and joins it.
Status KernelBox::open_log() {
  const InsideNamespace stay(space_.fd());
  for (const char* family : {"2", "10"}) {
    const std::string path = std::string("/proc/sys/net/netfilter/nf_log/") + family;
    if (Status status = write_text(path, "nfnetlink_log"); !status.ok()) return status;
  }
  auto opened = backend::kernel_source()->open();
  if (!opened) return opened.error();
  log_ = std::move(*opened);
  netlink::MessageWriter request(128);
  netlink::AttrWriter attrs =
      request.begin(NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG, NLM_F_REQUEST, 1, AF_UNSPEC);
  attrs.put<uint8_t>(NFULA_CFG_CMD, NFULNL_CFG_CMD_BIND);
  const nfulnl_msg_config_mode mode{0, NFULNL_COPY_NONE, 0};
  attrs.put_bytes(NFULA_CFG_MODE, std::as_bytes(std::span(&mode, 1)));
  attrs.put<uint32_t>(NFULA_CFG_QTHRESH, 1);
  request.end(attrs);
  fcntl(log_->fd(), F_SETFL, O_NONBLOCK);
  return log_->send(request.bytes());
}

Status KernelBox::read_logs(Record& record) {
  std::vector<MessageBytes> messages;
  if (Status status = read_events(*log_, messages); !status.ok()) return status;
  for (const MessageBytes& bytes : messages) {
    netlink::MessageReader reader(bytes);
    netlink::Message message;
    if (!reader.next(message)) continue;
    netlink::AttrReader attrs(message.attributes());
    netlink::Attr attr;
    while (attrs.next(attr))
      if (attr.type == NFULA_PREFIX) record.logs.push_back(without_blanks(attr.text()));
  }
  return {};
}

Status KernelBox::configure() {
  const auto ended = run({"/bin/sh", {"sh", "-c", kConfiguration}, {}, true}, space_);
  if (!ended) return ended.error();
  if (ended->exit_code != 0) return Error{EPERM, "cannot set up the router: " + ended->errors};
  return {};
}

Status KernelBox::write_packet(Side side, PacketView packet) {
  // Nothing comes of a packet that is too short for its version; TUN refuses it itself.
  const ssize_t written = write(device(side), packet.data(), packet.size());
  if (written < 0 && errno != EINVAL) return failed("write to a TUN device");
  return {};
}

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
      record.outputs.emplace_back(packet.begin(), packet.end());
      if (side == record.side) return Error{EPROTO, "a packet came back where it had come from"};
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
  if (Status status = write_packet(record.side, record.packet); !status.ok()) return status;
  const Result<bool> read = read_outputs(record);
  if (!read) return read.error();
  if (record.outputs.empty())
    if (Status status = await_marker(record); !status.ok()) return status;
  record.tick_crossed = jiffies_.now() != record.time;
  if (log_)
    if (Status status = read_logs(record); !status.ok()) return status;
  return read_events(*listener_, record.events);
}

Status KernelBox::finish(Recording& recording) {
  Record rest;
  if (Status status = await_marker(rest); !status.ok()) return status;
  if (!rest.outputs.empty()) return Error{EPROTO, "a packet came out too late"};
  jiffies_.avoid_tick();
  recording.end_time = jiffies_.now();
  recording.exact_ticks = jiffies_.exact();
  if (Status status = read_table(*client_, recording.table); !status.ok()) return status;
  if (Status status = read_counters(*client_, recording.counters); !status.ok()) return status;
  return read_events(*listener_, recording.late_events);
}

}  // namespace ctwin::test
