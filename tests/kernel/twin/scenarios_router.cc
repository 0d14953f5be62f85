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
