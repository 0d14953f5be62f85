#include "scenarios.h"

namespace ctwin::test {

namespace {

constexpr RouterScenario kScenarios[] = {
    {"router: where packets go", "", R"(
      ip route add 10.50.0.0/16 via 10.1.0.7
      ip route add 10.50.1.0/24 via 10.2.0.7
      ip route add 10.51.0.0/16 dev tl
      ip -6 route add fd50::/64 via fd01::7)",
     R"(
      > udp l2:1 r2:1
      > udp l2:1 192.0.2.1:1
      < udp r2:1 10.50.0.1:1
      < udp r2:1 10.50.1.1:1
      < udp r2:1 10.51.7.1:1
      < udp r2:1 192.0.2.1:1
      > udp l2:1 l3:1
      < udp R2:1 [fd50::1]:1
      > udp L2:1 [2001:db8::1]:1
      < udp R2:1 [2001:db8::1]:1)"},
    {"router: packets for the box itself", "", "", R"(
      > udp l2:1 l1:1
      > udp l2:1 r1:1
      < udp r2:1 r1:1
      > tcp l2:1 l1:22 S
      > icmp l2 l1 id=4
      > udp L2:1 L1:1
      > icmp6 L2 R1 id=4
      > udp l2:1 10.1.0.255:1
      > udp l2:1 255.255.255.255:1
      > udp l2:1 127.0.0.1:1)"},
    {"router: sources that nobody has", "", "", R"(
      > udp l1:1 r2:1
      > udp r1:1 r2:1
      > udp 127.0.0.1:1 r2:1
      > udp 0.0.0.0:1 r2:1
      > udp 0.1.2.3:1 r2:1
      > udp 224.0.0.5:1 r2:1
      > udp 255.255.255.255:1 r2:1
      > udp 240.0.0.1:1 r2:1
      > udp 10.1.0.255:1 r2:1
      > udp L1:1 R2:1
      > udp [::1]:1 R2:1
      > udp [::]:1 R2:1
      > udp [ff02::5]:1 R2:1
      > udp L2:1 [::1]:1)"},
    {"router: destinations that are nowhere", "", R"(
      ip route add blackhole 10.66.0.0/16
      ip route add unreachable 10.67.0.0/16
      ip route add prohibit 10.68.0.0/16
      ip -6 route add blackhole fd66::/64
      ip -6 route add unreachable fd67::/64
      ip -6 route add prohibit fd68::/64)",
     R"(
      > udp l2:1 10.66.0.1:1
      > udp l2:1 10.67.0.1:1
      > udp l2:1 10.68.0.1:1
      > tcp l2:1 10.68.0.1:1 S
      > icmp l2 10.67.0.1 type=8 id=4
      > icmp l2 10.67.0.1 type=3 of(udp r2:1 l2:1)
      > udp l2:1 0.0.0.1:1
      > udp l2:1 240.0.0.1:1
      > udp L2:1 [fd66::1]:1
      > udp L2:1 [fd67::1]:1
      > udp L2:1 [fd68::1]:1
      > icmp6 L2 [fd67::1] type=1 of(udp R2:1 L2:1))"},
    {"router: an old packet is complained about, and leaves no entry", "", "", R"(
      > udp l2:1 r2:1 ttl=1
      > udp l2:1 r2:1 ttl=0
      > udp l2:1 r2:1 ttl=2
      < udp r2:1 l2:1 ttl=1
      > tcp l2:1 r2:1 S ttl=1 tos=0xff df
      > icmp l2 r2 type=8 id=4 ttl=1
      > icmp l2 r2 type=3 code=3 ttl=1 of(udp r2:1 l2:1)
      > icmp l2 r2 type=0 id=4 ttl=1
      > udp l2:1 r2:1 len=1000 ttl=1
      > udp l2:1 r2:1 opts=01010101 ttl=1
      > udp l2:1 l1:1 ttl=1
      > udp L2:1 R2:1 ttl=1
      > udp L2:1 R2:1 ttl=0
      > tcp L2:1 R2:1 S ttl=1 tos=0xff
      > icmp6 L2 R2 type=128 id=4 ttl=1
      > icmp6 L2 R2 type=1 ttl=1 of(udp R2:1 L2:1)
      > udp L2:1 R2:1 len=1400 ttl=1
      > udp L2:1 R2:1 ext=hop,dst ttl=1)"},
    {"router: errors of its own through NAT", "", R"(
      iptables -t nat -A PREROUTING -d 10.9.0.1 -j DNAT --to-destination 10.2.0.2
      iptables -t nat -A POSTROUTING -o tr -j MASQUERADE
      ip6tables -t nat -A PREROUTING -d fd09::1 -j DNAT --to-destination fd02::2)",
     R"(
      > udp l2:1 10.9.0.1:1 ttl=1
      > udp l2:1 10.9.0.1:1
      > udp l2:1 10.9.0.1:1 ttl=1
      <~ udp 10.9.0.1:1 l2:1 ttl=1
      > tcp l2:1 10.9.0.1:1 S len=1600 df
      > udp L2:1 [fd09::1]:1 ttl=1
      > udp L2:1 [fd09::1]:1
      <~ udp [fd09::1]:1 L2:1 ttl=1)"},
    {"router: packets that are too large", "", R"(
      ip link set tr mtu 1300
      ip route add 10.2.5.0/24 via 10.2.0.5 mtu 900
      iptables -t nat -A POSTROUTING -o tr -p tcp -j MASQUERADE)",
     R"(
      > udp l2:1 r2:1 len=1272
      > udp l2:1 r2:1 len=1273
      > udp l2:1 r2:1 len=1273 df
      > udp l2:1 r2:1 len=3000
      > udp l2:1 10.2.5.1:1 len=873 df
      > udp l2:1 10.2.5.1:1 len=873
      > tcp l2:1 r2:1 S len=1400 df
      > tcp l2:1 r2:1 S len=1400
      > icmp l2 r2 type=8 id=5 len=1400 df
      > icmp l2 r2 type=3 code=3 df of(udp r2:1 l2:1 len=1400)
      > udp L2:1 R2:1 len=1252
      > udp L2:1 R2:1 len=1253
      > tcp L2:1 R2:1 S len=1400
      > udp L2:1 R2:1 len=1400 ext=hop,dst
      < udp r2:1 l2:1 len=1400 df)"},
    {"router: fragments leave as fragments", "acct=1", R"(
      ip link set tr mtu 1300)",
     R"(
      > udp l2:1 r2:1 len=2000 frag=0,1008 id=4
      > udp l2:1 r2:1 len=2000 frag=1008,1000 id=4
      > udp l2:1 r2:1 len=2000 frag=0,1408 id=5
      > udp l2:1 r2:1 len=2000 frag=1408,600 id=5
      > udp l2:1 r2:1 len=2000 frag=0,1008 id=6 df
      > udp l2:1 r2:1 len=2000 frag=1008,1000 id=6 df
      > udp l2:1 r2:1 len=2000 frag=0,1408 id=7 df
      > udp l2:1 r2:1 len=2000 frag=1408,600 id=7 df
      > udp l2:1 r2:1 len=100 frag=0,56 id=8 df
      > udp l2:1 r2:1 len=100 frag=56,52 id=8
      > udp L2:1 R2:1 len=2000 frag=0,1008 id=4
      > udp L2:1 R2:1 len=2000 frag=1008,1000 id=4
      > udp L2:1 R2:1 len=2000 frag=0,1408 id=5
      > udp L2:1 R2:1 len=2000 frag=1408,600 id=5
      > udp L2:1 R2:1 len=100 frag=0,56 id=6
      > udp L2:1 R2:1 len=100 frag=56,52 id=6)"},
    {"router: the box itself sends", "acct=1", R"(
      iptables -t nat -A OUTPUT -d 10.2.0.50 -j DNAT --to-destination 10.2.0.5
      iptables -t nat -A OUTPUT -d 10.2.0.60 -j DNAT --to-destination 10.1.0.6
      iptables -t nat -A POSTROUTING -s 10.1.0.1 -o tr -j MASQUERADE
      iptables -t mangle -A OUTPUT -p udp -j CONNMARK --set-mark 5
      iptables -A OUTPUT -p udp --dport 9 -j DROP
      iptables -A OUTPUT -p udp --dport 10 -j REJECT
      iptables -A OUTPUT -m conntrack --ctstate INVALID -j NFLOG --nflog-prefix "invalid: "
      iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
      ip6tables -t nat -A POSTROUTING -p udp -j MASQUERADE
      ip6tables -A OUTPUT -p udp --dport 9 -j DROP)",
     R"(
      ^ udp r1:1000 r2:53 id=1 len=20
      < udp r2:53 r1:1000 len=30
      ^ udp r1:1000 r2:53 id=2 len=20
      ^ udp l1:1001 r2:53 id=3
      <~ udp r2:53 l1:1001
      ^ tcp r1:2000 r2:80 S id=4 seq=100
      < tcp r2:80 r1:2000 SA seq=500 ack=101
      ^ tcp r1:2000 r2:80 A id=5 seq=101 ack=501
      ^ udp r1:1000 10.2.0.50:53 id=6
      <~ udp 10.2.0.50:53 r1:1000
      ^ udp r1:1000 10.2.0.60:53 id=7
      ^ udp r1:1 r2:9 id=8
      ^ udp r1:1 r2:10 id=9
      ^ tcp r1:3000 r2:80 SA id=10
      ^ icmp r1 r2 type=8 id=77 seq=1 len=20
      < icmp r2 r1 type=0 id=77 seq=1 len=20
      ^ udp r1:5000 r2:53 id=11 sum=bad
      ^ udp r1:4000 r1:4001 id=12
      ^ udp R1:1000 R2:53 len=20
      < udp R2:53 R1:1000 len=30
      ^ udp L1:1001 R2:53
      ^ udp R1:1 R2:9
      ^ tcp R1:2000 R2:80 S seq=100
      ^ icmp6 R1 R2 type=128 id=78 seq=1)"},
    {"router: a masqueraded flow that leaves by another device ends", "acct=1", R"(
      ip route add 198.51.100.0/24 via 10.2.0.2
      iptables -t nat -A POSTROUTING -s 10.1.0.0/24 -p udp -j MASQUERADE
      iptables -t nat -A POSTROUTING -s 10.1.0.0/24 -p tcp -j SNAT --to-source 10.2.0.1)",
     R"(
      > udp l2:1 198.51.100.1:53
      > udp l2:2 198.51.100.1:53
      <~ udp 198.51.100.1:53 l2:2
      > tcp l2:3 198.51.100.1:80 S
      then ip route replace 198.51.100.0/24 via 10.1.0.9
      > udp l2:1 198.51.100.1:53
      <~ udp 198.51.100.1:53 l2:2
      > udp l2:2 198.51.100.1:53 len=9
      > udp l2:2 198.51.100.1:53
      > tcp l2:3 198.51.100.1:80 S
      > udp l2:1 198.51.100.1:53)"},
    {"router: IPv6 redirects to neighbours, where the box has a link-local address", "", R"(
      ip -6 addr add fe80::1/64 dev tl nodad
      ip -6 route add 2001:db8:1::/48 via fe80::9 dev tl
      ip -6 route add 2001:db8:2::/48 via fd01::9 dev tl
      ip6tables -A OUTPUT -p icmpv6 --icmpv6-type redirect -m conntrack --ctstate RELATED -j NFLOG --nflog-prefix "related: "
      ip6tables -A OUTPUT -p icmpv6 --icmpv6-type redirect -m conntrack --ctstate INVALID -j NFLOG --nflog-prefix "invalid: ")",
     R"(
      > udp L2:1 L3:1 len=5
      > udp L2:2 [2001:db8:1::1]:1 len=1300
      > udp L2:1 [2001:db8:1::1]:1 ttl=1
      > udp L4:1 [2001:db8:2::1]:1
      > udp [2001:db8:2::5]:1 [2001:db8:1::5]:1
      < udp R2:1 R3:1
      > tcp L4:1 [2001:db8:1::2]:80 S
      > tcp L4:1 [2001:db8:1::2]:80 S ext=dst)"},
    {"router: link-local sources belong to their device", "", R"(
      ip -6 addr add fe80::1/64 dev tl nodad
      ip -6 addr add fe80::1/64 dev tr nodad
      ip6tables -A INPUT -p udp --dport 7 -j REJECT
      ip6tables -A FORWARD -p udp --dport 8 -j REJECT
      ip6tables -A INPUT -p tcp --dport 7 -j REJECT --reject-with tcp-reset)",
     R"(
      > udp [fe80::2]:1 R2:1
      < udp [fe80::2]:1 L2:1
      > udp [fe80::2]:1 R2:1 ttl=1
      < udp [fe80::2]:1 L2:1 ttl=1
      > udp [fe80::2]:1 [fe80::1]:7
      < udp [fe80::2]:1 [fe80::1]:7
      > udp [fe80::2]:1 L1:7
      < udp [fe80::2]:1 R1:7
      > udp [fe80::2]:1 R1:7
      > udp [fe80::2]:1 R2:8
      > tcp [fe80::2]:1 [fe80::1]:7 S
      < tcp [fe80::2]:1 [fe80::1]:7 S
      > udp L2:1 [fe80::1]:7
      < udp R2:1 [fe80::1]:7
      > udp [fe80::2]:1 [2001:db8::1]:1
      < udp [fe80::2]:1 [2001:db8::1]:1)"},
    {"router: reverse path filter", "", R"(
      sysctl -w net.ipv4.conf.all.rp_filter=1)",
     R"(
      > udp l2:1 r2:1
      > udp 192.0.2.1:1 r2:1
      < udp 192.0.2.1:1 l2:1
      < udp l3:1 l2:1)"},
    {"router: a loose reverse path filter", "", R"(
      ip route del default via 10.2.0.2
      sysctl -w net.ipv4.conf.all.rp_filter=2)",
     R"(
      > udp l2:1 r2:1
      > udp 192.0.2.1:1 r2:1
      < udp l3:1 l2:1
      > udp l2:1 192.0.2.1:1)"},
    {"router: without a default route", "", R"(
      ip route del default via 10.2.0.2
      ip -6 route del default dev tr)",
     R"(
      > udp l2:1 192.0.2.1:1
      > tcp l2:1 192.0.2.1:1 S
      < udp 192.0.2.1:1 l2:1
      < udp 192.0.2.1:1 l2:1 ttl=1
      > udp L2:1 [2001:db8::1]:1)"},
    {"router: multicast and broadcast are not forwarded", "", "", R"(
      > udp l2:1 224.0.0.1:1
      > udp l2:1 224.0.0.251:1
      > udp l2:1 239.1.2.3:1
      > udp l2:1 10.2.0.255:1
      > udp l2:1 10.2.0.0:1
      > udp L2:1 [ff02::1]:1
      > udp L2:1 [ff02::fb]:1
      > udp L2:1 [ff0e::5]:1
      > udp [fe80::2]:1 R2:1
      > udp L2:1 [fe80::2]:1)"},
};

}  // namespace

std::span<const RouterScenario> router_scenarios() { return kScenarios; }

}  // namespace ctwin::test
