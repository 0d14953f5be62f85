#include "workload.h"

#include <linux/netlink.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>

#include "ctnetlink/flow_codec.h"
#include "ctnetlink/uapi.h"
#include "netlink/message.h"

namespace ctwin::bench {

using netlink::AttrWriter;
using netlink::Message;
using netlink::MessageReader;
using netlink::MessageWriter;
using test::NetworkNamespace;

namespace {

constexpr size_t kDatagramBytes = 1 << 16;
constexpr size_t kRequestsOfDatagram = 256;

Address address(unsigned a, unsigned b, unsigned c, unsigned d) {
  Address result;
  result.family = AF_INET;
  unsigned at = 0;
  for (const unsigned byte : {a, b, c, d}) result.bytes[at++] = static_cast<uint8_t>(byte);
  return result;
}

UniqueFd open_socket() {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&self), sizeof self) < 0)
    give_up("no netlink socket");
  return fd;
}

/// Receives until a message ends what was asked for.
void receive_to_end(int fd) {
  alignas(nlmsghdr) static std::byte buffer[kDatagramBytes];
  for (;;) {
    const ssize_t size = recv(fd, buffer, sizeof buffer, 0);
    if (size <= 0) give_up("the answer broke off");
    // The end is first in its datagram, or it comes alone.
    nlmsghdr header;
    std::memcpy(&header, buffer, sizeof header);
    if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) return;
  }
}

void put_filter(const Filter& filter, AttrWriter& attrs) {
  constexpr uint32_t kSrc = 1, kProto = 8, kDstPort = 32;
  if (!filter.orig.src.is_set() && !filter.orig.dport) return;
  uint32_t flags = 0;
  Tuple tuple;
  tuple.src = filter.orig.src;
  if (tuple.src.is_set()) flags |= kSrc;
  const size_t nest = attrs.begin_nest(CTA_TUPLE_ORIG);
  if (tuple.src.is_set()) {
    const size_t ip = attrs.begin_nest(CTA_TUPLE_IP);
    attrs.put_bytes(CTA_IP_V4_SRC, std::as_bytes(std::span(tuple.src.bytes)).first(4));
    attrs.end_nest(ip);
  }
  if (filter.orig.dport) {
    flags |= kProto | kDstPort;
    const size_t proto = attrs.begin_nest(CTA_TUPLE_PROTO);
    attrs.put(CTA_PROTO_NUM, *filter.orig.proto);
    attrs.put(CTA_PROTO_SRC_PORT, uint16_t{0});
    attrs.put(CTA_PROTO_DST_PORT, *filter.orig.dport);
    attrs.end_nest(proto);
  }
  attrs.end_nest(nest);
  const size_t flag_nest = attrs.begin_nest(CTA_FILTER);
  attrs.put_native(CTA_FILTER_ORIG_FLAGS, flags);
  attrs.put_native(CTA_FILTER_REPLY_FLAGS, uint32_t{0});
  attrs.end_nest(flag_nest);
}

void dump(int fd, const Filter& filter) {
  MessageWriter request(4096);
  AttrWriter attrs =
      request.begin(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET, NLM_F_DUMP, 1, filter.family);
  put_filter(filter, attrs);
  request.end(attrs);
  if (send(fd, request.bytes().data(), request.bytes().size(), 0) < 0)
    give_up("cannot ask for a dump");
  receive_to_end(fd);
}

void put_request(Request request, unsigned number, MessageWriter& datagram) {
  Flow flow = entry(number);
  uint8_t type = IPCTNL_MSG_CT_NEW;
  uint16_t flags = 0;
  if (request == Request::kCreate) {
    flags = NLM_F_CREATE | NLM_F_EXCL;
  } else {
    Flow part;
    part.orig = flow.orig;
    part.fields.add(FlowField::kOrig);
    if (request == Request::kMark) part.set_mark(number + 1);
    if (request == Request::kDelete) type = IPCTNL_MSG_CT_DELETE;
    flow = part;
  }
  AttrWriter attrs = datagram.begin(NFNL_SUBSYS_CTNETLINK, type, flags, 1, AF_INET);
  ctnetlink::encode_flow(flow, false, attrs);
  if (!datagram.end(attrs)) give_up("a request does not fit");
}

std::vector<std::vector<std::byte>> make_datagrams(const BareTask& task) {
  std::vector<std::vector<std::byte>> datagrams;
  MessageWriter datagram(kDatagramBytes);
  for (size_t i = 0; i < task.numbers.size();) {
    datagram.clear();
    for (size_t n = 0; n < kRequestsOfDatagram && i < task.numbers.size(); ++n)
      put_request(task.request, task.numbers[i++], datagram);
    datagram.acknowledge_last();
    datagrams.emplace_back(datagram.bytes().begin(), datagram.bytes().end());
  }
  return datagrams;
}

