// Makes the seeds of the fuzz target `rules_traffic`, one file for each use of rules:
//   make_rule_seeds tests/fuzz/seeds
#include <netinet/in.h>

#include "fuzz/seeds.h"
#include "support/packet_builder.h"

namespace ctwin::test {
namespace {

/// What rules_traffic.cc calls `how`.
enum How : uint8_t { kByOther = 1, kSent = 2, kEthernet = 4, kLater = 8 };

/// An input as rules_traffic.cc reads it.
class Traffic {
 public:
  explicit Traffic(std::string_view rules) : bytes_(rules.begin(), rules.end()) {
    bytes_.push_back('\n');
  }

  Traffic& packet(const BuiltPacket& packet, int how = 0, uint8_t cut = 0) {
    const size_t size = packet.bytes.size();
    for (const size_t byte : {size, size >> 8, static_cast<size_t>(how), size_t{cut}})
      bytes_.push_back(static_cast<uint8_t>(byte));
    bytes_.insert(bytes_.end(), packet.bytes.begin(), packet.bytes.end());
    return *this;
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

Ip ip(std::string_view src, std::string_view dst) {
  Ip made;
  made.src = src;
  made.dst = dst;
  return made;
}
const Ip kOut = ip("10.0.0.1", "192.0.2.9");
const Ip kBackNat = ip("192.0.2.9", "10.1.0.254");
const Ip kToBox = ip("10.0.0.1", "10.0.0.254");
const Ip kOut6 = ip("fd01::1", "fd05::9");

void make_gateway(const Seeds& seeds) {
  const BuiltPacket syn = tcp_packet(kOut, {.options = {mss(1460)}});
  const BuiltPacket translated = tcp_packet(kBackNat.back(), {.options = {mss(1460)}});
  const BuiltPacket query = udp_packet(kOut, {.payload = data(9)});
  seeds.write(
      "gateway",
      Traffic("*nat\n"
              "-A PREROUTING -d 10.1.0.254 -p tcp --dport 8080 -j DNAT --to-destination "
              "10.0.0.7:80\n"
              "-A PREROUTING -p udp --dport 53 -j REDIRECT --to-ports 5353\n"
              "-A POSTROUTING -o eth1 -j MASQUERADE\n"
              "COMMIT\n"
              "*filter\n"
              ":FORWARD DROP [0:0]\n"
              "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
              "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
              "-A FORWARD -i eth0 -j ACCEPT\n"
              "-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT\n"
              "COMMIT\n")
          .packet(syn)
          .packet(tcp_packet(kBackNat, {.sport = 80, .dport = 1000, .flags = "SA"}), kByOther)
          .packet(icmp_packet(kBackNat, {.type = 11, .payload = translated.bytes}), kByOther)
          .packet(tcp_packet(kBackNat, {.dport = 8080}), kByOther)
          .packet(query, kEthernet)
          .packet(udp_packet(ip("10.0.0.1", "10.1.0.9"), {}), kLater));
  seeds.write("ranges",
              Traffic("iptables -t nat -A POSTROUTING -p tcp -j SNAT --to-source "
                      "10.1.0.1-10.1.0.9:1000-1010 --persistent\n"
                      "iptables -t nat -A POSTROUTING -p udp -j MASQUERADE --to-ports 4000-4003 "
                      "--random\n"
                      "iptables -t nat -A POSTROUTING -j NETMAP --to 10.9.0.0/24\n"
                      "iptables -t nat -A PREROUTING -p tcp -j DNAT --to-destination "
                      "10.1.0.5:2000-3000/1500\n")
                  .packet(syn)
                  .packet(tcp_packet(kOut, {.sport = 1001}))
                  .packet(query)
                  .packet(icmp_packet(kOut, {}))
                  .packet(gre_packet(kOut, {}))
                  .packet(sctp_packet(kOut, {.chunks = {init_chunk(5)}})));
}

void make_firewalls(const Seeds& seeds) {
  seeds.write(
      "ufw",
      Traffic("*filter\n"
              ":INPUT DROP [0:0]\n"
              ":ufw-logging - [0:0]\n"
              ":ufw-limit - [0:0]\n"
              "-A INPUT -i lo -j ACCEPT\n"
              "-A INPUT -m addrtype --dst-type BROADCAST -j DROP\n"
              "-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --set --name "
              "DEFAULT --mask 255.255.255.255 --rsource\n"
              "-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --update "
              "--seconds 30 --hitcount 2 --name DEFAULT --mask 255.255.255.255 --rsource -j "
              "ufw-limit\n"
              "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
              "-A INPUT -j ufw-logging\n"
              "-A ufw-limit -m limit --limit 3/min -j LOG --log-prefix \"[UFW LIMIT BLOCK] \"\n"
              "-A ufw-limit -j REJECT --reject-with icmp-port-unreachable\n"
              "-A ufw-logging -j LOG --log-prefix \"[UFW BLOCK] \" --log-tcp-sequence "
              "--log-tcp-options --log-ip-options\n"
              "COMMIT\n")
          .packet(tcp_packet(kToBox, {.dport = 22}), kEthernet)
          .packet(tcp_packet(kToBox, {.sport = 1001, .dport = 22}), kEthernet)
          .packet(tcp_packet(kToBox, {.dport = 23, .options = {mss(1460), nop()}}), kEthernet)
          .packet(icmp_packet(kToBox, {})));
  Traffic rejecting(
      "iptables -A FORWARD -p tcp -j REJECT --reject-with tcp-reset\n"
      "iptables -A FORWARD -p udp -j REJECT --reject-with icmp-host-prohibited\n"
      "iptables -A FORWARD -j REJECT\n"
      "ip6tables -A FORWARD -p tcp -j REJECT --reject-with tcp-reset\n"
      "ip6tables -A FORWARD -j REJECT --reject-with icmp6-adm-prohibited\n");
  for (const Ip& to : {kOut, kOut6})
    rejecting.packet(tcp_packet(to, {}))
        .packet(tcp_packet(to, {.flags = "A", .ack = 7}))
        .packet(udp_packet(to, {.payload = data(30)}))
        .packet(icmp_packet(to, {.type = 99}));
  seeds.write("rejections", rejecting);
  seeds.write("local", Traffic("*raw\n-A OUTPUT -d 10.1.0.9 -j CT --notrack\nCOMMIT\n"
                               "*nat\n-A OUTPUT -p tcp --dport 80 -j REDIRECT\n"
                               "-A INPUT -j SNAT --to-source 10.0.0.99\nCOMMIT\n"
                               "*filter\n-A OUTPUT -p udp -j REJECT\nCOMMIT\n")
                           .packet(tcp_packet(ip("10.1.0.254", "192.0.2.9"), {}), kSent)
                           .packet(udp_packet(ip("10.1.0.254", "192.0.2.9"), {}), kSent)
                           .packet(udp_packet(ip("10.1.0.254", "10.1.0.9"), {}), kSent)
                           .packet(tcp_packet(kToBox, {})));
}

void make_matches(const Seeds& seeds) {
  const BuiltPacket syn = tcp_packet(kOut, {.options = {mss(1460), timestamps(1, 2)}});
  seeds.write(
      "matches",
      Traffic("iptables -A FORWARD -p tcp --tcp-flags SYN,ACK SYN --tcp-option 8 -m multiport "
              "--dports 22,80:90\n"
              "iptables -A FORWARD -p icmp --icmp-type 8 -m length --length 28:99 -m ttl --ttl-gt "
              "3\n"
              "iptables -A FORWARD -m iprange --src-range 10.0.0.0-10.0.0.9 -m tos --tos 0x10\n"
              "iptables -A FORWARD ! -s 10.0.0.0/24 -m dscp --dscp 46 -m pkttype --pkt-type "
              "unicast\n"
              "iptables -A FORWARD -m mac --mac-source 02:00:00:00:00:09 -m addrtype --dst-type "
              "UNICAST\n"
              "iptables -A FORWARD -m statistic --mode nth --every 2 --packet 0 -m comment "
              "--comment \"every other\"\n"
              "iptables -A FORWARD -m statistic --mode random --probability 0.5\n"
              "iptables -A FORWARD -m connbytes --connbytes 1:2 --connbytes-dir both "
              "--connbytes-mode packets\n"
              "iptables -A FORWARD -m conntrack ! --ctproto 6 --ctexpire 1:30 --ctdir ORIGINAL\n"
              "iptables -A FORWARD -m physdev ! --physdev-is-bridged -f\n")
          .packet(syn, kEthernet)
          .packet(syn, kEthernet)
          .packet(icmp_packet(kOut, {}))
          .packet(udp_packet(kOut, {}), kLater)
          .packet(syn, 0, 90)
          .packet(ip_packet(kOut, IPPROTO_TCP, data(11))));
  seeds.write("marks-and-zones",
              Traffic("*raw\n-A PREROUTING -i eth0 -j CT --zone 5\n"
                      "-A PREROUTING -i eth1 -j CT --zone-orig mark\nCOMMIT\n"
                      "*mangle\n-A PREROUTING -j CONNMARK --restore-mark --nfmask 0xff --ctmask "
                      "0xff\n"
                      "-A PREROUTING -m mark --mark 0 -j MARK --set-xmark 0x12/0xff\n"
                      "-A PREROUTING -m connlabel --label 7 --set\n"
                      "-A POSTROUTING -j CONNMARK --save-mark\n"
                      "-A POSTROUTING -m connmark --mark 0x12 -j NFLOG --nflog-prefix marked\n"
                      "COMMIT\n")
                  .packet(udp_packet(kOut, {}))
                  .packet(udp_packet(kOut.back(), {.sport = 53, .dport = 1000}), kByOther)
                  .packet(udp_packet(kOut, {})));
  seeds.write("rewriting",
              Traffic("iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS "
                      "--clamp-mss-to-pmtu\n"
                      "iptables -t mangle -A FORWARD -p tcp --syn -j TCPMSS --set-mss 500\n"
                      "iptables -t mangle -A PREROUTING -j TTL --ttl-inc 3\n"
                      "iptables -t mangle -A POSTROUTING -p udp -j CHECKSUM --checksum-fill\n"
                      "ip6tables -t mangle -A FORWARD -p tcp --syn -j TCPMSS --set-mss 500\n"
                      "ip6tables -t mangle -A PREROUTING -j HL --hl-dec 2\n")
                  .packet(syn)
                  .packet(tcp_packet(kOut, {}))
                  .packet(tcp_packet(kOut, {.options = {nop(), mss(9000)}}))
                  .packet(tcp_packet(kOut, {.header_words = 9}))
                  .packet(tcp_packet(kOut6, {}))
                  .packet(syn, 0, 160));
}

void make_chains(const Seeds& seeds) {
  seeds.write("chains", Traffic("*raw\n-A PREROUTING -j TRACE\nCOMMIT\n"
                                "*filter\n:FORWARD DROP [3:4]\n:one - [0:0]\n:two - [0:0]\n"
                                ":three - [0:0]\n"
                                "[1:2] -A FORWARD -j one\n"
                                "-A FORWARD -g two\n"
                                "-A one -p udp -j two\n"
                                "-A one -j RETURN\n"
                                "-A two -p udp -g three\n"
                                "-A two -p tcp -j DROP\n"
                                "-A three -i eth+ -j RETURN\n"
                                "COMMIT\n")
                            .packet(udp_packet(kOut, {}))
                            .packet(tcp_packet(kOut, {}))
                            .packet(icmp_packet(kOut, {})));
}

void make_odd_packets(const Seeds& seeds) {
  const Bytes padding = {0, 0, 1, 4, 0, 0, 0, 0};
  const auto six = [&](std::vector<ExtensionHeader> extensions) {
    Ip made = kOut6;
    made.extensions = std::move(extensions);
    return made;
  };
  Bytes routing(24, 0);
  routing[1] = 2;
  seeds.write("ipv6",
              Traffic("ipv6\n*nat\n-A POSTROUTING -o eth1 -j MASQUERADE\nCOMMIT\n"
                      "*filter\n-A FORWARD -m rt --rt-type 0 -j DROP\n"
                      "-A FORWARD -p ipv6-icmp -m icmp6 --icmpv6-type 128 -m hl --hl-gt 3 -j LOG "
                      "--log-ip-options\n"
                      "-A FORWARD -p udp -j LOG --log-macdecode\n"
                      "-A FORWARD -m addrtype --src-type UNICAST -j ACCEPT\nCOMMIT\n")
                  .packet(udp_packet(six({{0, padding}, {60, padding}}), {}), kEthernet)
                  .packet(udp_packet(six({{43, routing}}), {}))
                  .packet(icmp_packet(kOut6, {.type = 128}))
                  .packet(ip_packet(kOut6, 60, data(1)))
                  .packet(icmp_packet(kOut6, {.type = 2, .payload = udp_packet(kOut6, {}).bytes}))
                  .packet(tcp_packet(kOut6, {}), 0, 170));
  Ip first = kOut, last = kOut, options = kOut, dying = kOut;
  first.id = last.id = 7;
  first.fragment = kMoreFragments;
  last.fragment = 2;
  options.options = Bytes(8, 1);
  dying.ttl = 1;
  seeds.write("odd-packets",
              Traffic("*filter\n-A FORWARD -f -j DROP\n-A FORWARD -p udp -m udp --dport 1:99\n"
                      "-A FORWARD -j LOG --log-prefix all --log-ip-options\n-A FORWARD -p tcp -m "
                      "tcp\nCOMMIT\n*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n")
                  .packet(ip_packet(first, IPPROTO_UDP, data(16)))
                  .packet(ip_packet(last, IPPROTO_UDP, data(9)))
                  .packet(udp_packet(options, {.payload = data(1600)}))
                  .packet(udp_packet(dying, {}))
                  .packet(ip_packet(kOut, IPPROTO_ESP, data(20)))
                  .packet(ip_packet(kOut, IPPROTO_TCP, data(19))));
}

}  // namespace
}  // namespace ctwin::test

int main(int argc, char** argv) {
  using namespace ctwin::test;
  return make_seeds_below(argc, argv, [](const std::filesystem::path& root) {
    const Seeds seeds(root / "rules_traffic");
    make_gateway(seeds);
    make_firewalls(seeds);
    make_matches(seeds);
    make_chains(seeds);
    make_odd_packets(seeds);
  });
}
