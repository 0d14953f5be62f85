// Makes the recordings of tests/data: what a kernel says of many kinds of flows.
//
//   record_messages DIRECTORY         as root; Linux with iptables, conntrack's modules and ip(8)
//
// Everything happens on the loopback of network namespaces that the program makes for itself. Some
// flows are made by packets, the others (states that packets do not reach, zones, labels) are
// created over ctnetlink. Run it again when a newer kernel says more; the tests that read the
// recordings count on kinds of messages, not on their bytes.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "backend/kernel.h"
#include "base/posix.h"
#include "ctnetlink/client.h"
#include "ctnetlink/uapi.h"
#include "support/fake_backend.h"
#include "support/messages.h"

namespace ctwin::test {
namespace {

using ctnetlink::Client;
using ctnetlink::Operation;

void require(bool condition, const char* what) {
  if (condition) return;
  std::perror(what);
  throw std::runtime_error(what);
}

void run(const std::string& command) {
  require(std::system(command.c_str()) == 0, command.c_str());  // NOLINT: the commands are ours
}

/// A namespace whose loopback tracks, translates, labels and marks what the flows below need.
void enter_namespace(bool accounting) {
  require(unshare(CLONE_NEWNET) == 0, "unshare");
  run("ip link set lo up && ip addr add 10.9.9.9/32 dev lo && ip addr add 10.9.9.8/32 dev lo && "
      "ip -6 addr add fd00::9/128 dev lo nodad && ip -6 addr add fd00::8/128 dev lo nodad");
  if (accounting)
    run("sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1");
  run("sysctl -qw net.netfilter.nf_conntrack_events=1");
  for (const char* rule : {
           "raw -A OUTPUT -p udp --dport 7001 -j CT --zone 3",
           "raw -A OUTPUT -p udp --dport 7002 -j CT --zone-orig 4",
           "raw -A OUTPUT -p udp --dport 7003 -j CT --zone-reply 5",
           "raw -A OUTPUT -p tcp --dport 2121 -j CT --helper ftp",
           "mangle -A OUTPUT -p udp --dport 7010 -j CONNMARK --set-mark 42",
           "mangle -A OUTPUT -p udp --dport 7011 -m connlabel --label 3 --set -j ACCEPT",
           "nat -A OUTPUT -p tcp -d 10.9.9.9 --dport 80 -j DNAT --to 10.9.9.8:8080",
           "nat -A OUTPUT -p udp -d 10.9.9.9 --dport 80 -j DNAT --to 10.9.9.8:8081",
           "nat -A POSTROUTING -p udp --dport 7020 -j SNAT --to-source 10.9.9.8:5000-5010",
           "nat -A POSTROUTING -p udp --dport 8081 -j SNAT --to-source 10.9.9.9:5011-5020",
           "nat -A POSTROUTING -p udp --dport 7021 -j MASQUERADE --to-ports 6000-6010",
       })
    run(std::string("iptables-legacy -t ") + rule);
  run("ip6tables-legacy -t nat -A OUTPUT -p tcp -d fd00::9 --dport 80 -j DNAT --to [fd00::8]:8080");
  run("ip6tables-legacy -t nat -A POSTROUTING -p udp --dport 7020 -j SNAT --to [fd00::8]:5000");
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  SocketAddress(const std::string& text, uint16_t port) {
    const Address parsed = address(text);
    storage.ss_family = parsed.family;
    if (parsed.family == AF_INET) {
      auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
      std::memcpy(&v4->sin_addr, parsed.bytes.data(), 4);
      v4->sin_port = htons(port);
      size = sizeof *v4;
    } else {
      auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
      std::memcpy(&v6->sin6_addr, parsed.bytes.data(), 16);
      v6->sin6_port = htons(port);
      size = sizeof *v6;
    }
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

UniqueFd bound_socket(int type, const std::string& at, uint16_t port) {
  const SocketAddress local(at, port);
  UniqueFd fd(socket(local.storage.ss_family, type, 0));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  require(fd.get() >= 0 && bind(fd.get(), local.get(), local.size) == 0, "bind");
  return fd;
}

void send_text(int fd, const char* text) {
  require(send(fd, text, std::strlen(text), 0) == static_cast<ssize_t>(std::strlen(text)), "send");
  char sink[256];
  (void)recv(fd, sink, sizeof sink, MSG_DONTWAIT);
}

/// A TCP connection to `to`:`port` which really ends at `at`:`at_port`.
struct Connection {
  UniqueFd listener, client, server;

  Connection(const std::string& from, const std::string& to, uint16_t port, const std::string& at,
             uint16_t at_port)
      : listener(bound_socket(SOCK_STREAM, at, at_port)),
        client(bound_socket(SOCK_STREAM, from, 0)) {
    const SocketAddress remote(to, port);
    const int on = 1;  // every text in a segment of its own, at once
    setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    require(listen(listener.get(), 1) == 0, "listen");
    require(connect(client.get(), remote.get(), remote.size) == 0, "connect");
    server = UniqueFd(accept(listener.get(), nullptr, nullptr));
    require(server.get() >= 0, "accept");
    send_text(client.get(), "hello");
    send_text(server.get(), "hello");
  }
};

/// A datagram to `to`:`port`, and one back where `at_port` is not 0.
void udp_exchange(const std::string& from, const std::string& to, uint16_t port,
                  const std::string& at, uint16_t at_port) {
  UniqueFd client = bound_socket(SOCK_DGRAM, from, 0);
  const SocketAddress remote(to, port);
  UniqueFd server;
  if (at_port != 0) server = bound_socket(SOCK_DGRAM, at, at_port);
  require(sendto(client.get(), "ask", 3, 0, remote.get(), remote.size) == 3, "sendto");
  if (at_port == 0) return;
  SocketAddress peer(from, 0);
  char buffer[16];
  for (int i = 0; i < 3; ++i) {
    peer.size = sizeof peer.storage;
    require(recvfrom(server.get(), buffer, sizeof buffer, 0,
                     reinterpret_cast<sockaddr*>(&peer.storage), &peer.size) == 3,
            "recvfrom");
    require(sendto(server.get(), "ack", 3, 0, peer.get(), peer.size) == 3, "answer");
    if (i < 2) require(sendto(client.get(), "ask", 3, 0, remote.get(), remote.size) == 3, "sendto");
  }
}

/// One packet of a protocol without sockets; `payload` follows the IP header.
void raw_packet(int proto, const std::string& to, std::vector<uint8_t> payload) {
  const SocketAddress remote(to, 0);
  UniqueFd fd(socket(remote.storage.ss_family, SOCK_RAW, proto));
  require(fd.get() >= 0, "raw socket");
  require(sendto(fd.get(), payload.data(), payload.size(), 0, remote.get(), remote.size) ==
              static_cast<ssize_t>(payload.size()),
          "raw sendto");
}

void packet_flows() {
  { const Connection closed("127.0.0.1", "127.0.0.1", 8001, "127.0.0.1", 8001); }
  { const Connection closed("::1", "::1", 8001, "::1", 8001); }
  udp_exchange("127.0.0.1", "127.0.0.1", 7000, "127.0.0.1", 7000);
  udp_exchange("127.0.0.1", "127.0.0.1", 7004, "127.0.0.1", 0);
  udp_exchange("::1", "::1", 7000, "::1", 7000);
  for (const uint16_t port : {7001, 7002, 7003, 7010, 7011})
    udp_exchange("127.0.0.1", "127.0.0.1", port, "127.0.0.1", 0);
  udp_exchange("10.9.9.9", "10.9.9.9", 7020, "10.9.9.9", 7020);
  udp_exchange("10.9.9.9", "10.9.9.9", 7021, "10.9.9.9", 7021);
  udp_exchange("10.9.9.8", "10.9.9.9", 80, "10.9.9.8", 8081);
  udp_exchange("fd00::9", "fd00::9", 7020, "fd00::9", 7020);
  // Echo requests with id 77, which the loopback answers; a timestamp request, id 0.
  raw_packet(IPPROTO_ICMP, "127.0.0.1", {8, 0, 0xf7, 0xb1, 0, 77, 0, 1});
  raw_packet(IPPROTO_ICMPV6, "::1", {128, 0, 0, 0, 0, 77, 0, 1});
  raw_packet(IPPROTO_ICMP, "127.0.0.1",
             {13, 0, 0xf2, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  raw_packet(IPPROTO_GRE, "127.0.0.1", {0x30, 0x01, 0x88, 0x0b, 0, 0, 0, 9, 0, 0, 0, 1});
  raw_packet(IPPROTO_ESP, "127.0.0.1", {0, 0, 0, 1, 0, 0, 0, 1});
  raw_packet(253, "::1", {1, 2, 3, 4});
  raw_packet(IPPROTO_UDPLITE, "127.0.0.1", {0x1f, 0x90, 0x1f, 0x91, 0, 8, 0xc1, 0xd6});
  // An INIT chunk: ports 36412, tag 0, initiate tag 1, window, streams, TSN.
  raw_packet(IPPROTO_SCTP, "127.0.0.1",
             {0x8e, 0x3c, 0x8e, 0x3c, 0, 0, 0, 0, 0, 0,  0, 0,  1, 0, 0, 20,
              0,    0,    0,    1,    0, 1, 0, 0, 0, 10, 0, 10, 0, 0, 0, 1});
}

Flow created(const Tuple& orig) {
  Flow flow;
  flow.orig = orig;
  flow.reply = mirrored(orig);
  flow.fields.add(FlowField::kOrig);
  flow.fields.add(FlowField::kReply);
  flow.set_timeout(600);
  return flow;
}

/// Flows that packets do not make, or not soon: every state, keys, labels, zones, both NATs.
std::vector<Flow> ctnetlink_flows() {
  std::vector<Flow> flows;
  for (uint8_t state = 0; state < 10; ++state) {
    Flow tcp = created(
        port_tuple(IPPROTO_TCP, "10.0.0.1", static_cast<uint16_t>(100 + state), "10.0.0.2", 80));
    tcp.tcp_state = state;
    tcp.fields.add(FlowField::kTcpState);
    if (state >= 3) tcp.set_status(kSeenReply | kAssured | kConfirmed);
    flows.push_back(tcp);
    Flow sctp = created(port_tuple(IPPROTO_SCTP, "10.0.0.1", static_cast<uint16_t>(200 + state),
                                   "10.0.0.2", 36412));
    sctp.sctp_state = state;
    sctp.sctp_vtag = {1, 0xfffffffe};
    sctp.fields.add(FlowField::kSctpState);
    sctp.fields.add(FlowField::kSctpVtags);
    flows.push_back(sctp);
  }
  flows.push_back(created(port_tuple(IPPROTO_GRE, "10.0.0.1", 0xabc, "10.0.0.2", 1)));
  flows.push_back(created(port_tuple(IPPROTO_UDPLITE, "fd00::1", 1, "fd00::2", 65535)));
  flows.push_back(created(port_tuple(IPPROTO_DCCP, "10.0.0.1", 1, "10.0.0.2", 2)));
  flows.push_back(created(port_tuple(0, "10.0.0.1", 0, "10.0.0.2", 0)));
  Flow labelled = created(port_tuple(IPPROTO_UDP, "10.0.0.1", 5, "10.0.0.2", 6));
  labelled.labels.set(0), labelled.labels.set(1), labelled.labels.set(127);
  labelled.fields.add(FlowField::kLabels);
  labelled.set_mark(0xffffffff);
  labelled.set_status(kSeenReply | kConfirmed | kFixedTimeout);
  flows.push_back(labelled);
  Flow zoned = created(port_tuple(IPPROTO_UDP, "10.0.0.1", 7, "10.0.0.2", 8));
  zoned.set_zone(65535);
  flows.push_back(zoned);
  Flow translated = created(port_tuple(IPPROTO_TCP, "fd00::1", 9, "fd00::2", 10));
  translated.tcp_state = 3;
  translated.fields.add(FlowField::kTcpState);
  translated.nat_src.min_addr = translated.nat_src.max_addr = address("fd00::33");
  translated.nat_dst.min_addr = translated.nat_dst.max_addr = address("fd00::44");
  translated.fields.add(FlowField::kNatSrc);
  translated.fields.add(FlowField::kNatDst);
  flows.push_back(translated);
  return flows;
}

/// Those that the kernel does not take (a state it does not know) are only missing from the record.
void create_flows(Client& client) {
  for (const Flow& flow : ctnetlink_flows()) {
    require(client.add(Operation::kCreate, flow), "batch");
    require(client.run_batch([](size_t, int, const Flow*) {}).ok(), "create");
  }
}

void write_file(const std::string& path, const Bytes& bytes) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"),
                                                             std::fclose);
  require(file && std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size(),
          path.c_str());
  std::printf("%s: %zu bytes\n", path.c_str(), bytes.size());
}

std::unique_ptr<Backend> open_backend() {
  auto backend = backend::kernel_source()->open();
  require(backend.ok(), "netlink");
  return std::move(*backend);
}

/// Listens to events from its birth on.
class EventRecorder {
 public:
  explicit EventRecorder(uint32_t groups) : backend_(open_backend(), recording_) {
    require(backend_.join(groups).ok(), "join");
  }

  /// What has come up to now.
  Bytes take() {
    Bytes buffer(1 << 16);
    for (pollfd ready{backend_.fd(), POLLIN, 0}; poll(&ready, 1, 300) > 0;)
      require(backend_.receive(buffer).ok(), "event");
    return std::exchange(*recording_, {});
  }

 private:
  std::shared_ptr<Bytes> recording_ = std::make_shared<Bytes>();
  RecordingBackend backend_;
};

Bytes record_dump(bool expectations) {
  auto recording = std::make_shared<Bytes>();
  Client client(std::make_unique<RecordingBackend>(open_backend(), recording));
  const Status status =
      expectations
          ? client.dump_expectations(AF_UNSPEC, [](const Expectation&) { return true; })
          : client.dump(ctnetlink::DumpKind::kTable, nullptr, [](const Flow&) { return true; });
  require(status.ok(), "dump");
  return *recording;
}

void record_flows(const std::string& directory) {
  enter_namespace(true);
  EventRecorder events(ctnetlink::kConntrackGroups);
  Client client(open_backend());
  const Connection open("127.0.0.1", "127.0.0.1", 8002, "127.0.0.1", 8002);
  const Connection translated("10.9.9.9", "10.9.9.9", 80, "10.9.9.8", 8080);
  const Connection translated6("fd00::9", "fd00::9", 80, "fd00::8", 8080);
  const Connection helped("127.0.0.1", "127.0.0.1", 2121, "127.0.0.1", 2121);
  packet_flows();
  create_flows(client);
  write_file(directory + "/flows-dump.bin", record_dump(false));
  require(client.flush(AF_UNSPEC).ok(), "flush");
  write_file(directory + "/flows-events.bin", events.take());
}

/// The same without counters and time stamps, as most machines are set up.
void record_plain_flows(const std::string& directory) {
  enter_namespace(false);
  EventRecorder events(ctnetlink::kConntrackGroups);
  Client client(open_backend());
  packet_flows();
  require(client.flush(AF_INET).ok(), "flush");
  write_file(directory + "/flows-plain-events.bin", events.take());
}

/// An expectation of the helper, and one that a program made for the same kind of flow.
void record_expectations(const std::string& directory) {
  enter_namespace(true);
  EventRecorder events(ctnetlink::kExpectGroups | ctnetlink::kConntrackGroups);
  Client client(open_backend());
  const Connection control("127.0.0.1", "127.0.0.1", 2121, "127.0.0.1", 2121);
  const Connection control6("::1", "::1", 2121, "::1", 2121);
  send_text(control.client.get(), "USER anonymous\r\n");
  send_text(control.client.get(), "PORT 127,0,0,1,195,80\r\n");
  Expectation made;
  made.master = port_tuple(IPPROTO_UDP, "10.0.0.1", 5060, "10.0.0.2", 5060);
  Flow master = created(made.master);
  master.helper.assign("sip");
  master.fields.add(FlowField::kHelper);
  require(client.add(Operation::kCreate, master), "batch");
  require(client.run_batch([](size_t, int, const Flow*) {}).ok(), "create");
  made.has_master = true;
  made.expected = port_tuple(IPPROTO_UDP, "10.0.0.1", 0, "10.0.0.2", 10000);
  made.mask = port_tuple(IPPROTO_UDP, "255.255.255.255", 0, "255.255.255.255", 65535);
  made.timeout = 100, made.has_timeout = true;
  made.flags = kExpectPermanent | kExpectInactive, made.has_flags = true;
  made.class_ = 1, made.has_class = true;
  if (const Status status = client.create_expectation(made); !status)
    std::printf("no expectation by hand: %s\n", std::strerror(status.error().code));
  write_file(directory + "/expectations-dump.bin", record_dump(true));
  { const Connection data("127.0.0.1", "127.0.0.1", 50000, "127.0.0.1", 50000); }
  require(client.flush_expectations().ok(), "flush expectations");
  write_file(directory + "/expectations-events.bin", events.take());
}

}  // namespace
}  // namespace ctwin::test

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
    return 2;
  }
  ctwin::test::record_flows(argv[1]);
  ctwin::test::record_plain_flows(argv[1]);
  ctwin::test::record_expectations(argv[1]);
}
