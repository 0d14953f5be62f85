#include "nflog.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>

#include "backend/kernel.h"
#include "box.h"
#include "netlink/message.h"
#include "outputs.h"

namespace ctwin::test {

namespace {

constexpr uint32_t kDevices = 16;  ///< more than a namespace has here
constexpr uint32_t kWholePacket = 0xffff;
constexpr int kBuffer = 64 << 20;

/// Log lines end in a blank, SCTP's in a line feed as well; neither is part of the text.
std::string without_blanks(std::string_view text) {
  while (text.ends_with(' ') || text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text);
}

std::vector<std::string> device_names() {
  std::vector<std::string> names(kDevices);
  char name[IF_NAMESIZE];
  for (uint32_t i = 1; i < kDevices; ++i)
    if (if_indextoname(i, name)) names[i] = name;
  return names;
}

/// Of a packet without options or extension headers, as the box makes them.
void blank_tcp_checksum(Packet& packet) {
  if (packet.empty()) return;
  const bool six = packet[0] >> 4 == 6;
  const size_t proto_at = six ? 6 : 9, at = (six ? 40 : 20) + 16;
  if (packet.size() >= at + 2 && packet[proto_at] == IPPROTO_TCP) set16(packet, at, 0);
}

/// The group, and then how much of a packet is copied.
Status configure(Backend& socket, bool packets) {
  netlink::MessageWriter request(128);
  netlink::AttrWriter attrs =
      request.begin(NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG, NLM_F_REQUEST, 1, AF_UNSPEC);
  attrs.put<uint8_t>(NFULA_CFG_CMD, NFULNL_CFG_CMD_BIND);
  const uint8_t copy = packets ? NFULNL_COPY_PACKET : NFULNL_COPY_NONE;
  const nfulnl_msg_config_mode mode{htonl(kWholePacket), copy, 0};
  attrs.put_bytes(NFULA_CFG_MODE, std::as_bytes(std::span(&mode, 1)));
  attrs.put<uint32_t>(NFULA_CFG_QTHRESH, 1);
  request.end(attrs);
  return socket.send(request.bytes());
}

}  // namespace

std::string log_text(const LoggedPacket& logged) {
  Packet packet = without_error_id(logged.bytes);
  if (logged.in.empty()) blank_tcp_checksum(packet);
  return fmt::format("{} IN={} OUT={} MARK={:#x} {:02x}", without_blanks(logged.prefix), logged.in,
                     logged.out, logged.mark, fmt::join(packet, ""));
}

bool same_log(const std::string& kernel, const std::string& engine) {
  if (kernel == engine) return true;
  if (!engine.ends_with(kMayBeCut) || engine.size() <= kernel.size()) return false;
  std::string theirs = kernel, ours = engine.substr(0, kernel.size());
  // Without the ICMP header nobody knows that the IP id and with it the checksum were drawn.
  constexpr size_t kIpv4Header = 40, kId = 8, kChecksum = 20, kField = 4;  // in hex digits
  const size_t at = kernel.rfind(' ') + 1, size = kernel.size() - at;
  if (size <= kIpv4Header && kernel[at] == '4')
    for (std::string* text : {&theirs, &ours})
      for (const size_t field : {kId, kChecksum})
        for (size_t i = at + field; i < std::min(at + field + kField, text->size()); ++i)
          (*text)[i] = '.';
  return theirs == ours;
}

Result<std::unique_ptr<Nflog>> Nflog::open(const NetworkNamespace& space, bool packets) {
  const InsideNamespace stay(space.fd());
  for (const char* family : {"2", "10"}) {
    const std::string path = std::string("/proc/sys/net/netfilter/nf_log/") + family;
    if (Status status = write_text(path, "nfnetlink_log"); !status.ok()) return status.error();
  }
  auto opened = backend::kernel_source()->open();
  if (!opened) return opened.error();
  const int fd = (*opened)->fd();
  fcntl(fd, F_SETFL, O_NONBLOCK);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kBuffer, sizeof kBuffer);
  if (Status status = configure(**opened, packets); !status.ok()) return status.error();
  return std::unique_ptr<Nflog>(new Nflog(std::move(*opened), packets, device_names()));
}

Status Nflog::read(std::vector<std::string>& logs) {
  std::vector<MessageBytes> messages;
  if (Status status = read_events(*socket_, messages); !status.ok()) return status;
  for (const MessageBytes& bytes : messages) {
    netlink::MessageReader reader(bytes);
    netlink::Message message;
    if (!reader.next(message) || message.is_error() || message.is_done()) continue;
    LoggedPacket logged;
    netlink::AttrReader attrs(message.attributes());
    netlink::Attr attr;
    const auto device = [&] {
      const uint32_t index = attr.be<uint32_t>();
      return index < kDevices ? devices_[index] : std::string("?");
    };
    while (attrs.next(attr)) {
      if (attr.type == NFULA_PREFIX) logged.prefix = attr.text();
      if (attr.type == NFULA_IFINDEX_INDEV) logged.in = device();
      if (attr.type == NFULA_IFINDEX_OUTDEV) logged.out = device();
      if (attr.type == NFULA_MARK) logged.mark = attr.be<uint32_t>();
      if (attr.type != NFULA_PAYLOAD) continue;
      const auto* data = reinterpret_cast<const uint8_t*>(attr.payload.data());
      logged.bytes.assign(data, data + attr.payload.size());
    }
    logs.push_back(packets_ ? log_text(logged) : without_blanks(logged.prefix));
  }
  return {};
}

}  // namespace ctwin::test
