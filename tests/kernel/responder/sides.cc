#include "sides.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "../namespace.h"
#include "base/posix.h"
#include "conntrack/settings.h"
#include "conntrack/tracker.h"
#include "ctnetlink/uapi.h"
#include "engine/responder.h"
#include "netlink/message.h"

namespace ctwin::test {

using netlink::Attr;
using netlink::AttrReader;
using netlink::Message;
using netlink::MessageReader;

namespace {

constexpr size_t kBufferBytes = 1 << 16;

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return text;
}

/// Attributes as `type{…}` and `type=hex`, blanked where they may differ.
std::string attrs_text(std::span<const std::byte> bytes, bool top, std::optional<uint32_t>& timeout,
                       bool blank = false) {
  std::string text;
  AttrReader reader(bytes);
  for (Attr attr; reader.next(attr);) {
    const bool time = attr.type == CTA_TIMESTAMP || attr.type == kTimestampEventAttr;
    text += fmt::format(" {}", attr.type);
    if (attr.nested) {
      text += fmt::format("{{{}}}", attrs_text(attr.payload, false, timeout, top && time));
    } else if (top && attr.type == CTA_TIMEOUT) {
      timeout = attr.be<uint32_t>();
      text += "=T";
    } else if (blank || (top && (time || attr.type == CTA_ID))) {
      text += fmt::format("={}*", attr.payload.size());
    } else {
      text += "=" + hex(attr.payload);
    }
  }
  return reader.malformed() ? text + " MALFORMED" : text;
}

std::string control_text(const Message& message) {
  if (message.is_done())
    return fmt::format("done {} flags {:#x} seq {}", message.error_code(),
                       message.header.nlmsg_flags, message.header.nlmsg_seq);
  nlmsghdr inner{};
  std::memcpy(&inner, message.body.data() + sizeof(int32_t), sizeof inner);
  return fmt::format("error {} ({}) flags {:#x} seq {} to type {:#x} flags {:#x} length {}",
                     message.error_code(), std::strerror(message.error_code()),
                     message.header.nlmsg_flags, message.header.nlmsg_seq, inner.nlmsg_type,
                     inner.nlmsg_flags, inner.nlmsg_len);
}

bool is_flow(const Message& message) {
  return message.header.nlmsg_type == conntrack_type(IPCTNL_MSG_CT_NEW) ||
         message.header.nlmsg_type == conntrack_type(IPCTNL_MSG_CT_DELETE);
}

/// What names an entry: the attributes of its original tuple and zone as they are.
Bytes name_of(std::span<const std::byte> attributes) {
  Bytes name;
  AttrReader reader(attributes);
  for (Attr attr; reader.next(attr);)
    if (attr.type == CTA_TUPLE_ORIG || attr.type == CTA_ZONE)
      name.insert(name.end(), attr.payload.begin(), attr.payload.end());
  return name;
}

/// Turns datagrams into text.
class Transcript {
 public:
  explicit Transcript(uint32_t own_port_id) : own_port_id_(own_port_id) {}

  void add(const Message& message) {
    if (message.is_error() || message.is_done())
      said_.push_back({control_text(message), {}});
    else if (is_stats(message))
      add_stats(message);
    else
      add_answer(message);
  }
  std::vector<Said> take() { return std::move(said_); }

 private:
  static bool is_stats(const Message& message) {
    return message.header.nlmsg_type == conntrack_type(IPCTNL_MSG_CT_GET_STATS_CPU) ||
           message.header.nlmsg_type == conntrack_type(IPCTNL_MSG_EXP_GET_STATS_CPU) ||
           message.header.nlmsg_type == expect_type(IPCTNL_MSG_EXP_GET_STATS_CPU);
  }

  /// Counters are answered one CPU at a time; only their sum is comparable.
  void add_stats(const Message& message) {
    if (sums_.empty()) said_.emplace_back();
    AttrReader reader(message.attributes());
    size_t at = 0;
    for (Attr attr; reader.next(attr); ++at) {
      if (sums_.size() <= at) sums_.emplace_back(attr.type, 0);
      if (attr.type != CTA_STATS_SEARCH_RESTART) sums_[at].second += attr.be<uint32_t>();
    }
    std::string& text = said_.back().text;
    text = fmt::format("stats {:#x} flags {:#x}", message.header.nlmsg_type,
                       message.header.nlmsg_flags);
    for (const auto& [type, sum] : sums_) text += fmt::format(" {}={}", type, sum);
  }

