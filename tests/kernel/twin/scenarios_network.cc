#include "scenarios.h"

namespace ctwin::test {

namespace {

constexpr Scenario kScenarios[] = {
    // ---------------------------------------------------------------- headers
    {"ipv4: what IP input drops", "", R"(
      > udp l2:1 r2:2 poke=10:7
      > udp l2:2 r2:2 poke=0:0x55
      > udp l2:3 r2:2 poke=0:0x44
      > udp l2:4 r2:2 iplen=100
      > udp l2:5 r2:2 iplen=19
      > udp l2:6 r2:2 iplen=20
      > udp l2:7 r2:2 pad=20
      > udp l2:8 r2:2 iplen=30
      > udp l2:9 r2:2 iplen=27)"},
    {"ipv6: what IP input drops", "", R"(
      > udp L2:1 R2:2 poke=0:0x55
      > udp L2:2 R2:2 iplen=100
      > udp L2:3 R2:2 iplen=0
      > udp L2:4 R2:2 iplen=7
      > udp L2:5 R2:2 pad=20
      > udp L2:6 R2:2 tos=255)"},
    {"ipv4: options", "acct=1", R"(
      > udp l2:1 r2:2 opts=01010101
      < udp r2:2 l2:1 opts=00000000
      > tcp l2:1 r2:2 S opts=01010101010101010101010101010101010101010101010101010101010101010101010101010101
      > icmp l2 r2 opts=9e040000)"},
    {"ipv6: extension headers", "acct=1", R"(
      > udp L2:1 R2:2 ext=hop
      < udp R2:2 L2:1 ext=dst
      > udp L2:2 R2:2 ext=route
      > udp L2:3 R2:2 ext=ah
      > udp L2:4 R2:2 ext=hop,dst,route,ah,dst
      > tcp L2:5 R2:2 S ext=dst,dst,dst,dst,dst,dst,dst,dst
      > icmp6 L2 R2 ext=dst
      > ip L2 R2 proto=59 ext=dst
      > ip L2 R2 proto=50 ext=dst
      > sctp L2:5 R2:6 init=3 ext=ah)"},
    {"ipv6: extension headers that are cut", "", R"(
      > udp L2:1 R2:2 ext=dst cut=0
      > udp L2:2 R2:2 ext=dst cut=1
      > udp L2:3 R2:2 ext=dst cut=7
      > udp L2:4 R2:2 ext=dst cut=8
      > udp L2:5 R2:2 ext=dst cut=9
      > udp L2:6 R2:2 ext=dst cut=11
      > udp L2:7 R2:2 ext=dst cut=12
      > udp L2:8 R2:2 ext=dst cut=15
      > udp L2:9 R2:2 ext=dst,ah cut=20
      > udp L2:10 R2:2 ext=dst,ah cut=32
      > udp L2:11 R2:2 ext=dst poke=41:9
      > udp L2:12 R2:2 ext=route poke=41:255
      > udp L2:13 R2:2 ext=ah poke=41:0
      > udp L2:14 R2:2 ext=ah poke=41:60
      > ip L2 R2 proto=60 len=0
      > ip L2 R2 proto=253 ext=dst len=0
      > tcp L2:15 R2:2 S ext=dst cut=8)"},
    {"ipv6: an extension header where none may be", "", R"(
      > udp L2:1 R2:2 ext=dst,hop
      > udp L2:2 R2:2 ext=dst,hop,dst,hop
      > ip L2 R2 proto=135 len=16
      > ip L2 R2 proto=139 len=16)"},
    // ---------------------------------------------------------------- tuples
    {"tuples: ports are one flow, directions two", "acct=1", R"(
      > udp l2:1 r2:2
      > udp l2:2 r2:1
      < udp r2:1 l2:2
      < udp r2:2 l2:1
      > tcp l2:1 r2:2 S
      > udplite l2:1 r2:2 sum17
      > sctp l2:1 r2:2 init=9
      > udp l2:0 r2:0
      < udp r2:0 l2:0)"},
    {"tuples: both ends alike", "", R"(
      > udp 192.0.2.1:5 192.0.2.1:5
      > udp 192.0.2.1:5 192.0.2.1:5
      > udp 192.0.2.1:5 192.0.2.1:6
      > udp 192.0.2.1:6 192.0.2.1:5
      > icmp 192.0.2.1 192.0.2.1 id=3
      > icmp 192.0.2.1 192.0.2.1 id=3 type=0
      > gre 192.0.2.1 192.0.2.1
      > gre 192.0.2.1 192.0.2.1
      > tcp 192.0.2.1:5 192.0.2.1:5 S
      > tcp 192.0.2.1:5 192.0.2.1:5 SA ack=1)"},
    {"tuples: the device does not matter", "", R"(
      > udp l2:1 r2:2
      < udp l2:1 r2:2
      > udp r2:2 l2:1)"},
    {"tuples: an IPv4 and an IPv6 flow of the same bytes", "", R"(
      > udp 10.1.0.2:1 10.2.0.2:2
      > udp [a01:2::] [a02:2::]
      > udp [a01:2::]:1 [a02:2::]:2)"},
    // ---------------------------------------------------------------- fragments, IPv4
    {"ipv4 fragments: in order", "acct=1", R"(
      > udp l2:1 r2:2 len=1000 frag=0,512
      > udp l2:1 r2:2 len=1000 frag=512,496
      < udp r2:2 l2:1 len=1000 frag=0,512 id=9
      < udp r2:2 l2:1 len=1000 frag=512,400 id=9
      < udp r2:2 l2:1 len=1000 frag=912,96 id=9)"},
    {"ipv4 fragments: out of order, and two datagrams woven", "acct=1", R"(
      > udp l2:1 r2:2 len=1000 frag=512,496
      > icmp l2 r2 len=1000 frag=800,208
      > udp l2:1 r2:2 len=1000 frag=0,256
      > icmp l2 r2 len=1000 frag=0,800
      > udp l2:1 r2:2 len=1000 frag=256,256)"},
    {"ipv4 fragments: told apart by id, protocol and addresses", "", R"(
      > udp l2:1 r2:2 len=100 frag=0,56 id=1
      > udp l2:1 r2:2 len=100 frag=56,52 id=2
      > tcp l2:1 r2:2 S len=88 frag=56,52 id=1
      > udp l3:1 r2:2 len=100 frag=56,52 id=1
      < udp r2:1 l2:2 len=100 frag=56,52 id=1
      > udp l2:1 r2:2 len=100 frag=56,52 id=1)"},
    {"ipv4 fragments: the device of the first does not matter", "", R"(
      > udp l2:1 r2:2 len=100 frag=0,56 id=1
      < udp l2:1 r2:2 len=100 frag=56,52 id=1)",
     true},
    {"ipv4 fragments: the same one twice", "", R"(
      > udp l2:1 r2:2 len=1000 frag=0,512
      > udp l2:1 r2:2 len=1000 frag=0,512
      > udp l2:1 r2:2 len=1000 frag=512,496
      > udp l2:1 r2:2 len=1000 frag=512,496)"},
    {"ipv4 fragments: overlapping ones spoil all", "", R"(
      > udp l2:1 r2:2 len=1000 frag=0,512 id=1
      > udp l2:1 r2:2 len=1000 frag=504,8 id=1
      > udp l2:1 r2:2 len=1000 frag=512,496 id=1
      > udp l2:2 r2:2 len=1000 frag=0,512 id=2
      > udp l2:2 r2:2 len=1000 frag=504,504 id=2
      > udp l2:2 r2:2 len=1000 frag=512,496 id=2
      > udp l2:3 r2:2 len=1000 frag=512,496 id=3
      > udp l2:3 r2:2 len=1000 frag=0,520 id=3
      > udp l2:3 r2:2 len=1000 frag=0,512 id=3
      > udp l2:4 r2:2 len=1000 frag=256,256 id=4
      > udp l2:4 r2:2 len=1000 frag=0,1008 id=4
      > udp l2:4 r2:2 len=1000 frag=0,256 id=4
      > udp l2:4 r2:2 len=1000 frag=512,496 id=4)"},
    {"ipv4 fragments: the end in two places", "", R"(
      > udp l2:1 r2:2 len=1000 frag=512,496 id=1
      > udp l2:1 r2:2 len=1000 frag=512,400,last id=1
      > udp l2:1 r2:2 len=1000 frag=0,512 id=1
      > udp l2:2 r2:2 len=1000 frag=512,496 id=2
      > udp l2:2 r2:2 len=1000 frag=1008,8,more id=2
      > udp l2:2 r2:2 len=1000 frag=0,512 id=2
      > udp l2:3 r2:2 len=1000 frag=512,400,last id=3
      > udp l2:3 r2:2 len=1000 frag=512,496,last id=3
      > udp l2:3 r2:2 len=1000 frag=0,512 id=3)"},
    {"ipv4 fragments: lengths that are no multiple of eight", "", R"(
      > udp l2:1 r2:2 len=100 frag=0,57,more id=1
      > udp l2:1 r2:2 len=100 frag=56,52 id=1
      > udp l2:2 r2:2 len=100 frag=0,7,more id=2
      > udp l2:2 r2:2 len=100 frag=0,56 id=2
      > udp l2:2 r2:2 len=100 frag=56,52 id=2
      > udp l2:3 r2:2 len=100 frag=0,0,more id=3
      > udp l2:4 r2:2 len=100 frag=8,0,last id=4
      > udp l2:4 r2:2 len=100 frag=0,8 id=4)"},
    {"ipv4 fragments: beyond 65535 bytes", "", R"(
      > udp l2:1 r2:2 len=100 frag=65528,8,last id=1
      > udp l2:1 r2:2 len=100 frag=0,56 id=1
      > udp l2:2 r2:2 len=100 frag=65512,8,last id=2
      > udp l2:2 r2:2 len=100 frag=0,56 id=2)"},
    {"ipv4 fragments: DF, options and a small first one", "acct=1", R"(
      > udp l2:1 r2:2 len=100 frag=0,56 df
      > udp l2:1 r2:2 len=100 frag=56,52 df
      > udp l2:2 r2:2 len=100 frag=0,56 opts=01010101 id=2
      > udp l2:2 r2:2 len=100 frag=56,52 id=2
      > tcp l2:3 r2:2 S len=100 frag=0,8 id=3
      > tcp l2:3 r2:2 S len=100 frag=8,112 id=3
      > udp l2:4 r2:2 len=8 frag=0,8 id=4
      > udp l2:4 r2:2 len=8 frag=8,8 id=4)"},
    {"ipv4 fragments: a bad transport checksum shows when all are there", "", R"(
      > udp l2:1 r2:2 len=100 sum=bad frag=0,56
      > udp l2:1 r2:2 len=100 sum=bad frag=56,52)"},
    {"ipv4 fragments: large packets stay fragments", "acct=1", R"(
      > udp l2:1 r2:2 len=4000 frag=0,1480
      > udp l2:1 r2:2 len=4000 frag=2960,1048
      > udp l2:1 r2:2 len=4000 frag=1480,1480)"},
    // ---------------------------------------------------------------- fragments, IPv6
    {"ipv6 fragments: in order and out of order", "acct=1", R"(
      > udp L2:1 R2:2 len=1000 frag=0,512
      > udp L2:1 R2:2 len=1000 frag=512,496
      < udp R2:2 L2:1 len=1000 frag=912,96 id=9
      < udp R2:2 L2:1 len=1000 frag=0,512 id=9
      < udp R2:2 L2:1 len=1000 frag=512,400 id=9)"},
    {"ipv6 fragments: with extension headers on both sides", "acct=1", R"(
      > udp L2:1 R2:2 len=1000 frag=0,512 ext=hop,frag,dst
      > udp L2:1 R2:2 len=1000 frag=512,504 ext=hop,frag,dst
      > udp L2:3 R2:2 len=1000 frag=0,512 ext=dst,route,frag id=3
      > udp L2:3 R2:2 len=1000 frag=512,496 ext=dst,route,frag id=3)"},
    {"ipv6 fragments: one that is the whole packet", "acct=1", R"(
      > udp L2:1 R2:2 ext=frag
      > udp L2:2 R2:2 frag=0,16
      > udp L2:3 R2:2 ext=hop,frag,dst
      > udp L2:4 R2:2 ext=frag cut=8
      > udp L2:5 R2:2 ext=frag cut=7
      > udp L2:6 R2:2 ext=frag cut=12
      > udp L2:7 R2:2 ext=frag,frag)"},
    {"ipv6 fragments: overlapping ones spoil all", "", R"(
      > udp L2:1 R2:2 len=1000 frag=0,512 id=1
      > udp L2:1 R2:2 len=1000 frag=504,8 id=1
      > udp L2:1 R2:2 len=1000 frag=512,496 id=1
      > udp L2:2 R2:2 len=1000 frag=0,512 id=2
      > udp L2:2 R2:2 len=1000 frag=0,512 id=2
      > udp L2:2 R2:2 len=1000 frag=512,496 id=2
      > udp L2:3 R2:2 len=1000 frag=512,496 id=3
      > udp L2:3 R2:2 len=1000 frag=0,520 id=3
      > udp L2:3 R2:2 len=1000 frag=0,512 id=3)"},
    {"ipv6 fragments: the end in two places", "", R"(
      > udp L2:1 R2:2 len=1000 frag=512,496 id=1
      > udp L2:1 R2:2 len=1000 frag=512,400,last id=1
      > udp L2:1 R2:2 len=1000 frag=0,512 id=1
      > udp L2:2 R2:2 len=1000 frag=512,496 id=2
      > udp L2:2 R2:2 len=1000 frag=1008,8,more id=2
      > udp L2:2 R2:2 len=1000 frag=0,512 id=2)"},
    {"ipv6 fragments: lengths that are no multiple of eight, or too long", "", R"(
      > udp L2:2 R2:2 len=100 frag=0,0,more id=2
      > udp L2:3 R2:2 len=100 frag=8,0,last id=3
      > udp L2:3 R2:2 len=100 frag=0,8 id=3)"},
    {"ipv6 fragments: large packets stay fragments", "acct=1", R"(
      > udp L2:1 R2:2 len=4000 frag=0,1448
      > udp L2:1 R2:2 len=4000 frag=2896,1112
      > udp L2:1 R2:2 len=4000 frag=1448,1448)"},
    // ---------------------------------------------------------------- events and settings
    {"events: none where they are switched off", "events=0", R"(
      open
      > R seq=101
      > udp l2:1 r2:2)"},
    {"events: always", "events=1", R"(
      open
      > R seq=101)"},
    {"time stamps and counters", "acct=1 timestamp=1", R"(
      > udp l2:1 r2:2 len=100
      < udp r2:2 l2:1 len=200
      > icmp L2 R2 id=3
      > tcp l2:1 r2:2 S
      < tcp r2:2 l2:1 R seq=5)"},
};

constexpr Scenario kErrorScenarios[] = {
    {"icmp errors: of every protocol", "acct=1", R"(
      open
      > udp l2:1 r2:2
      > udplite l2:1 r2:2 sum17
      > icmp l2 r2 id=5
      > sctp l2:1 r2:2 init=3
      > gre l2 r2
      > gre l2 r2 ver=1 call=3
      > ip l2 r2 proto=50
      < icmp r2 l2 type=3 code=1 of(tcp l2:1000 r2:80 A seq=101 ack=501)
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2)
      < icmp r2 l2 type=3 code=3 of(udplite l2:1 r2:2)
      < icmp r2 l2 type=11 of(icmp l2 r2 id=5)
      < icmp r2 l2 type=3 code=2 of(sctp l2:1 r2:2 init=3)
      < icmp r2 l2 type=3 code=2 of(gre l2 r2)
      < icmp r2 l2 type=3 code=2 of(gre l2 r2 ver=1 call=3)
      < icmp r2 l2 type=3 code=2 of(ip l2 r2 proto=50)
      > icmp l2 r2 type=3 code=1 of(tcp r2:80 l2:1000 A seq=501 ack=101))"},
    {"icmp errors: every type, and both directions", "acct=1", R"(
      > udp l2:1 r2:2
      < icmp r2 l2 type=3 code=4 rest=1400 of(udp l2:1 r2:2)
      < icmp r2 l2 type=4 of(udp l2:1 r2:2)
      < icmp r2 l2 type=5 code=1 rest=0x0a010009 of(udp l2:1 r2:2)
      < icmp r2 l2 type=11 code=1 of(udp l2:1 r2:2)
      < icmp r2 l2 type=12 of(udp l2:1 r2:2)
      < icmp r9 l2 type=11 of(udp l2:1 r2:2)
      > icmp l2 r2 type=3 code=3 of(udp r2:2 l2:1)
      > icmp l9 r2 type=11 of(udp r2:2 l2:1)
      < udp r2:2 l2:1)"},
    {"icmp errors: of nothing that is known", "", R"(
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2)
      > udp l2:1 r2:2
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:3)
      < icmp r2 l2 type=3 code=3 of(tcp l2:1 r2:2 S)
      < icmp r2 l3 type=3 code=3 of(udp l2:1 r2:2)
      > icmp l2 r2 type=3 code=3 of(udp l2:1 r2:2)
      < icmp r2 l2 type=3 code=3 of(icmp l2 r2 type=3 of(udp r2:2 l2:1))
      < icmp r2 l2 type=3 code=3 of(icmp l2 r2 type=40))"},
    {"icmp errors: damaged inner packets", "", R"(
      > udp l2:1 r2:2
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2) quote=28
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2) quote=27
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2) quote=24
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2) quote=23
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2) quote=20
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2) quote=19
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2) quote=0
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2 sum=bad)
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2 ttl=1)
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2 poke=10:9)
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2 opts=01010101)
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2 opts=01010101) quote=24
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2 poke=0:0x4f)
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2 poke=0:0x44)
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2 poke=0:0x65)
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2 len=100 frag=0,56)
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2 len=100 frag=56,40)
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2 iplen=20)
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2 cut=4))"},
    {"icmp errors: damaged outer packets", "", R"(
      > udp l2:1 r2:2
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2) sum=bad
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2) cut=7
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2) cut=8
      < icmp r2 l2 type=3 code=99 of(udp l2:1 r2:2)
      < icmp r2 l2 type=19 of(udp l2:1 r2:2)
      < icmp r2 l2 type=3 code=3 opts=01010101 of(udp l2:1 r2:2)
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2) frag=0,16
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2) frag=16,28)"},
    {"icmp errors: of an entry that time took away", "udp_timeout=1", R"(
      > udp l2:1 r2:2
      wait 1300
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2)
      > udp l2:1 r2:2
      < icmp r2 l2 type=3 code=3 of(udp l2:1 r2:2))"},
    {"icmp6 errors: of every protocol", "acct=1", R"(
      > tcp L2:1 R2:2 S seq=1
      > udp L2:1 R2:2
      > icmp6 L2 R2 id=5
      > sctp L2:1 R2:2 init=3
      > gre L2 R2
      > ip L2 R2 proto=50
      < icmp6 R2 L2 type=1 code=1 of(tcp L2:1 R2:2 S seq=1)
      < icmp6 R2 L2 type=1 code=4 of(udp L2:1 R2:2)
      < icmp6 R2 L2 type=3 of(icmp6 L2 R2 id=5)
      < icmp6 R2 L2 type=4 of(sctp L2:1 R2:2 init=3)
      < icmp6 R2 L2 type=1 of(gre L2 R2)
      < icmp6 R2 L2 type=1 of(ip L2 R2 proto=50)
      < icmp6 R9 L2 type=2 rest=1400 of(udp L2:1 R2:2)
      < icmp6 R9 L2 type=100 of(udp L2:1 R2:2)
      > icmp6 L9 R2 type=1 of(udp R2:2 L2:1)
      < icmp6 R2 L3 type=1 of(udp L2:1 R2:2)
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:3)
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2) sum=bad
      < icmp6 R2 L2 type=1 of(icmp6 L2 R2 type=1 of(udp R2:2 L2:1)))"},
    {"icmp6 errors: damaged inner packets", "", R"(
      > udp L2:1 R2:2
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2) quote=48
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2) quote=44
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2) quote=43
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2) quote=40
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2) quote=39
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2) quote=0
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2) cut=7
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2 ext=dst)
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2 ext=hop,route,dst)
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2 ext=dst) quote=47
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2 ext=dst) quote=52
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2 ext=frag)
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2 len=100 frag=0,56)
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2 len=100 frag=56,40)
      < icmp6 R2 L2 type=1 of(udp L2:1 R2:2 poke=0:0x45)
      < icmp6 R2 L2 type=1 of(udp l2:1 r2:2)
      < icmp6 R2 L2 type=1 of(ip L2 R2 proto=59))"},
    {"icmp6 redirects: from who may not send them", "", R"(
      > udp L2:1 R2:2
      < icmp6 R2 L2 type=137 ttl=255 redirect=4 of(udp L2:1 R2:2)
      < icmp6 R2 L2 type=137 ttl=64 redirect=4 of(udp L2:1 R2:2)
      < icmp6 R2 L2 type=137 code=1 redirect=4 of(udp L2:1 R2:2)
      < icmp6 R2 L2 type=137 ttl=255 len=31
      < icmp6 R2 L2 type=137 ttl=255 len=32
      < icmp6 R2 L2 type=137 ttl=255 len=30)"},
    {"icmp6 redirects: from a neighbour", "", R"(
      > udp L2:1 R2:2
      < icmp6 [fe80::1] L2 type=137 ttl=255 redirect=4 of(udp L2:1 R2:2)
      < icmp6 [fe80::1] L2 type=137 ttl=255 redirect=4 of(udp L2:1 R2:9)
      < icmp6 [fe80::1] L2 type=137 ttl=64 redirect=4 of(udp L2:1 R2:2)
      < icmp6 [fe80::1] L2 type=137 ttl=255 redirect=4,0 of(udp L2:1 R2:2)
      < icmp6 [fe80::1] L2 type=137 ttl=255 redirect=1 of(udp L2:1 R2:2)
      < icmp6 [fe80::1] L2 type=137 ttl=255 len=32
      < icmp6 [fe80::1] L2 type=137 ttl=255 code=1 redirect=4 of(udp L2:1 R2:2))",
     true},
    {"selftest: related errors count nothing and change nothing", "acct=1", R"(
      open
      > PA seq=101 ack=501 len=1000
      < icmp r9 l2 type=3 code=4 rest=1200 of(tcp l2:1000 r2:80 PA seq=101 ack=501 len=1000) quote=28
      < icmp r9 l2 type=3 code=4 rest=1200 of(tcp l2:1000 r2:80 PA seq=777 ack=9 len=1000) quote=40
      < A seq=501 ack=1101)"},
};

}  // namespace

std::span<const Scenario> network_scenarios() { return kScenarios; }
std::span<const Scenario> icmp_error_scenarios() { return kErrorScenarios; }

}  // namespace ctwin::test
