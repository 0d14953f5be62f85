#include "scenarios.h"

namespace ctwin::test {

namespace {

constexpr RouterScenario kScenarios[] = {
    // ---------------------------------------------------------------- stories
    {"story: a gateway", "acct=1 timestamp=1", R"(
      ip addr add 192.168.2.1/24 dev tl
      ip addr add 193.157.56.3/24 dev tr
      iptables -t nat -A POSTROUTING -o tr -s 192.168.2.0/24 -p tcp --dport 443 -j SNAT --to-source 193.157.56.3)",
     R"(
      > tcp 192.168.2.55:43210 217.254.1.76:443 S seq=100 mss=1460 sackok wscale=7
      <~ tcp 217.254.1.76:443 192.168.2.55:43210 SA seq=500 ack=101 mss=1460 sackok wscale=7
      > tcp 192.168.2.55:43210 217.254.1.76:443 A seq=101 ack=501
      > tcp 192.168.2.55:43210 217.254.1.76:443 PA seq=101 ack=501 len=300
      <~ tcp 217.254.1.76:443 192.168.2.55:43210 A seq=501 ack=401
      <~ tcp 217.254.1.76:443 192.168.2.55:43210 PA seq=501 ack=401 len=1400
      > tcp 192.168.2.55:43210 217.254.1.76:443 A seq=401 ack=1901
      > tcp 192.168.2.55:43210 217.254.1.76:443 FA seq=401 ack=1901
      <~ tcp 217.254.1.76:443 192.168.2.55:43210 A seq=1901 ack=402
      <~ tcp 217.254.1.76:443 192.168.2.55:43210 FA seq=1901 ack=402
      > tcp 192.168.2.55:43210 217.254.1.76:443 A seq=402 ack=1902)"},
    {"story: a DMZ", "", R"(
      ip addr add 192.168.42.1/24 dev tl
      ip addr add 192.168.1.1/24 dev tr
      ip route add 172.16.0.0/12 via 192.168.42.254
      iptables -t raw -A PREROUTING -p icmp --icmp-type echo-request -j TRACE
      iptables -t nat -A PREROUTING -d 1.2.3.3 -j DNAT --to-destination 192.168.1.3
      iptables -t nat -A PREROUTING -d 1.2.3.4 -j DNAT --to-destination 192.168.1.4
      iptables -t nat -A POSTROUTING -p icmp -s 192.168.42.1 -j SNAT --to-source 1.2.3.1
      iptables -t mangle -A PREROUTING -d 1.2.3.4 -j CONNMARK --set-mark 1
      iptables -A FORWARD -d 192.168.1.4 -j REJECT
      iptables -A FORWARD -d 1.2.3.5 -j REJECT
      iptables -A OUTPUT -m conntrack --ctstate RELATED -m connmark --mark 1 -j LOG --log-prefix "marked: ")",
     R"(
      > icmp 172.16.5.5 1.2.3.4 type=8 id=77 seq=1 len=56
      > icmp 172.16.5.5 1.2.3.5 type=8 id=78 seq=1 len=56
      > icmp 172.16.5.5 1.2.3.3 type=8 id=79 seq=1 len=56
      <~ icmp 1.2.3.3 172.16.5.5 type=0 id=79 seq=1 len=56
      > tcp 172.16.5.5:4000 1.2.3.4:80 S
      > udp 172.16.5.5:4000 1.2.3.5:53 len=20)"},
    {"story: pings and errors for a client behind SNAT", "acct=1", R"(
      iptables -t nat -A POSTROUTING -o tr -j SNAT --to-source 10.2.0.1)",
     R"(
      > icmp l2 r2 type=8 id=1 seq=1 len=56
      <~ icmp r2 l2 type=0 id=1 seq=1 len=56
      > icmp l2 r2 type=13 id=2 seq=1 len=12
      <~ icmp r2 l2 type=14 id=2 seq=1 len=12
      > icmp l2 r2 type=15 id=3 seq=1
      <~ icmp r2 l2 type=16 id=3 seq=1
      > icmp l2 r2 type=17 id=4 seq=1 len=4
      <~ icmp r2 l2 type=18 id=4 seq=1 len=4
      > icmp l2 r2 type=8 id=5 seq=1 len=56
      > tcp l2:1000 r2:80 S
      <~ icmp r9 l2 type=3 code=1 of(tcp l2:1000 r2:80 S) quote=28
      > udp l2:1000 r2:53 len=20
      <~ icmp r2 l2 type=3 code=13 of(udp l2:1000 r2:53 len=20))"},
    {"story: the table and its counters", "acct=1 timestamp=1 tcp_timeout_syn_sent=1", R"(
      iptables -t nat -A POSTROUTING -o tr -p tcp -j MASQUERADE
      iptables -t nat -A PREROUTING -i tr -p udp --dport 53 -j DNAT --to-destination 10.1.0.2:5353
      iptables -t nat -A PREROUTING -i tl -p tcp --dport 8080 -j REDIRECT --to-ports 80
      iptables -t mangle -A PREROUTING -p tcp -j CONNMARK --set-mark 7)",
     R"(
      open
      > PA seq=101 ack=501 len=100
      < A seq=501 ack=201
      < udp r2:1000 r1:53 len=20
      >~ udp r1:53 r2:1000 len=100
      > tcp l2:2000 r2:8080 S
      > tcp l3:2000 r2:443 S)"},
    // ---------------------------------------------------------------- SNAT
    {"nat: without a nat table nothing is bound", "", "iptables -A FORWARD -j ACCEPT", R"(
      open
      > udp l2:1 r2:2
      < udp r2:2 l2:1)"},
    {"nat: an empty nat table binds every flow to what it is", "acct=1", R"(
      iptables -t nat -P PREROUTING ACCEPT
      ip6tables -t nat -P PREROUTING ACCEPT)",
     R"(
      open
      > udp l2:1 r2:2
      < udp r2:2 l2:1
      > udp L2:1 R2:2
      < udp R2:2 L2:1
      > icmp l2 r2 id=7
      < icmp r2 l2 type=0 id=7
      > gre l2 r2
      > ip l2 r2 proto=50
      > sctp l2:1 r2:2 init=5
      > udplite l2:1 r2:2 sum17)"},
    {"nat: every protocol behind one address", "acct=1 checksum=1", R"(
      iptables -t nat -A POSTROUTING -o tr -j SNAT --to-source 10.2.0.9
      ip6tables -t nat -A POSTROUTING -o tr -j SNAT --to-source fd02::9)",
     R"(
      open
      > PA seq=101 ack=501 len=33
      < A seq=501 ack=134
      > udp l2:1000 r2:53 len=9
      <~ udp r2:53 l2:1000 len=8
      > udp l2:1001 r2:53 len=9 nosum
      <~ udp r2:53 l2:1001 len=8 nosum
      > udp l2:1002 r2:53 len=9 sum=bad
      > udplite l2:1000 r2:53 len=9 sum17
      <~ udplite r2:53 l2:1000 len=9 sum17
      > udplite l2:1001 r2:53 len=9 cov=8
      > sctp l2:1000 r2:2000 init=5
      <~ sctp r2:2000 l2:1000 vtag=5 init_ack=6
      > sctp l2:1000 r2:2000 vtag=6 cookie_echo
      <~ sctp r2:2000 l2:1000 vtag=5 cookie_ack
      > sctp l2:1001 r2:2000 init=5 sum=bad
      > icmp l2 r2 type=8 id=5
      <~ icmp r2 l2 type=0 id=5
      > gre l2 r2 len=10
      <~ gre r2 l2 len=10
      > gre l3 r2 ver=1 call=5 len=10
      <~ gre r2 l3 ver=1 call=5 len=10
      > gre l3 r2 ver=3 len=10
      > ip l2 r2 proto=50 len=16
      <~ ip r2 l2 proto=50 len=16
      > udp L2:1000 R2:53 len=9
      <~ udp R2:53 L2:1000 len=8
      > tcp L2:1000 R2:80 S
      <~ tcp R2:80 L2:1000 SA seq=9 ack=1
      > icmp6 L2 R2 type=128 id=5
      <~ icmp6 R2 L2 type=129 id=5
      > sctp L2:1000 R2:2000 init=5
      > udplite L2:1000 R2:53 len=9 sum17
      > gre L2 R2 len=10
      > ip L2 R2 proto=50 len=16
      > udp L3:1000 R2:53 len=9 ext=hop,dst
      > udp L3:1001 R2:53 len=9 ext=frag)"},
    {"nat: a second client with the same port gets another one", "", R"(
      iptables -t nat -A POSTROUTING -o tr -j SNAT --to-source 10.2.0.9
      ip6tables -t nat -A POSTROUTING -o tr -j MASQUERADE)",
     R"(
      > udp l2:1000 r2:53
      > udp l3:1000 r2:53
      <~ udp r2:53 l3:1000
      <~ udp r2:53 l2:1000
      > udp l3:1000 r3:53
      > udp l4:400 r2:53
      > udp l5:400 r2:53
      <~ udp r2:53 l5:400
      > udp l4:700 r2:53
      > udp l5:700 r2:53
      <~ udp r2:53 l5:700
      > tcp l2:40000 r2:80 S
      > tcp l3:40000 r2:80 S
      <~ tcp r2:80 l3:40000 SA seq=7 ack=1
      > icmp l2 r2 id=3
      > icmp l3 r2 id=3
      <~ icmp r2 l3 type=0 id=3
      > sctp l2:9 r2:9 init=4
      > sctp l3:9 r2:9 init=4
      > udplite l2:9 r2:9 sum17
      > udplite l3:9 r2:9 sum17
      > udp L2:1000 R2:53
      > udp L3:1000 R2:53
      <~ udp R2:53 L3:1000
      > icmp6 L2 R2 id=3
      > icmp6 L3 R2 id=3
      <~ icmp6 R2 L3 type=129 id=3)"},
    {"nat: protocols without ports cannot share an address", "", R"(
      iptables -t nat -A POSTROUTING -o tr -j SNAT --to-source 10.2.0.9)",
     R"(
      > ip l2 r2 proto=50
      > ip l3 r2 proto=50
      <~ ip r2 l3 proto=50
      > gre l2 r2
      > gre l3 r2
      <~ gre r2 l2)"},
    {"nat: a drawn port is kept towards other destinations", "", R"(
      iptables -t nat -A POSTROUTING -o tr -j SNAT --to-source 10.2.0.9)",
     R"(
      > udp l2:1000 r2:53
      > udp l3:1000 r2:53
      > udp l3:1000 r3:53
      > udp l3:1000 r4:53
      > udp l2:1000 r4:53)"},
    {"nat: sources are spread over a range of addresses", "", R"(
      iptables -t nat -A POSTROUTING -o tr -p udp -j SNAT --to-source 10.2.0.20-10.2.0.29
      iptables -t nat -A POSTROUTING -o tr -p tcp -j SNAT --to-source 10.2.0.20-10.2.0.29 --persistent
      ip6tables -t nat -A POSTROUTING -o tr -p udp -j SNAT --to-source fd02::20-fd02::ffff
      ip6tables -t nat -A POSTROUTING -o tr -p tcp -j SNAT --to-source fd02::20-fd02:1::5 --persistent
      ip6tables -t nat -A POSTROUTING -o tr -p sctp -j SNAT --to-source fd02::20-fd04::5)",
     R"(
      > udp l2:1 r2:1
      > udp l3:1 r2:1
      > udp l2:1 r3:1
      > udp l2:1 r77:1
      > udp l200:1 r9:1
      > tcp l2:1 r2:1 S
      > tcp l2:2 r3:1 S
      > tcp l3:2 r3:1 S
      > tcp l200:2 r3:1 S
      > udp L2:1 R2:1
      > udp L3:1 R2:1
      > udp L2:1 R3:1
      > tcp L2:1 R2:1 S
      > tcp L3:1 R3:1 S
      > tcp L200:1 R3:1 S
      > sctp L2:1 R2:1 init=1
      > sctp L3:1 R77:1 init=1)"},
    {"nat: a source that is in the range already keeps what it has", "", R"(
      iptables -t nat -A POSTROUTING -o tr -p udp -j SNAT --to-source 10.1.0.2-10.1.0.4
      iptables -t nat -A POSTROUTING -o tr -p tcp -j SNAT --to-source 10.2.0.9:1000-1001)",
     R"(
      > udp l2:1 r2:1
      > udp l3:1 r2:1
      > udp l5:1 r2:1
      > tcp l2:1000 r2:1 S
      > tcp l3:1001 r2:1 S
      > tcp l4:1000 r3:1 S)"},
    {"nat: when every port of the range is taken", "acct=1", R"(
      iptables -t nat -A POSTROUTING -o tr -p tcp -j SNAT --to-source 10.2.0.9:2000-2001
      iptables -t nat -A POSTROUTING -o tr -p udp -j SNAT --to-source 10.2.0.9:2000
      iptables -t nat -A POSTROUTING -o tr -p icmp -j SNAT --to-source 10.2.0.9)",
     R"(
      > tcp l2:1 r2:1 S
      > tcp l3:1 r2:1 S
      > tcp l4:1 r2:1 S
      > tcp l5:1 r2:1 S
      > tcp l5:1 r3:1 S
      > udp l2:1 r2:1
      > udp l3:1 r2:1
      <~ udp r2:1 l2:1
      > udp l3:1 r3:1)"},
    {"nat: an old connection gives up its port", "", R"(
      iptables -t nat -A POSTROUTING -o tr -p tcp -j SNAT --to-source 10.2.0.9:2000)",
     R"(
      open
      > FA seq=101 ack=501
      < FA seq=501 ack=102
      > A seq=102 ack=502
      > tcp l3:7 r2:80 S seq=50
      > tcp l3:7 r2:80 S seq=5000
      <~ tcp r2:80 l3:7 SA seq=9 ack=5001
      > tcp l4:7 r2:80 S seq=90000)"},
    {"nat: the first answer of a peer decides nothing about later rules", "", R"(
      iptables -t nat -A POSTROUTING -o tr -p udp --sport 1000 -m statistic --mode nth --every 2 --packet 0 -j SNAT --to-source 10.2.0.9)",
     R"(
      > udp l2:1000 r2:1
      > udp l2:1000 r2:1
      > udp l2:1000 r3:1
      > udp l2:1000 r3:1
      <~ udp r3:1 l2:1000
      > udp l2:1000 r4:1)"},
    // ---------------------------------------------------------------- DNAT
    {"nat: DNAT to a host, a port and a range of ports", "", R"(
      iptables -t nat -A PREROUTING -i tr -d 10.2.0.1 -p tcp --dport 80 -j DNAT --to-destination 10.1.0.2
      iptables -t nat -A PREROUTING -i tr -d 10.2.0.1 -p tcp --dport 81 -j DNAT --to-destination 10.1.0.2:8080
      iptables -t nat -A PREROUTING -i tr -d 10.2.0.1 -p tcp --dport 82 -j DNAT --to-destination 10.1.0.2:8000-8010
      iptables -t nat -A PREROUTING -i tr -d 10.2.0.1 -p tcp --dport 8005 -j DNAT --to-destination 10.1.0.2:8000-8010
      iptables -t nat -A PREROUTING -i tr -p tcp --dport 5000:5010 -j DNAT --to-destination 10.1.0.3:6000-6010/5000
      iptables -t nat -A PREROUTING -i tr -p udp -j DNAT --to-destination :53
      ip6tables -t nat -A PREROUTING -i tr -p udp -j DNAT --to-destination [fd01::7]:53)",
     R"(
      < tcp r2:9 r1:80 S
      >~ tcp r1:80 r2:9 SA seq=4 ack=1
      < tcp r2:9 r1:80 A seq=1 ack=5
      < tcp r2:9 r1:81 S
      >~ tcp r1:81 r2:9 SA seq=4 ack=1
      < tcp r2:9 r1:82 S
      >~ tcp r1:82 r2:9 SA seq=4 ack=1
      < tcp r2:9 r1:8005 S
      < tcp r2:10 r1:8005 S
      < tcp r2:11 l9:5003 S
      >~ tcp l9:5003 r2:11 RA ack=1
      < tcp r2:12 l9:5010 S
      < udp r2:9 l2:4000
      >~ udp l2:4000 r2:9
      < udp r2:9 r1:4000
      < udp R2:9 L2:4000
      >~ udp L2:4000 R2:9)"},
    {"nat: DNAT into a range of addresses", "", R"(
      iptables -t nat -A PREROUTING -i tr -d 10.2.0.1 -j DNAT --to-destination 10.1.0.2-10.1.0.5
      ip6tables -t nat -A PREROUTING -i tr -d fd02::1 -j DNAT --to-destination fd01::2-fd01::5)",
     R"(
      < udp r2:9 r1:1
      < udp r3:9 r1:1
      < udp r4:9 r1:1
      < udp r5:9 r1:1
      < udp r200:9 r1:1
      < udp R2:9 R1:1
      < udp R3:9 R1:1
      < icmp r2 r1 id=4
      >~ icmp r1 r2 type=0 id=4)"},
    {"nat: two clients whose flows meet at one server", "", R"(
      iptables -t nat -A PREROUTING -i tr -p udp -d 10.1.0.9 -j DNAT --to-destination 10.1.0.2)",
     R"(
      < udp r2:9 l2:53
      < udp r2:9 l9:53
      >~ udp l9:53 r2:9
      >~ udp l2:53 r2:9
      < tcp r2:9 l2:53 S
      < tcp r2:9 l9:53 S)"},
    {"nat: a local port that a redirected flow meets (nf_nat_edemux)", "", R"(
      iptables -t nat -A PREROUTING -d 10.96.0.1 -p tcp --dport 443 -j DNAT --to-destination 10.2.0.2:5201)",
     R"(
      > tcp l2:10001 10.96.0.1:443 S
      > tcp l2:10001 r2:5201 S
      <~ tcp r2:5201 l2:10001 SA seq=5 ack=1)"},
    {"nat: both ends begin at once (conntrack_reverse_clash)", "", R"(
      iptables -t nat -A POSTROUTING -p tcp -j MASQUERADE)",
     R"(
      > udp l2:1000 r2:2000
      < udp r2:2000 l2:1000
      < udp r3:2000 l2:1000
      > udp l2:1000 r3:2000
      > ip l2 r2 proto=50
      < ip r2 l2 proto=50)"},
    {"nat: one tuple in many zones behind one address (nft_nat_zones)", "", R"(
      iptables -t raw -A PREROUTING -s 10.1.0.2 -m mark --mark 0 -m ttl --ttl-eq 61 -j CT --zone 1
      iptables -t raw -A PREROUTING -s 10.1.0.2 -m ttl --ttl-eq 62 -j CT --zone-orig 2
      iptables -t raw -A PREROUTING -s 10.1.0.2 -m ttl --ttl-eq 63 -j CT --zone-orig 3
      iptables -t nat -A POSTROUTING -o tr -j SNAT --to-source 10.2.0.9)",
     R"(
      > udp l2:1000 r2:53
      > udp l2:1000 r2:53 ttl=61
      > udp l2:1000 r2:53 ttl=62
      > udp l2:1000 r2:53 ttl=63
      < udp r2:53 10.2.0.9:1000
      > tcp l2:1000 r2:53 S ttl=62
      > tcp l2:1000 r2:53 S ttl=63
      > icmp l2 r2 id=6 ttl=62
      > icmp l2 r2 id=6 ttl=63)"},
    {"nat: an entry that nobody answered yields to a redirect (conntrack_tcp_unreplied)",
     "tcp_timeout_syn_sent=1", R"(
      iptables -t nat -A PREROUTING -i tl -p tcp --dport 8080 -m statistic --mode nth --every 2 --packet 1 -j REDIRECT --to-ports 80)",
     R"(
      > tcp l2:1000 r2:8080 S seq=5
      > tcp l2:1000 r2:8080 S seq=5
      wait 1500
      > tcp l2:1000 r2:8080 S seq=5)"},
    // ---------------------------------------------------------------- other targets
    {"nat: MASQUERADE takes the address of the device", "", R"(
      ip addr add 10.3.0.1/24 dev tr
      ip route add 198.51.100.0/24 via 10.3.0.9
      iptables -t nat -A POSTROUTING -o tr -p udp -j MASQUERADE --to-ports 4000-4010
      iptables -t nat -A POSTROUTING -j MASQUERADE
      ip6tables -t nat -A POSTROUTING -j MASQUERADE)",
     R"(
      > udp l2:1000 r2:53
      <~ udp r2:53 l2:1000
      > udp l2:1001 10.3.0.7:53
      > tcp l2:1000 10.3.0.7:80 S
      > tcp l2:1000 198.51.100.4:80 S
      > tcp l2:1000 r2:80 S
      < tcp r2:1000 l2:80 S
      >~ tcp l2:80 r2:1000 SA seq=4 ack=1
      > icmp l2 r2 id=4
      > udp L2:1000 R2:53
      <~ udp R2:53 L2:1000
      < udp R3:1000 L2:53)"},
    {"nat: MASQUERADE has every port drawn", "", R"(
      iptables -t nat -A POSTROUTING -o tr -p udp -j MASQUERADE --random
      iptables -t nat -A POSTROUTING -o tr -p tcp -j SNAT --to-source 10.2.0.9:3000-3999 --random
      iptables -t nat -A POSTROUTING -o tr -p icmp -j MASQUERADE --random-fully
      ip6tables -t nat -A POSTROUTING -o tr -j MASQUERADE --random-fully)",
     R"(
      > udp l2:1000 r2:53
      <~ udp r2:53 l2:1000
      > udp l2:1000 r3:53
      > udp l2:100 r3:53
      > udp l2:600 r3:53
      > tcp l2:1000 r2:53 S
      <~ tcp r2:53 l2:1000 SA seq=4 ack=1
      > tcp l2:3001 r2:53 S
      > icmp l2 r2 id=5
      <~ icmp r2 l2 type=0 id=5
      > udp L2:1000 R2:53
      <~ udp R2:53 L2:1000
      > icmp6 L2 R2 id=5
      <~ icmp6 R2 L2 type=129 id=5)"},
    {"nat: REDIRECT brings packets to the box itself", "", R"(
      iptables -t nat -A PREROUTING -i tl -p tcp --dport 80 -j REDIRECT --to-ports 3128
      iptables -t nat -A PREROUTING -i tl -p udp -j REDIRECT
      ip6tables -t nat -A PREROUTING -i tl -p tcp -j REDIRECT --to-ports 3128)",
     R"(
      > tcp l2:1000 r2:80 S
      > tcp l2:1000 r2:80 S
      > udp l2:1000 r2:53
      > tcp L2:1000 R2:80 S
      > icmp l2 r2 id=4)"},
    {"nat: NETMAP keeps the host part", "", R"(
      iptables -t nat -A PREROUTING -i tr -d 10.7.0.0/24 -j NETMAP --to 10.1.0.0/24
      iptables -t nat -A POSTROUTING -o tr -s 10.1.0.0/24 -j NETMAP --to 10.7.0.0/24
      ip6tables -t nat -A PREROUTING -i tr -d fd07::/64 -j NETMAP --to fd01::/64
      ip6tables -t nat -A POSTROUTING -o tr -s fd01::/64 -j NETMAP --to fd07::/64)",
     R"(
      < udp r2:9 10.7.0.3:1
      >~ udp 10.7.0.3:1 r2:9
      > udp l4:9 r2:1
      <~ udp r2:1 l4:9
      < udp R2:9 [fd07::3]:1
      >~ udp [fd07::3]:1 R2:9
      > icmp6 L4 R2 id=3
      <~ icmp6 R2 L4 type=129 id=3)"},
    {"nat: source and destination of one flow", "acct=1", R"(
      iptables -t nat -A PREROUTING -i tl -d 10.9.0.1 -p tcp --dport 80 -j DNAT --to-destination 10.2.0.2:8080
      iptables -t nat -A POSTROUTING -o tr -j MASQUERADE
      ip6tables -t nat -A PREROUTING -i tl -d fd09::1 -p tcp --dport 80 -j DNAT --to-destination [fd02::2]:8080
      ip6tables -t nat -A POSTROUTING -o tr -j MASQUERADE)",
     R"(
      > tcp l2:1000 10.9.0.1:80 S seq=1
      <~ tcp 10.9.0.1:80 l2:1000 SA seq=7 ack=2
      > tcp l2:1000 10.9.0.1:80 A seq=2 ack=8
      > tcp L2:1000 [fd09::1]:80 S seq=1
      <~ tcp [fd09::1]:80 L2:1000 SA seq=7 ack=2
      > tcp L2:1000 [fd09::1]:80 A seq=2 ack=8)"},
    {"nat: back out of the device it came by", "", R"(
      iptables -t nat -A PREROUTING -d 10.1.0.1 -p tcp --dport 80 -j DNAT --to-destination 10.1.0.3
      iptables -t nat -A POSTROUTING -s 10.1.0.0/24 -d 10.1.0.0/24 -j MASQUERADE)",
     R"(
      > tcp l2:1000 l1:80 S seq=1
      > tcp l3:80 l1:1000 SA seq=7 ack=2
      > tcp l2:1000 l1:80 A seq=2 ack=8
      > udp l2:1 l3:1)"},
    {"nat: an answer that nobody asked for", "", R"(
      iptables -t nat -A POSTROUTING -o tr -j SNAT --to-source 10.2.0.9)",
     R"(
      > udp l2:1000 r2:53
      < udp r3:53 10.2.0.9:1000
      < udp r2:54 10.2.0.9:1000
      < tcp r2:53 10.2.0.9:1000 SA
      < icmp r2 10.2.0.9 type=0 id=4)"},
    // ---------------------------------------------------------------- errors
    {"nat: errors for a client behind SNAT", "acct=1", R"(
      iptables -t nat -A POSTROUTING -o tr -j SNAT --to-source 10.2.0.9
      ip6tables -t nat -A POSTROUTING -o tr -j SNAT --to-source fd02::9)",
     R"(
      open
      <~ icmp r9 l2 type=3 code=4 rest=1400 of(tcp l2:1000 r2:80 PA seq=101 ack=501 len=900) quote=548
      <~ icmp r9 l2 type=3 code=4 rest=1400 of(tcp l2:1000 r2:80 PA seq=101 ack=501 len=900) quote=28
      <~ icmp r9 l2 type=3 code=4 rest=1400 of(tcp l2:1000 r2:80 PA seq=101 ack=501) quote=27
      <~ icmp r9 l2 type=3 code=4 rest=1400 of(tcp l2:1000 r2:80 PA seq=101 ack=501) quote=24
      <~ icmp r9 l2 type=3 code=4 rest=1400 of(tcp l2:1000 r2:80 PA seq=101 ack=501) quote=23
      <~ icmp r9 l2 type=3 code=4 of(tcp l2:1000 r2:80 A seq=101 ack=501) sum=bad
      <~ icmp r9 l3 type=3 code=4 of(tcp l2:1000 r2:80 A seq=101 ack=501)
      > udp l2:1000 r2:53 len=40
      <~ icmp r2 l2 type=3 code=3 of(udp l2:1000 r2:53 len=40)
      <~ icmp r2 l2 type=3 code=3 of(udp l2:1000 r2:53 len=40) quote=28
      <~ icmp r2 l2 type=3 code=3 of(udp l2:1000 r2:53 len=40) quote=27
      <~ icmp r2 l2 type=3 code=3 of(udp l2:1000 r2:53 len=40) quote=24
      <~ icmp r2 l2 type=3 code=3 of(udp l2:1000 r2:53 len=40 nosum) quote=40
      > icmp l2 r2 type=8 id=6
      <~ icmp r9 l2 type=11 of(icmp l2 r2 type=8 id=6)
      > sctp l2:5 r2:6 init=9
      <~ icmp r9 l2 type=11 of(sctp l2:5 r2:6 init=9)
      <~ icmp r9 l2 type=11 of(sctp l2:5 r2:6 init=9) quote=28
      <~ icmp r9 l2 type=11 of(sctp l2:5 r2:6 init=9) quote=32
      > udplite l2:5 r2:6 sum17
      <~ icmp r9 l2 type=11 of(udplite l2:5 r2:6 sum17)
      > gre l2 r2
      <~ icmp r9 l2 type=12 of(gre l2 r2)
      > ip l2 r2 proto=50 len=20
      <~ icmp r9 l2 type=4 of(ip l2 r2 proto=50 len=20)
      <~ icmp r9 l2 type=5 of(udp l2:1000 r2:53 len=40)
      > tcp L2:1000 R2:80 S seq=5
      <~ icmp6 R9 L2 type=2 rest=1400 of(tcp L2:1000 R2:80 S seq=5)
      <~ icmp6 R9 L2 type=1 code=4 of(tcp L2:1000 R2:80 S seq=5) quote=48
      <~ icmp6 R9 L2 type=1 code=4 of(tcp L2:1000 R2:80 S seq=5) quote=44
      > udp L2:1000 R2:53 len=40
      <~ icmp6 R2 L2 type=1 code=4 of(udp L2:1000 R2:53 len=40)
      > icmp6 L2 R2 type=128 id=6
      <~ icmp6 R2 L2 type=3 of(icmp6 L2 R2 type=128 id=6)
      > sctp L2:5 R2:6 init=9
      <~ icmp6 R9 L2 type=3 of(sctp L2:5 R2:6 init=9))"},
    {"nat: errors from behind SNAT about answers", "", R"(
      iptables -t nat -A POSTROUTING -o tr -j SNAT --to-source 10.2.0.9)",
     R"(
      > udp l2:1000 r2:53 len=40
      <~ udp r2:53 l2:1000 len=100
      >~ icmp l2 r2 type=3 code=3 of(udp r2:53 l2:1000 len=100)
      >~ icmp l9 r2 type=3 code=1 of(udp r2:53 l2:1000 len=100)
      open
      >~ icmp l2 r2 type=3 code=3 of(tcp r2:80 l2:1000 SA seq=500 ack=101))"},
    {"nat: errors of and for a server behind DNAT", "", R"(
      iptables -t nat -A PREROUTING -i tr -d 10.2.0.1 -p tcp --dport 80 -j DNAT --to-destination 10.1.0.2:8080
      iptables -t nat -A PREROUTING -i tr -d 10.2.0.1 -p udp -j DNAT --to-destination 10.1.0.2
      ip6tables -t nat -A PREROUTING -i tr -d fd02::1 -p udp -j DNAT --to-destination fd01::2)",
     R"(
      < tcp r2:9 r1:80 S seq=3
      >~ icmp r1 r2 type=3 code=3 of(tcp r2:9 r1:80 S seq=3)
      >~ icmp l9 r2 type=3 code=1 of(tcp r2:9 r1:80 S seq=3)
      >~ tcp r1:80 r2:9 SA seq=8 ack=4
      <~ icmp r7 r1 type=3 code=4 of(tcp r1:80 r2:9 SA seq=8 ack=4)
      < udp r2:9 r1:53 len=30
      >~ icmp r1 r2 type=3 code=3 of(udp r2:9 r1:53 len=30)
      < udp R2:9 R1:53 len=30
      >~ icmp6 R1 R2 type=1 code=4 of(udp R2:9 R1:53 len=30)
      >~ icmp6 L9 R2 type=1 code=3 of(udp R2:9 R1:53 len=30))"},
    {"nat: redirects about flows (conntrack_icmp_related)", "", R"(
      iptables -t nat -A POSTROUTING -o tr -s 10.1.0.2 -j SNAT --to-source 10.2.0.9
      iptables -A FORWARD -m conntrack --ctstate RELATED)",
     R"(
      > udp l2:1000 r2:53 len=40
      <~ icmp r9 l2 type=5 code=1 rest=0x0a020003 of(udp l2:1000 r2:53 len=40)
      > udp l3:1000 r2:53 len=40
      < icmp r9 l3 type=5 code=1 rest=0x0a020003 of(udp l3:1000 r2:53 len=40)
      <~ udp r2:53 l3:1000
      < icmp r9 l3 type=5 code=1 rest=0x0a020003 of(udp l3:1000 r2:53 len=40)
      < icmp r9 l4 type=3 code=4 rest=1300 of(udp l4:1000 r2:53 len=40))"},
    {"nat: an error that belongs to nothing passes as it is", "", R"(
      iptables -t nat -A POSTROUTING -o tr -j SNAT --to-source 10.2.0.9)",
     R"(
      > icmp l2 r2 type=3 code=3 of(udp r2:53 l2:1000)
      < icmp r2 l2 type=3 code=3 of(udp l2:1000 r2:53)
      < icmp r2 10.2.0.9 type=3 code=3 of(udp 10.2.0.9:1000 r2:53))"},
    {"nat: fragments of a translated packet", "acct=1", R"(
      iptables -t nat -A POSTROUTING -o tr -j SNAT --to-source 10.2.0.9
      ip6tables -t nat -A POSTROUTING -o tr -j SNAT --to-source fd02::9)",
     R"(
      > udp l2:1000 r2:53 len=1000 frag=0,504
      > udp l2:1000 r2:53 len=1000 frag=504,504
      > udp L2:1000 R2:53 len=1000 frag=0,504
      > udp L2:1000 R2:53 len=1000 frag=504,504)"},
    {"nat: the last packet of a flow is translated, too", "", R"(
      iptables -t nat -A PREROUTING -i tr -j DNAT --to-destination 10.1.0.3
      iptables -t nat -A POSTROUTING -o tr -j MASQUERADE)",
     R"(
      < tcp r2:9 l9:80 S seq=3
      >~ tcp l9:80 r2:9 RA ack=4
      > tcp l2:9 r2:80 S seq=3
      <~ tcp r2:80 l2:9 RA ack=4)"},
    {"nat: two flows with one key in zones of one direction", "", R"(
      iptables -t nat -A PREROUTING -i tl -j DNAT --to-destination 10.1.0.1
      iptables -t raw -A PREROUTING -s 10.1.0.0/24 -j CT --zone-reply 2)",
     R"(
      < udp r3:1000 l2:65535
      > udp l2:65535 r3:1000
      < udp r3:1000 l2:65535 ulen=3
      < udp r3:1000 l2:65535 ulen=3 ttl=1
      > icmp l2 r3 type=3 of(udp r3:1000 l2:65535))"},
    {"nat: a mirror in another zone", "", R"(
      iptables -t nat -P PREROUTING ACCEPT
      iptables -t raw -A PREROUTING -s 10.2.0.0/24 -j CT --zone-reply 2)",
     R"(
      < udp r3:1 l2:6940
      > udp l2:6940 r3:1
      < tcp r3:1 l2:6940 S
      > tcp l2:6940 r3:1 S)"},
};

}  // namespace

std::span<const RouterScenario> nat_scenarios() { return kScenarios; }

}  // namespace ctwin::test