  void add_answer(const Message& message) {
    const nlmsghdr& header = message.header;
    const nfgenmsg generic = message.nfgen();
    const bool mine = header.nlmsg_pid == own_port_id_;
    Said line;
    line.text = fmt::format("type {:#x} flags {:#x} seq {} from {} family {} version {} res {}:{}",
                            header.nlmsg_type, header.nlmsg_flags, header.nlmsg_seq,
                            mine ? "me" : fmt::to_string(header.nlmsg_pid), generic.nfgen_family,
                            generic.version, ntohs(generic.res_id),
                            attrs_text(message.attributes(), is_flow(message), line.timeout));
    said_.push_back(std::move(line));
  }

  uint32_t own_port_id_;
  std::vector<Said> said_;
  std::vector<std::pair<uint16_t, uint64_t>> sums_;
};

}  // namespace

// ---- what both have in common ----

Outcome Side::ask(const Bytes& datagram, bool look_at_table) {
  Outcome outcome;
  send(with_real_id(datagram));
  outcome.answers = read_all(false);
  if (look_at_table) {
    send(message({conntrack_type(IPCTNL_MSG_CT_GET), NLM_F_DUMP, AF_UNSPEC}, {}, 0x7ab1e));
    outcome.table = read_all(false);
  }
  outcome.events = read_all(true);
  return outcome;
}

void Side::clear() {
  send(message({conntrack_type(IPCTNL_MSG_CT_DELETE), 0, AF_UNSPEC}, {}));
  read_all(false);
  read_all(true);
}

std::vector<Said> Side::read_all(bool listener) {
  Transcript transcript(port_id());
  for (Bytes datagram = receive(listener); !datagram.empty(); datagram = receive(listener)) {
    MessageReader reader(datagram);
    for (Message message; reader.next(message);) {
      transcript.add(message);
      if (is_flow(message)) learn_id(message.attributes());
    }
  }
  return transcript.take();
}

void Side::learn_id(std::span<const std::byte> attributes) {
  AttrReader reader(attributes);
  for (Attr attr; reader.next(attr);)
    if (attr.type == CTA_ID) ids_[name_of(attributes)] = attr.be<uint32_t>();
}

Bytes Side::with_real_id(Bytes datagram) const {
  Message message;
  MessageReader messages(datagram);
  if (!messages.next(message)) return datagram;
  const auto known = ids_.find(name_of(message.attributes()));
  if (known == ids_.end()) return datagram;
  AttrReader reader(message.attributes());
  for (Attr attr; reader.next(attr);) {
    if (attr.type != CTA_ID || attr.be<uint32_t>() != kAnyEntry) continue;
    const uint32_t id = htonl(known->second);
    std::memcpy(const_cast<std::byte*>(attr.payload.data()), &id, sizeof id);
  }
  return datagram;
}

// ---- the kernel ----

