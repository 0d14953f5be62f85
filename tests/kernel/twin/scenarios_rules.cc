#include "scenarios.h"

namespace ctwin::test {

namespace {

constexpr RouterScenario kScenarios[] = {
    {"rules: sctp, by ports and chunks", "", R"(
      iptables -A FORWARD -p sctp --sport 3 --chunk-types only DATA,SACK
      iptables -A FORWARD -p sctp ! --sport 3 ! --chunk-types any HEARTBEAT,COOKIE_ECHO -j ACCEPT
      iptables -A FORWARD -p sctp --dport 2905 --chunk-types all INIT)",
     R"(
      > sctp l2:1 r2:2905 init=7
      > sctp l2:2 r2:2905 chunk=25,0,0,4
      > sctp l2:2 r2:2905 heartbeat
      > sctp l2:3 r2:2905 init=8
      > sctp l2:3 r2:9 heartbeat data
      > sctp l2:3 r2:9 data sack
      > sctp l2:3 r2:9 chunk=0,0,0,4
      > sctp l2:4 r2:9 cut=12)"},
    // ---------------------------------------------------------------- the way through the tables
    {"trace: every table, every chain, both ways", "", R"(
      iptables -t raw -A PREROUTING -j TRACE
      iptables -t raw -A OUTPUT -j TRACE
      iptables -t mangle -A FORWARD -m conntrack --ctstate NEW
      iptables -t nat -A POSTROUTING -o tr -j SNAT --to-source 10.2.0.9
      iptables -A FORWARD -p tcp --dport 81 -j REJECT
      iptables -A FORWARD -j ACCEPT
      ip6tables -t raw -A PREROUTING -j TRACE
      ip6tables -t mangle -A FORWARD -m conntrack --ctstate NEW
      ip6tables -A FORWARD -j ACCEPT)",
     R"(
      open
      > PA seq=101 ack=501 len=10
      > tcp l2:1 r2:81 S
      > icmp l2 r2 id=8
      <~ icmp r2 l2 type=0 id=8
      > udp l2:1 l1:53
      > udp l2:7 r2:53
      <~ icmp r2 l2 type=3 code=3 of(udp l2:7 r2:53)
      > udp L2:1 R2:53
      > udp L2:1 L1:53)"},
    {"trace: jump, goto, return and the ends of chains", "", R"(
      iptables -t raw -A PREROUTING -j TRACE
      iptables -N one
      iptables -N two
      iptables -N three
      iptables -N empty
      iptables -A FORWARD -j one
      iptables -A FORWARD -g two
      iptables -A FORWARD -p udp -j DROP
      iptables -A one -p tcp -j RETURN
      iptables -A one -j empty
      iptables -A one -p udp -j three
      iptables -A one -p icmp -j ACCEPT
      iptables -A two -p udp --dport 9
      iptables -A two -p tcp -j three
      iptables -A two -p tcp --dport 7 -g empty
      iptables -A three -p tcp --dport 5 -j RETURN
      iptables -A three -p udp -g empty
      iptables -P FORWARD DROP)",
     R"(
      > tcp l2:1 r2:5 S
      > tcp l2:1 r2:7 S
      > udp l2:1 r2:9
      > icmp l2 r2 id=3
      > ip l2 r2 proto=50)"},
    {"trace: what conntrack says of it", "", R"(
      iptables -t raw -A PREROUTING -p tcp -j TRACE
      iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP)",
     R"(
      > tcp l2:1 r2:5 SA
      > tcp l2:1 r2:5 SF
      > tcp l2:1 r2:5 S
      <~ tcp r2:5 l2:1 S sum=bad)"},
    {"rules: RETURN from a built-in chain is its policy", "", R"(
      iptables -P FORWARD DROP
      iptables -A FORWARD -p udp --dport 1 -j RETURN
      iptables -A FORWARD -p udp -j ACCEPT)",
     R"(
      > udp l2:1 r2:1
      > udp l2:1 r2:2)"},
    {"rules: ACCEPT ends one table only", "", R"(
      iptables -t mangle -A FORWARD -j ACCEPT
      iptables -A FORWARD -p udp -j DROP
      iptables -t mangle -A POSTROUTING -p tcp -j DROP)",
     R"(
      > udp l2:1 r2:1
      > tcp l2:1 r2:1 S
      > icmp l2 r2)"},
    {"rules: a dropped first packet leaves no entry, a later one has changed its flow", "", R"(
      iptables -A FORWARD -p tcp --dport 81 -j DROP
      iptables -A FORWARD -p tcp --tcp-flags SYN,ACK SYN,ACK -m ttl --ttl-eq 49 -j DROP)",
     R"(
      > tcp l2:1 r2:81 S
      > tcp l2:1 r2:81 S
      > tcp l2:1000 r2:80 S seq=100
      < tcp r2:80 l2:1000 SA seq=500 ack=101 ttl=50
      > A seq=101 ack=501
      < SA seq=500 ack=101)"},
    // ---------------------------------------------------------------- targets
    {"reject: every kind of answer", "", R"(
      iptables -A FORWARD -p udp --dport 1 -j REJECT
      iptables -A FORWARD -p udp --dport 2 -j REJECT --reject-with icmp-net-unreachable
      iptables -A FORWARD -p udp --dport 3 -j REJECT --reject-with icmp-host-unreachable
      iptables -A FORWARD -p udp --dport 4 -j REJECT --reject-with icmp-proto-unreachable
      iptables -A FORWARD -p udp --dport 5 -j REJECT --reject-with icmp-net-prohibited
      iptables -A FORWARD -p udp --dport 6 -j REJECT --reject-with icmp-host-prohibited
      iptables -A FORWARD -p udp --dport 7 -j REJECT --reject-with icmp-admin-prohibited
      iptables -A FORWARD -p tcp -j REJECT --reject-with tcp-reset
      iptables -A FORWARD -p icmp -j REJECT
      iptables -A INPUT -p tcp --dport 1 -j REJECT --reject-with tcp-reset
      iptables -A INPUT -j REJECT
      ip6tables -A FORWARD -p udp --dport 1 -j REJECT
      ip6tables -A FORWARD -p udp --dport 2 -j REJECT --reject-with icmp6-no-route
      ip6tables -A FORWARD -p udp --dport 3 -j REJECT --reject-with icmp6-adm-prohibited
      ip6tables -A FORWARD -p udp --dport 4 -j REJECT --reject-with icmp6-addr-unreachable
      ip6tables -A FORWARD -p udp --dport 5 -j REJECT --reject-with icmp6-port-unreachable
      ip6tables -A FORWARD -p udp --dport 6 -j REJECT --reject-with icmp6-policy-fail
      ip6tables -A FORWARD -p udp --dport 7 -j REJECT --reject-with icmp6-reject-route
      ip6tables -A FORWARD -p tcp -j REJECT --reject-with tcp-reset
      ip6tables -A FORWARD -p icmpv6 -j REJECT
      ip6tables -A INPUT -j REJECT)",
     R"(
      > udp l2:9 r2:1 len=700 id=55
      > udp l2:9 r2:2 tos=0xfc
      > udp l2:9 r2:3 df
      > udp l2:9 r2:4 sum=bad
      > udp l2:9 r2:5 opts=01010101
      > udp l2:9 r2:6
      > udp l2:9 r2:7
      > tcp l2:9 r2:7 S seq=77
      > tcp l2:9 r2:7 A seq=77 ack=99
      > tcp l2:9 r2:7 PA seq=77 ack=99 len=10
      > tcp l2:9 r2:7 R seq=77
      > tcp l2:9 r2:7 FA seq=77 ack=5
      > tcp l2:9 r2:7 S sum=bad
      > icmp l2 r2 id=5
      > icmp l2 r2 type=3 code=3 of(udp r2:5 l2:9)
      > tcp l2:9 l1:1 S seq=77 tos=16
      > udp l2:9 l1:1
      < udp r2:9 l1:1
      > udp L2:9 R2:1 len=1300
      > udp L2:9 R2:2 tos=0xfc
      > udp L2:9 R2:3
      > udp L2:9 R2:4 sum=bad
      > udp L2:9 R2:5 ext=hop,dst
      > udp L2:9 R2:6
      > udp L2:9 R2:7
      > tcp L2:9 R2:7 S seq=77
      > tcp L2:9 R2:7 A seq=77 ack=99
      > tcp L2:9 R2:7 R seq=77
      > tcp L2:9 R2:7 S sum=bad
      > icmp6 L2 R2 id=5
      > icmp6 L2 R2 type=1 code=4 of(udp R2:5 L2:9)
      > udp L2:9 L1:1
      < udp R2:9 L1:1)"},
    {"reject: a reset closes the connection that it resets", "", R"(
      iptables -A FORWARD -p tcp -m length --length 100:200 -j REJECT --reject-with tcp-reset
      iptables -t nat -A POSTROUTING -o tr -j MASQUERADE)",
     R"(
      open
      > PA seq=101 ack=501 len=90
      > PA seq=101 ack=501 len=90
      > A seq=101 ack=501
      < PA seq=501 ack=101 len=90
      < A seq=501 ack=101)"},
    {"reject: fragments and multicasts", "", R"(
      iptables -A FORWARD -j REJECT
      ip6tables -A FORWARD -j REJECT)",
     R"(
      > udp l2:9 r2:1 len=100 frag=0,56
      > udp l2:9 r2:1 len=100 frag=56,52
      > udp l2:9 10.2.0.255:1
      > udp l2:9 224.1.2.3:1
      > udp L2:9 R2:1 len=100 frag=0,56
      > udp L2:9 R2:1 len=100 frag=56,52)"},
    {"mark: packets and connections", "", R"(
      iptables -t mangle -A PREROUTING -p udp --dport 1 -j MARK --set-mark 5
      iptables -t mangle -A PREROUTING -p udp --dport 2 -j MARK --set-xmark 0xf0/0x0f
      iptables -t mangle -A PREROUTING -p udp --dport 1:2 -j CONNMARK --save-mark
      iptables -t mangle -A PREROUTING -p udp --sport 1:2 -j CONNMARK --restore-mark
      iptables -t mangle -A PREROUTING -p udp --dport 3 -j CONNMARK --set-xmark 0x55/0xff
      iptables -t mangle -A PREROUTING -p udp --dport 4 -j CONNMARK --and-mark 0xf0
      iptables -t mangle -A PREROUTING -p udp --dport 4 -j CONNMARK --or-mark 0x3
      iptables -t mangle -A PREROUTING -p udp --dport 4 -j CONNMARK --xor-mark 0x11
      iptables -A FORWARD -m mark --mark 5 -j NFLOG --nflog-prefix "five "
      iptables -A FORWARD -m connmark --mark 0x50/0xf0 -j NFLOG --nflog-prefix "fifty "
      iptables -A FORWARD -m mark ! --mark 0 -j NFLOG --nflog-prefix "marked")",
     R"(
      > udp l2:9 r2:1
      < udp r2:1 l2:9
      > udp l2:9 r2:2
      > udp l2:9 r2:3
      > udp l2:9 r2:3
      < udp r2:3 l2:9
      > udp l2:9 r2:4
      > udp l2:9 r2:4
      < icmp r2 l2 type=3 code=3 of(udp l2:9 r2:1))"},
    {"mark: an error's CONNMARK is its flow's", "", R"(
      iptables -t mangle -A FORWARD -p icmp -j CONNMARK --set-mark 9)",
     R"(
      > udp l2:9 r2:1
      < icmp r2 l2 type=3 code=3 of(udp l2:9 r2:1)
      > udp l2:9 r2:1)"},
    {"labels: set and asked", "", R"(
      iptables -A FORWARD -p udp --dport 1 -m connlabel --label 5 --set
      iptables -A FORWARD -m connlabel --label 5 -j NFLOG --nflog-prefix "five "
      iptables -A FORWARD -m connlabel ! --label 5 -j NFLOG --nflog-prefix "other ")",
     R"(
      > udp l2:9 r2:1
      > udp l2:9 r2:1
      > udp l2:9 r2:2)"},
    {"ct: no tracking, zones and events by choice", "", R"(
      iptables -t raw -A PREROUTING -p udp --dport 1 -j CT --notrack
      iptables -t raw -A PREROUTING -p udp --dport 2 -j CT --zone 7
      iptables -t raw -A PREROUTING -p udp --dport 3 -j CT --ctevents new
      iptables -t raw -A PREROUTING -p udp --dport 4 -j CT --ctevents destroy,assured
      iptables -t raw -A PREROUTING -p udp --dport 5 -j NOTRACK
      iptables -t raw -A PREROUTING -p udp --dport 6 -j CT --zone-orig mark
      iptables -A FORWARD -m conntrack --ctstate UNTRACKED -j NFLOG --nflog-prefix "untracked "
      iptables -A FORWARD -m conntrack --ctstate INVALID -j NFLOG --nflog-prefix "invalid ")",
     R"(
      > udp l2:9 r2:1
      < udp r2:1 l2:9
      > udp l2:9 r2:2
      < udp r2:2 l2:9
      > udp l2:9 r2:3
      < udp r2:3 l2:9
      > udp l2:9 r2:4
      < udp r2:4 l2:9
      > udp l2:9 r2:5
      > udp l2:9 r2:6
      < udp r2:6 l2:9)"},
    {"tcpmss: set, clamped, added", "", R"(
      iptables -t mangle -A FORWARD -p tcp --dport 80 --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1000
      iptables -t mangle -A FORWARD -p tcp --dport 81 --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
      ip6tables -t mangle -A FORWARD -p tcp --dport 80 --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1000
      ip6tables -t mangle -A FORWARD -p tcp --dport 81 --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
      ip link set tr mtu 1400)",
     R"(
      > tcp l2:1 r2:80 S mss=1460
      > tcp l2:2 r2:80 S mss=900
      > tcp l2:3 r2:80 S
      > tcp l2:4 r2:80 S nop nop sackok wscale=7 mss=1460
      > tcp l2:5 r2:80 S len=10
      > tcp l2:6 r2:80 S mss=1460 sum=bad
      > tcp l2:7 r2:80 S mss=1461 len=5
      > tcp l2:1 r2:81 S mss=1460
      > tcp l2:2 r2:81 S mss=1300
      > tcp l2:3 r2:81 S
      > tcp L2:1 R2:80 S mss=1460
      > tcp L2:3 R2:80 S
      > tcp L2:1 R2:81 S mss=1460
      > tcp L2:3 R2:81 S
      > tcp l2:8 r2:80 S opt=0204
      > tcp l2:9 r2:80 S opt=02030105
      > tcp l2:10 r2:80 S opt=0100000000000000
      > tcp l2:11 r2:80 SR mss=1460)"},
    {"ttl: set, more, less", "", R"(
      iptables -t mangle -A PREROUTING -p udp --dport 1 -j TTL --ttl-set 7
      iptables -t mangle -A PREROUTING -p udp --dport 2 -j TTL --ttl-inc 9
      iptables -t mangle -A PREROUTING -p udp --dport 3 -j TTL --ttl-dec 60
      iptables -t mangle -A POSTROUTING -p udp --dport 4 -j TTL --ttl-dec 200
      iptables -t mangle -A POSTROUTING -p udp --dport 5 -j TTL --ttl-inc 200
      ip6tables -t mangle -A PREROUTING -p udp --dport 1 -j HL --hl-set 7
      ip6tables -t mangle -A PREROUTING -p udp --dport 2 -j HL --hl-inc 9
      ip6tables -t mangle -A PREROUTING -p udp --dport 3 -j HL --hl-dec 60)",
     R"(
      > udp l2:9 r2:1
      > udp l2:9 r2:2 ttl=250
      > udp l2:9 r2:3 ttl=62
      > udp l2:9 r2:3 ttl=61
      > udp l2:9 r2:3
      > udp l2:9 r2:4
      > udp l2:9 r2:5
      > udp L2:9 R2:1
      > udp L2:9 R2:2 ttl=250
      > udp L2:9 R2:3 ttl=61)"},
    {"log: prefixes and groups", "", R"(
      iptables -A FORWARD -p udp --dport 1 -j LOG
      iptables -A FORWARD -p udp --dport 2 -j LOG --log-prefix "a prefix of twenty-eight b: "
      iptables -A FORWARD -p udp --dport 3 -j NFLOG
      iptables -A FORWARD -p udp --dport 4 -j NFLOG --nflog-prefix "nflog: " --nflog-size 24
      iptables -A FORWARD -p udp --dport 5 -j NFLOG --nflog-group 3 --nflog-prefix "elsewhere"
      iptables -A INPUT -j NFLOG --nflog-prefix "in "
      iptables -t mangle -A POSTROUTING -j NFLOG --nflog-prefix "post ")",
     R"(
      > udp l2:9 r2:1 len=9
      > udp l2:9 r2:2
      > udp l2:9 r2:3
      > udp l2:9 r2:4
      > udp l2:9 r2:5
      > udp l2:9 l1:5)"},
    // ---------------------------------------------------------------- matches
    {"conntrack: every part of the match", "acct=1", R"(
      iptables -t nat -A PREROUTING -i tl -d 10.9.0.1 -p udp -j DNAT --to-destination 10.2.0.2:53
      iptables -t nat -A POSTROUTING -o tr -p udp --dport 53 -j SNAT --to-source 10.2.0.9:2000-2999
      iptables -A FORWARD -m conntrack --ctstate NEW -j NFLOG --nflog-prefix "new "
      iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j NFLOG --nflog-prefix "est "
      iptables -A FORWARD -m conntrack --ctstate RELATED -j NFLOG --nflog-prefix "rel "
      iptables -A FORWARD -m conntrack ! --ctstate NEW,ESTABLISHED -j NFLOG --nflog-prefix "else "
      iptables -A FORWARD -m conntrack --ctstate SNAT -j NFLOG --nflog-prefix "snat "
      iptables -A FORWARD -m conntrack --ctstate DNAT -j NFLOG --nflog-prefix "dnat "
      iptables -A FORWARD -m conntrack --ctproto 17 -j NFLOG --nflog-prefix "proto "
      iptables -A FORWARD -m conntrack ! --ctproto 17 -j NFLOG --nflog-prefix "not proto "
      iptables -A FORWARD -m conntrack --ctorigsrc 10.1.0.0/24 -j NFLOG --nflog-prefix "orig src "
      iptables -A FORWARD -m conntrack ! --ctorigdst 10.9.0.1 -j NFLOG --nflog-prefix "not orig dst "
      iptables -A FORWARD -m conntrack --ctreplsrc 10.2.0.2 -j NFLOG --nflog-prefix "repl src "
      iptables -A FORWARD -m conntrack --ctrepldst 10.2.0.9 -j NFLOG --nflog-prefix "repl dst "
      iptables -A FORWARD -m conntrack --ctorigsrcport 1000:1001 -j NFLOG --nflog-prefix "orig sport "
      iptables -A FORWARD -m conntrack ! --ctorigdstport 53 -j NFLOG --nflog-prefix "not orig dport "
      iptables -A FORWARD -m conntrack --ctreplsrcport 53 -j NFLOG --nflog-prefix "repl sport "
      iptables -A FORWARD -m conntrack --ctrepldstport 2000:2999 -j NFLOG --nflog-prefix "repl dport "
      iptables -A FORWARD -m conntrack --ctstatus NONE -j NFLOG --nflog-prefix "none "
      iptables -A FORWARD -m conntrack --ctstatus SEEN_REPLY -j NFLOG --nflog-prefix "seen "
      iptables -A FORWARD -m conntrack --ctstatus ASSURED -j NFLOG --nflog-prefix "assured "
      iptables -A FORWARD -m conntrack ! --ctstatus CONFIRMED,EXPECTED -j NFLOG --nflog-prefix "unconfirmed "
      iptables -A FORWARD -m conntrack --ctexpire 0:30 -j NFLOG --nflog-prefix "soon "
      iptables -A FORWARD -m conntrack ! --ctexpire 0:100 -j NFLOG --nflog-prefix "late "
      iptables -A FORWARD -m conntrack --ctdir ORIGINAL -j NFLOG --nflog-prefix "there "
      iptables -A FORWARD -m conntrack --ctdir REPLY -j NFLOG --nflog-prefix "back ")",
     R"(
      > udp l2:1000 10.9.0.1:70
      > udp l2:1000 10.9.0.1:70
      <~ udp 10.9.0.1:70 l2:1000
      <~ icmp r2 l2 type=3 code=3 of(udp l2:1000 10.9.0.1:70)
      open
      > PA seq=101 ack=501 len=4
      > tcp l2:1 r2:1 SF
      < icmp r2 l2 type=3 code=3 of(udp l2:7 r2:7))"},
    {"headers: addresses, devices, protocols and fragments", "", R"(
      iptables -t raw -A PREROUTING -s 10.1.0.2 -j NFLOG --nflog-prefix "src "
      iptables -t raw -A PREROUTING ! -s 10.1.0.2/31 -j NFLOG --nflog-prefix "not src "
      iptables -t raw -A PREROUTING -d 10.0.0.0/255.0.0.255 -j NFLOG --nflog-prefix "mask "
      iptables -t raw -A PREROUTING -i t+ -j NFLOG --nflog-prefix "t+ "
      iptables -t raw -A PREROUTING ! -i tl -j NFLOG --nflog-prefix "not tl "
      iptables -t raw -A PREROUTING ! -p udp -j NFLOG --nflog-prefix "not udp "
      iptables -t raw -A PREROUTING -f -j NFLOG --nflog-prefix "fragment "
      iptables -A FORWARD -i tl -o tr -j NFLOG --nflog-prefix "tl tr "
      iptables -A FORWARD -o tl+ -j NFLOG --nflog-prefix "tl+ "
      iptables -t mangle -A POSTROUTING -o tr -j NFLOG --nflog-prefix "post "
      iptables -A OUTPUT -o tl -j NFLOG --nflog-prefix "out ")",
     R"(
      > udp l2:1 r2:1
      > udp l4:1 r256:1
      < tcp r2:1 l2:1 S
      > udp l2:1 r2:1 len=100 frag=0,56 id=9
      > udp l2:1 r2:1 len=100 frag=56,52 id=9
      > udp l2:1 r2:1 ttl=1)"},
    {"headers of IPv6: protocols behind extension headers", "", R"(
      ip6tables -A FORWARD -p udp -j NFLOG --nflog-prefix "udp "
      ip6tables -A FORWARD ! -p udp -j NFLOG --nflog-prefix "not udp "
      ip6tables -A FORWARD -p tcp --dport 80 -j NFLOG --nflog-prefix "80 "
      ip6tables -A FORWARD -p ah -j NFLOG --nflog-prefix "ah "
      ip6tables -A FORWARD -s fd01::2/127 -j NFLOG --nflog-prefix "src ")",
     R"(
      > udp L2:1 R2:1 ext=hop,dst,route
      > tcp L2:1 R2:80 S ext=ah
      > tcp L2:1 R2:80 S ext=frag
      > udp L2:1 R2:1 len=100 frag=0,56
      > udp L2:1 R2:1 len=100 frag=56,52
      > ip L2 R2 proto=59
      > udp L3:1 R2:1 ext=dst cut=4
      > tcp L3:1 R2:80 S cut=13)"},
    {"ports, flags and options of TCP, and headers that are cut", "", R"(
      iptables -A FORWARD -p tcp --sport 1000:2000 -j NFLOG --nflog-prefix "sport "
      iptables -A FORWARD -p tcp ! --dport 80 -j NFLOG --nflog-prefix "not 80 "
      iptables -A FORWARD -p tcp --syn -j NFLOG --nflog-prefix "syn "
      iptables -A FORWARD -p tcp ! --syn -j NFLOG --nflog-prefix "not syn "
      iptables -A FORWARD -p tcp --tcp-flags ALL FIN,PSH,URG -j NFLOG --nflog-prefix "xmas "
      iptables -A FORWARD -p tcp --tcp-option 8 -j NFLOG --nflog-prefix "ts "
      iptables -A FORWARD -p tcp ! --tcp-option 2 -j NFLOG --nflog-prefix "no mss "
      iptables -A FORWARD -p udp --sport 53 -j NFLOG --nflog-prefix "dns "
      iptables -A FORWARD -p icmp --icmp-type 8 -j NFLOG --nflog-prefix "echo "
      iptables -A FORWARD -p icmp --icmp-type 3/1 -j NFLOG --nflog-prefix "host "
      iptables -A FORWARD -p tcp -m multiport --ports 80,443,1000:1010 -j NFLOG --nflog-prefix "multi "
      iptables -A FORWARD -p udp -m multiport ! --dports 53,67:68 -j NFLOG --nflog-prefix "not multi ")",
     R"(
      > tcp l2:1000 r2:80 S mss=1460 ts=1,2
      > tcp l2:1 r2:81 A ts=1,2
      > tcp l2:1 r2:443 FPU
      > tcp l2:1 r2:443 S doff=4
      > tcp l2:1 r2:443 S doff=9
      > tcp l2:1 r2:443 S cut=19
      > tcp l2:1 r2:443 S opt=0800
      > udp l2:53 r2:53
      > udp l2:53 r2:67 cut=7
      > icmp l2 r2 type=8
      > icmp l2 r2 cut=3
      < icmp r2 l2 type=3 code=1 of(tcp l2:1000 r2:80 S))"},
    {"matches that look at the packet", "", R"(
      iptables -A FORWARD -m length --length 30:40 -j NFLOG --nflog-prefix "length "
      iptables -A FORWARD -m ttl --ttl-lt 32 -j NFLOG --nflog-prefix "ttl "
      iptables -A FORWARD -m tos --tos 0x10/0xff -j NFLOG --nflog-prefix "tos "
      iptables -A FORWARD -m dscp --dscp 10 -j NFLOG --nflog-prefix "dscp "
      iptables -A FORWARD -m iprange --src-range 10.1.0.3-10.1.0.5 -j NFLOG --nflog-prefix "range "
      iptables -A FORWARD -m iprange ! --dst-range 10.2.0.3-10.2.0.5 -j NFLOG --nflog-prefix "not range "
      iptables -A FORWARD -m mac --mac-source 02:00:00:00:00:01 -j NFLOG --nflog-prefix "mac "
      iptables -A FORWARD -m mac ! --mac-source 02:00:00:00:00:01 -j NFLOG --nflog-prefix "not mac "
      iptables -A FORWARD -m pkttype --pkt-type unicast -j NFLOG --nflog-prefix "unicast "
      iptables -A FORWARD -m comment --comment "a comment" -j NFLOG --nflog-prefix "comment "
      ip6tables -A FORWARD -m hl --hl-eq 63 -j NFLOG --nflog-prefix "hl "
      ip6tables -A FORWARD -m length --length 48 -j NFLOG --nflog-prefix "length "
      ip6tables -A FORWARD -m rt --rt-type 253 -j NFLOG --nflog-prefix "rt "
      ip6tables -A FORWARD -m tos --tos 0x10 -j NFLOG --nflog-prefix "tos ")",
     R"(
      > udp l2:1 r2:1 len=5
      > udp l3:1 r3:1 len=20 ttl=20
      > udp l5:1 r5:1 tos=0x10
      > udp l6:1 r6:1 tos=0x28
      > udp L2:1 R2:1
      > udp L2:1 R2:1 ext=route tos=0x10
      > udp L2:1 R2:1 ttl=9)"},
    {"matches that ask the router", "", R"(
      ip route add blackhole 10.66.0.0/16
      ip route add unreachable 10.67.0.0/16
      ip route add prohibit 10.68.0.0/16
      iptables -t raw -A PREROUTING -m addrtype --dst-type LOCAL -j NFLOG --nflog-prefix "local "
      iptables -t raw -A PREROUTING -m addrtype --dst-type UNICAST -j NFLOG --nflog-prefix "unicast "
      iptables -t raw -A PREROUTING -m addrtype --dst-type BROADCAST -j NFLOG --nflog-prefix "broadcast "
      iptables -t raw -A PREROUTING -m addrtype --dst-type MULTICAST -j NFLOG --nflog-prefix "multicast "
      iptables -t raw -A PREROUTING -m addrtype --dst-type BLACKHOLE,UNREACHABLE,PROHIBIT -j NFLOG --nflog-prefix "bad "
      iptables -t raw -A PREROUTING -m addrtype ! --src-type LOCAL --limit-iface-in -j NFLOG --nflog-prefix "in "
      ip6tables -t raw -A PREROUTING -m addrtype --dst-type LOCAL -j NFLOG --nflog-prefix "local "
      ip6tables -t raw -A PREROUTING -m addrtype --dst-type UNICAST -j NFLOG --nflog-prefix "unicast ")",
     R"(
      > udp l2:1 r2:1
      > udp l2:1 l1:1
      > udp l2:1 r1:1
      > udp l2:1 10.2.0.255:1
      > udp l2:1 10.66.0.1:1
      > udp l2:1 10.67.0.1:1
      > udp l2:1 10.68.0.1:1
      > udp l2:1 192.0.2.1:1
      > udp L2:1 R2:1
      > udp L2:1 R1:1
      > udp L2:1 [2001:db8::1]:1)"},
    {"matches that remember", "acct=1", R"(
      iptables -A FORWARD -p udp -m limit --limit 1/hour --limit-burst 3 -j NFLOG --nflog-prefix "limit "
      iptables -A FORWARD -p udp -m statistic --mode nth --every 3 --packet 1 -j NFLOG --nflog-prefix "third "
      iptables -A FORWARD -p udp -m connbytes --connbytes 2:3 --connbytes-dir original --connbytes-mode packets -j NFLOG --nflog-prefix "packets "
      iptables -A FORWARD -p udp -m connbytes --connbytes 100 --connbytes-dir both --connbytes-mode bytes -j NFLOG --nflog-prefix "bytes "
      iptables -A FORWARD -p udp -m connbytes ! --connbytes 0:30 --connbytes-dir reply --connbytes-mode avgpkt -j NFLOG --nflog-prefix "average "
      iptables -A FORWARD -p tcp --syn -m recent --set --name syns
      iptables -A FORWARD -p tcp --syn -m recent --update --seconds 60 --hitcount 3 --name syns -j DROP)",
     R"(
      > udp l2:1 r2:1
      > udp l2:1 r2:1
      > udp l2:1 r2:1 len=30
      < udp r2:1 l2:1 len=50
      > udp l2:1 r2:1
      > udp l2:1 r2:1
      < udp r2:1 l2:1
      > tcp l2:1 r2:1 S
      > tcp l2:2 r2:1 S
      > tcp l2:3 r2:1 S
      > tcp l3:3 r2:1 S
      > tcp l2:4 r2:1 S)"},
    // ---------------------------------------------------------------- what drawn rules found
    {"ct: a template is what rules see before conntrack", "", R"(
      iptables -t raw -A PREROUTING -m conntrack --ctstate NEW -j NFLOG --nflog-prefix "too early"
      iptables -t raw -A PREROUTING -p udp -j CT --zone 1
      iptables -t raw -A PREROUTING -m conntrack --ctstate NEW -j NFLOG --nflog-prefix "template"
      iptables -t raw -A PREROUTING -m conntrack --ctstatus CONFIRMED --ctdir ORIGINAL -j NFLOG --nflog-prefix "confirmed"
      iptables -t raw -A PREROUTING -m conntrack --ctdir REPLY -j NFLOG --nflog-prefix "reply"
      iptables -t raw -A PREROUTING -j CT --zone 2
      iptables -t raw -A PREROUTING -j CONNMARK --set-mark 5
      iptables -t raw -A PREROUTING -m connmark --mark 5 -j NFLOG --nflog-prefix "marked"
      iptables -A FORWARD -m connmark --mark 5 -j NFLOG --nflog-prefix "still marked")",
     R"(
      > udp l2:1 r2:2
      > udp l2:1 r2:2
      < udp r2:2 l2:1
      > tcp l2:1 r2:2 S
      > ip l2 r2 proto=50)"},
    {"reject: what the box rejects of its own", "", R"(
      iptables -A FORWARD -p tcp -j REJECT --reject-with tcp-reset
      iptables -A FORWARD -j REJECT
      iptables -A OUTPUT -p tcp -j REJECT --reject-with icmp-host-unreachable
      iptables -A OUTPUT -m pkttype --pkt-type unicast -j NFLOG --nflog-prefix "unicast")",
     R"(
      > tcp l2:1 r2:2 S seq=7
      > tcp l2:1 r2:2 FA
      > udp l2:1 r2:2
      > udp l2:1 r2:2 iplen=25
      > ip l2 r2 proto=33
      > ip l2 r2 proto=33 len=0
      > udplite l2:1 r2:2)"},
    {"reject: errors that the box sends to itself", "", R"(
      iptables -A FORWARD -j REJECT
      iptables -t raw -A PREROUTING -i lo -j NFLOG --nflog-prefix "lo"
      ip6tables -A FORWARD -j REJECT
      ip6tables -t raw -A OUTPUT -o tr -j NFLOG --nflog-prefix "tr"
      ip6tables -t raw -A OUTPUT -o lo -j NFLOG --nflog-prefix "lo"
      ip6tables -t raw -A PREROUTING -i lo -j NFLOG --nflog-prefix "back")",
     R"(
      > udp R1:1 R2:2
      > tcp R1:1 R2:2 RA
      > udp R1:1 R2:2 ttl=1
      > udp [fd02::]:1 R2:2
      > udp r1:1 r2:2)"},
    {"reject: a reset for an answer that only looks like one", "", R"(
      iptables -t nat -A PREROUTING -i tr -j REDIRECT
      iptables -A FORWARD -p tcp -j REJECT --reject-with tcp-reset)",
     R"(
      < tcp r4:53 l4:52600 S seq=38356
      > tcp l4:52600 r4:53 SA
      < tcp r4:53 l4:52600 S seq=38356)"},
    {"rt: a routing header that is cut", "", R"(
      ip6tables -t raw -A PREROUTING -m rt --rt-type 3
      ip6tables -t mangle -A PREROUTING -p tcp --dport 80)",
     R"(
      > tcp L2:1 R2:80 A ext=route
      > tcp L2:1 R2:80 A ext=route cut=3
      > tcp L2:1 R2:80 A ext=route cut=4
      > tcp L2:1 R2:80 A ext=dst,route cut=14
      > tcp L2:1 R2:80 A ext=dst,route cut=16
      > tcp L2:1 R2:80 A ext=dst cut=3
      > tcp L2:1 R2:80 A ext=frag cut=3)"},
    {"addrtype of IPv6: by the route out of a device", "", R"(
      ip6tables -t raw -A PREROUTING -m addrtype --dst-type UNREACHABLE --limit-iface-in -j NFLOG --nflog-prefix "nowhere"
      ip6tables -t raw -A PREROUTING -m addrtype --dst-type LOCAL --limit-iface-in -j NFLOG --nflog-prefix "local"
      ip6tables -t raw -A PREROUTING -m addrtype --dst-type UNICAST -j NFLOG --nflog-prefix "unicast")",
     R"(
      > udp L2:1 R2:1
      > udp L2:1 L1:1
      > udp L2:1 R1:1
      < udp R2:1 [2001:db8::1]:1)"},
    {"ct: an error about an untracked packet", "", R"(
      ip6tables -t raw -A PREROUTING -s fd02::/64 -j CT --notrack
      ip6tables -t raw -A OUTPUT -j CT --zone 3)",
     R"(
      > sctp R1:53 R5:65535 ttl=1
      < udp R2:1 L2:2 ttl=1)"},
};

}  // namespace

std::span<const RouterScenario> rules_scenarios() { return kScenarios; }

}  // namespace ctwin::test