/// Runs `work` in a child, which writes what it measured into a pipe.
Sample in_child(const std::function<Sample()>& work) {
  int ends[2];
  if (pipe(ends) < 0) give_up("cannot make a pipe");
  const UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  const pid_t pid = fork();
  struct Figures {
    double seconds, cpu_seconds;
  } figures{};
  if (pid == 0) {
    const Sample sample = work();
    figures = {sample.seconds, sample.cpu_seconds};
    _exit(write(to.get(), &figures, sizeof figures) == sizeof figures ? 0 : 1);
  }
  to = UniqueFd();
  int status = 0;
  rusage usage{};
  while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  if (status != 0 || read(from.get(), &figures, sizeof figures) != sizeof figures)
    give_up("a floor could not be measured");
  return {figures.seconds, figures.cpu_seconds, usage.ru_maxrss, 0, {}};
}

}  // namespace

Flow entry(unsigned number) {
  const unsigned source = number / kEntriesOfAddress;
  Flow flow;
  Tuple& orig = flow.orig;
  orig.src = address(10, source >> 16 & 255, source >> 8 & 255, source & 255);
  orig.dst = address(192, 0, 2, 1 + number % 200);
  orig.proto = is_tcp(number) ? IPPROTO_TCP : IPPROTO_UDP;
  orig.sport = static_cast<uint16_t>(20000 + number % kEntriesOfAddress * 7);
  orig.dport = is_ssh(number) ? uint16_t{22} : is_tcp(number) ? uint16_t{443} : uint16_t{53};
  orig.has_proto = orig.has_ports = true;
  flow.reply = orig;
  std::swap(flow.reply.src, flow.reply.dst);
  std::swap(flow.reply.sport, flow.reply.dport);
  flow.fields.add(FlowField::kOrig);
  flow.fields.add(FlowField::kReply);
  flow.set_status(kSeenReply | kAssured | kConfirmed);
  flow.set_timeout(3000);
  if (is_tcp(number)) {
    flow.tcp_state = 3;
    flow.fields.add(FlowField::kTcpState);
  }
  return flow;
}

void write_commands(const std::string& path, unsigned entries) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
  if (!file) give_up("cannot write " + path);
  for (unsigned i = 0; i < entries; ++i) {
    const Tuple tuple = entry(i).orig;
    const auto& src = tuple.src.bytes;
    std::fprintf(file.get(),
                 "-I -p %s -t 3000 -u SEEN_REPLY,ASSURED -s %u.%u.%u.%u -d 192.0.2.%u --sport %u "
                 "--dport %u%s\n",
                 is_tcp(i) ? "tcp" : "udp", src[0], src[1], src[2], src[3], tuple.dst.bytes[3],
                 tuple.sport, tuple.dport, is_tcp(i) ? " --state ESTABLISHED" : "");
  }
}

Sample run_bare(const NetworkNamespace& where, const BareTask& task) {
  return in_child([&] {
    const auto datagrams = make_datagrams(task);
    rusage before{};
    rusage after{};
    getrusage(RUSAGE_SELF, &before);
    const double begin = seconds_now();
    const UniqueFd fd = where.inside(open_socket);
    if (task.dump) dump(fd.get(), task.filter);
    for (const auto& datagram : datagrams) {
      if (send(fd.get(), datagram.data(), datagram.size(), 0) < 0) give_up("cannot send");
      receive_to_end(fd.get());
    }
    getrusage(RUSAGE_SELF, &after);
    return Sample{seconds_now() - begin, cpu_time(after) - cpu_time(before), 0, 0, {}};
  });
}

int listen_bare() {
  constexpr int kBuffer = 128 << 20;
  static volatile sig_atomic_t stopped = 0;
  struct sigaction action {};
  action.sa_handler = [](int) { stopped = 1; };
  sigaction(SIGINT, &action, nullptr);
  const UniqueFd fd = open_socket();
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kBuffer, sizeof kBuffer);
  for (const int group :
       {NFNLGRP_CONNTRACK_NEW, NFNLGRP_CONNTRACK_UPDATE, NFNLGRP_CONNTRACK_DESTROY})
    setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group);
  static std::byte buffer[kDatagramBytes];
  unsigned long count = 0;
  while (stopped == 0)
    if (recv(fd.get(), buffer, sizeof buffer, 0) > 0) ++count;
  std::fprintf(stderr, "bare v0: %lu flow events have been shown.\n", count);
  return 0;
}

}  // namespace ctwin::bench