namespace {

Error failed(const char* what) {
  return {errno, fmt::format("cannot {}: {}", what, std::strerror(errno))};
}

/// A netfilter socket with room for everything.
Result<UniqueFd> open_socket(bool listener) {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (fd.get() < 0) return failed("open a netlink socket");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
    return failed("bind a netlink socket");
  const int room = 64 << 20, on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  if (!listener) return fd;
  for (const int group :
       {NFNLGRP_CONNTRACK_NEW, NFNLGRP_CONNTRACK_UPDATE, NFNLGRP_CONNTRACK_DESTROY,
        NFNLGRP_CONNTRACK_EXP_NEW, NFNLGRP_CONNTRACK_EXP_DESTROY})
    if (setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
      return failed("join a group");
  return fd;
}

class KernelSide final : public Side {
 public:
  KernelSide(NetworkNamespace where, UniqueFd requester, UniqueFd listener)
      : where_(std::move(where)), requester_(std::move(requester)), listener_(std::move(listener)) {
    sockaddr_nl address{};
    socklen_t size = sizeof address;
    getsockname(requester_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_id_ = address.nl_pid;
  }

 protected:
  void send(const Bytes& datagram) override {
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    sendto(requester_.get(), datagram.data(), datagram.size(), 0,
           reinterpret_cast<sockaddr*>(&kernel), sizeof kernel);
  }
  Bytes receive(bool listener) override {
    Bytes buffer(kBufferBytes);
    const int fd = listener ? listener_.get() : requester_.get();
    const ssize_t size = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    buffer.resize(size < 0 ? 0 : static_cast<size_t>(size));
    return buffer;
  }
  uint32_t port_id() const override { return port_id_; }

 private:
  NetworkNamespace where_;
  UniqueFd requester_;
  UniqueFd listener_;
  uint32_t port_id_ = 0;
};

// ---- the engine ----

uint32_t kernels_maximum() {
  return static_cast<uint32_t>(std::stoul(read_text("/proc/sys/net/netfilter/nf_conntrack_max")));
}

conntrack::Settings engine_settings(const SideOptions& options) {
  conntrack::Settings settings;
  settings.acct = options.acct;
  settings.timestamp = options.timestamp;
  settings.max_entries = kernels_maximum();
  return settings;
}

class EngineSide final : public Side {
 public:
  explicit EngineSide(const SideOptions& options)
      : settings_(engine_settings(options)),
        tracker_(settings_, 1 << 16, 1),
        nat_(tracker_),
        responder_(tracker_, nat_) {
    requester_ = responder_.connect();
    listener_ = responder_.connect();
    responder_.join(listener_, ctnetlink::kConntrackGroups | ctnetlink::kExpectGroups);
  }

 protected:
  void send(const Bytes& datagram) override {
    tracker_.advance(wall_clock_ns());
    responder_.request(requester_, datagram);
  }
  Bytes receive(bool listener) override {
    Bytes buffer(kBufferBytes);
    const auto datagram = responder_.receive(listener ? listener_ : requester_, buffer);
    buffer.resize(datagram.ok() ? datagram->size() : 0);
    return buffer;
  }
  uint32_t port_id() const override { return requester_; }

 private:
  conntrack::Settings settings_;
  conntrack::Tracker tracker_;
  nat::Nat nat_;
  engine::Responder responder_;
  engine::Responder::PortId requester_ = 0;
  engine::Responder::PortId listener_ = 0;
};

/// A walk over the table goes by its slots, whose order is nobody's promise: its messages are
/// sorted among the places that they take.
void sort_walk(std::vector<Said>& said, const char* prefix) {
  std::vector<Said> walk;
  for (const Said& line : said)
    if (line.text.starts_with(prefix)) walk.push_back(line);
  std::sort(walk.begin(), walk.end(), [](const Said& a, const Said& b) { return a.text < b.text; });
  auto next = walk.begin();
  for (Said& line : said)
    if (line.text.starts_with(prefix)) line = *next++;
}

std::string list_difference(const char* title, std::vector<Said>& kernel,
                            std::vector<Said>& engine) {
  for (std::vector<Said>* said : {&kernel, &engine})
    for (const char* prefix : {"type 0x100 flags 0x2 ", "type 0x100 flags 0x22 ", "type 0x102 "})
      sort_walk(*said, prefix);
  std::string text;
  for (size_t i = 0; i < std::max(kernel.size(), engine.size()); ++i) {
    static const Said kNothing{"nothing", {}};
    const Said& theirs = i < kernel.size() ? kernel[i] : kNothing;
    const Said& ours = i < engine.size() ? engine[i] : kNothing;
    const bool near = theirs.timeout.has_value() == ours.timeout.has_value() &&
                      ours.timeout.value_or(0) - theirs.timeout.value_or(0) + 1 <= 2;
    if (theirs.text == ours.text && near) continue;
    text +=
        fmt::format("  {} {}\n    kernel: {} T={}\n    engine: {} T={}\n", title, i, theirs.text,
                    theirs.timeout.value_or(0), ours.text, ours.timeout.value_or(0));
  }
  return text;
}

}  // namespace

Result<std::unique_ptr<Side>> kernel_side(const SideOptions& options) {
  Result<NetworkNamespace> where = NetworkNamespace::create();
  if (!where) return where.error();
  const std::pair<const char*, bool> sysctls[] = {{"acct", options.acct},
                                                  {"timestamp", options.timestamp}};
  for (const auto& [name, value] : sysctls) {
    const std::string path = std::string("net/netfilter/nf_conntrack_") + name;
    if (Status set = where->set_sysctl(path, value ? "1" : "0"); !set) return set.error();
  }
  return where->inside([&]() -> Result<std::unique_ptr<Side>> {
    Result<UniqueFd> requester = open_socket(false), listener = open_socket(true);
    if (!requester) return requester.error();
    if (!listener) return listener.error();
    return std::unique_ptr<Side>(std::make_unique<KernelSide>(
        std::move(*where), std::move(*requester), std::move(*listener)));
  });
}

std::unique_ptr<Side> engine_side(const SideOptions& options) {
  return std::make_unique<EngineSide>(options);
}

std::string difference(Outcome kernel, Outcome engine) {
  return list_difference("answer", kernel.answers, engine.answers) +
         list_difference("event", kernel.events, engine.events) +
         list_difference("table", kernel.table, engine.table);
}

}  // namespace ctwin::test
