#include "scenarios.h"

namespace ctwin::test {

namespace {

constexpr Scenario kScenarios[] = {
    // ---------------------------------------------------------------- UDP
    {"udp: asked, answered, asked again within two seconds", "acct=1", R"(
      > udp l2:1000 r2:53
      > udp l2:1000 r2:53
      < udp r2:53 l2:1000 len=100
      > udp l2:1000 r2:53
      < udp r2:53 l2:1000
      > udp L2:1000 R2:53 len=0
      < udp R2:53 L2:1000 len=0)"},
    {"udp: a stream after two seconds", "acct=1", R"(
      > udp l2:1 r2:53
      < udp r2:53 l2:1
      > udp l3:1 r2:53
      > udp l4:1 r2:53
      < udp r2:53 l4:1
      wait 2100
      > udp l2:1 r2:53
      < udp r2:53 l3:1
      > udp l3:1 r2:53
      < udp r2:53 l4:1
      > udp l4:1 r2:53)"},
    {"udp: an entry runs out while it is not answered, another lives on",
     "udp_timeout=1 udp_timeout_stream=3 timestamp=1", R"(
      > udp l2:1 r2:53
      > udp l3:1 r2:53
      < udp r2:53 l3:1
      wait 700
      > udp l3:1 r2:53
      wait 700
      < udp r2:53 l3:1
      < udp r2:53 l2:1
      wait 700
      > udp l3:1 r2:53
      > udp l2:1 r2:53)"},
    {"udp: lengths", "", R"(
      > udp l2:1 r2:53 cut=7
      > udp l2:2 r2:53 cut=8
      > udp l2:3 r2:53 cut=3
      > udp l2:4 r2:53 cut=0
      > udp l2:5 r2:53 len=20 ulen=7
      > udp l2:6 r2:53 len=20 ulen=8
      > udp l2:7 r2:53 len=20 ulen=27
      > udp l2:8 r2:53 len=20 ulen=28
      > udp l2:9 r2:53 len=20 ulen=29
      > udp l2:10 r2:53 len=20 ulen=0
      > udp l2:11 r2:53 len=20 ulen=65535
      > udp L2:5 R2:53 len=20 ulen=27
      > udp L2:6 R2:53 len=20 ulen=0
      > udp L2:7 R2:53 cut=7)"},
    {"udp: checksums", "", R"(
      > udp l2:1 r2:53 sum=bad
      > udp l2:2 r2:53 nosum
      > udp l2:3 r2:53 nosum len=20 ulen=10
      > udp L2:1 R2:53 sum=bad
      > udp L2:2 R2:53 nosum
      > udp L2:3 R2:53 sum=0)"},
    {"udp: checksums where nobody looks", "checksum=0", R"(
      > udp l2:1 r2:53 sum=bad
      > udp L2:1 R2:53 sum=bad
      > udp l2:2 r2:53 len=20 ulen=29)"},
    {"udp: both sides begin", "", R"(
      > udp l2:5 r2:5
      < udp r2:5 l2:5
      < udp r2:7 l2:7
      > udp l2:7 r2:7)"},
    // ---------------------------------------------------------------- UDP-Lite
    {"udplite: the checksum as the kernel wants it", "acct=1", R"(
      > udplite l2:1 r2:2
      > udplite l2:1 r2:2 sum17
      < udplite r2:2 l2:1 sum17
      > udplite l2:1 r2:2 sum17
      > udplite L2:1 R2:2
      > udplite L2:1 R2:2 sum17
      < udplite R2:2 L2:1 sum17)"},
    {"udplite: coverage", "", R"(
      > udplite l2:1 r2:2 len=20 cov=0 sum17
      > udplite l2:2 r2:2 len=20 cov=1 sum17
      > udplite l2:3 r2:2 len=20 cov=7 sum17
      > udplite l2:4 r2:2 len=20 cov=8 sum17
      > udplite l2:5 r2:2 len=20 cov=28 sum17
      > udplite l2:6 r2:2 len=20 cov=29 sum17
      > udplite l2:7 r2:2 len=20 cov=20 sum17
      > udplite l2:8 r2:2 len=20 cov=20 sum17 poke=45:9
      > udplite l2:9 r2:2 len=20 cov=20 sum17 poke=35:9
      > udplite l2:10 r2:2 nosum
      > udplite l2:11 r2:2 cut=7
      > udplite l2:13 r2:2 len=247 sum17=long
      > udplite l2:14 r2:2 len=248 sum17=long
      > udplite l2:15 r2:2 len=248 sum17
      > udplite l2:16 r2:2 len=1000 cov=100 sum17=long
      > udplite l2:17 r2:2 len=1000 cov=100 sum17
      > udplite L2:18 R2:2 len=1000 sum17
      > udplite L2:19 R2:2 len=1000 cov=99 sum17
      > udplite l2:12 r2:2 sum=bad
      > udplite L2:7 R2:2 len=20 cov=20 sum17)"},
    {"udplite: without verification", "checksum=0", R"(
      > udplite l2:1 r2:2
      < udplite r2:2 l2:1
      > udplite l2:2 r2:2 nosum
      > udplite l2:3 r2:2 cov=3)"},
    {"udplite: timeouts are UDP's", "udp_timeout=41 udp_timeout_stream=42", R"(
      > udplite l2:1 r2:2 sum17
      < udplite r2:2 l2:1 sum17
      > udplite l2:1 r2:2 sum17)"},
    // ---------------------------------------------------------------- ICMP
    {"icmp: echo", "acct=1", R"(
      > icmp l2 r2 id=7
      < icmp r2 l2 type=0 id=7
      > icmp l2 r2 id=7 seq=2
      < icmp r2 l2 type=0 id=8
      < icmp r2 l2 type=8 id=7
      > icmp l2 r2 type=0 id=7)"},
    {"icmp: every type opens or does not", "", R"(
      > icmp l2 r2 type=0 id=1
      > icmp l2 r2 type=1 id=1
      > icmp l2 r2 type=2 id=1
      > icmp l2 r2 type=6 id=1
      > icmp l2 r2 type=7 id=1
      > icmp l2 r2 type=8 id=1 code=5
      > icmp l2 r2 type=9 id=1
      > icmp l2 r2 type=10 id=1
      > icmp l2 r2 type=13 id=1
      > icmp l2 r2 type=14 id=2
      > icmp l2 r2 type=15 id=1
      > icmp l2 r2 type=16 id=2
      > icmp l2 r2 type=17 id=1
      > icmp l2 r2 type=18 id=2
      > icmp l2 r2 type=19 id=1
      > icmp l2 r2 type=255 id=1
      < icmp r2 l2 type=14 id=1
      < icmp r2 l2 type=16 id=1
      < icmp r2 l2 type=18 id=1
      < icmp r2 l2 type=0 id=1
      < icmp r2 l2 type=0 id=1 code=5)"},
    {"icmp: lengths and checksums", "icmp_timeout=33", R"(
      > icmp l2 r2 id=1 cut=7
      > icmp l2 r2 id=1 cut=8
      > icmp l2 r2 id=1 cut=0
      > icmp l2 r2 id=2 len=0
      > icmp l2 r2 id=3 sum=bad
      > icmp l2 r2 id=3 len=9
      < icmp r2 l2 type=0 id=3 sum=0)"},
    {"icmp: no verification", "checksum=0", R"(
      > icmp l2 r2 id=3 sum=bad
      > icmp6 L2 R2 id=3 sum=bad)"},
    {"icmp: the wrong family", "", R"(
      > icmp6 l2 r2 id=1
      > icmp L2 R2 id=1
      > icmp6 l2 r2 type=129 id=1
      > icmp L2 R2 type=3 of(udp l2:1 r2:2)
      > icmp6 l2 r2 type=8 id=1
      > icmp L2 R2 type=128 id=1)"},
    // ---------------------------------------------------------------- ICMPv6
    {"icmp6: echo", "acct=1 icmpv6_timeout=33", R"(
      > icmp6 L2 R2 id=7
      < icmp6 R2 L2 type=129 id=7
      > icmp6 L2 R2 id=7 seq=2
      > icmp6 L2 R2 id=8 sum=bad
      > icmp6 L2 R2 id=9 cut=7
      > icmp6 L2 R2 id=9 cut=0
      < icmp6 R2 L2 type=129 id=9)"},
    {"icmp6: every type opens or does not", "", R"(
      > icmp6 L2 R2 type=129 id=1
      > icmp6 L2 R2 type=130 id=1
      > icmp6 L2 R2 type=131 id=1
      > icmp6 L2 R2 type=132 id=1
      > icmp6 L2 R2 type=133 id=1 ttl=255
      > icmp6 L2 R2 type=134 id=1 ttl=255
      > icmp6 L2 R2 type=135 id=1 ttl=255 len=20
      > icmp6 L2 R2 type=136 id=1 ttl=255 len=20
      > icmp6 L2 R2 type=138 id=1
      > icmp6 L2 R2 type=139 id=1
      > icmp6 L2 R2 type=140 id=2
      < icmp6 R2 L2 type=140 id=1
      > icmp6 L2 R2 type=141 id=1
      > icmp6 L2 R2 type=142 id=1
      > icmp6 L2 R2 type=143 id=1
      > icmp6 L2 R2 type=144 id=1
      > icmp6 L2 R2 type=151 id=1
      > icmp6 L2 R2 type=152 id=1
      > icmp6 L2 R2 type=153 id=1
      > icmp6 L2 R2 type=154 id=1
      > icmp6 L2 R2 type=255 id=1
      > icmp6 L2 R2 type=0 id=1
      > icmp6 L2 R2 type=100 id=1
      > icmp6 L2 R2 type=127 id=1)"},
    // ---------------------------------------------------------------- SCTP
    {"sctp: association, data, shutdown", "acct=1", R"(
      > sctp l2:5 r2:6 init=11
      < sctp r2:6 l2:5 vtag=11 init_ack=22
      > sctp l2:5 r2:6 vtag=22 cookie_echo
      < sctp r2:6 l2:5 vtag=11 cookie_ack
      > sctp l2:5 r2:6 vtag=22 data
      < sctp r2:6 l2:5 vtag=11 sack data
      > sctp l2:5 r2:6 vtag=22 heartbeat
      < sctp r2:6 l2:5 vtag=11 heartbeat_ack
      > sctp l2:5 r2:6 vtag=22 shutdown
      < sctp r2:6 l2:5 vtag=11 shutdown_ack
      > sctp l2:5 r2:6 vtag=22 shutdown_complete)"},
    {"sctp: over IPv6, the server shuts down", "", R"(
      > sctp L2:5 R2:6 init=11
      < sctp R2:6 L2:5 vtag=11 init_ack=22
      > sctp L2:5 R2:6 vtag=22 cookie_echo data
      < sctp R2:6 L2:5 vtag=11 cookie_ack sack
      < sctp R2:6 L2:5 vtag=11 shutdown
      > sctp L2:5 R2:6 vtag=22 shutdown_ack
      < sctp R2:6 L2:5 vtag=11 shutdown_complete)"},
    {"sctp: every timeout by its own sysctl",
     "sctp_timeout_closed=51 sctp_timeout_cookie_wait=52 sctp_timeout_cookie_echoed=53 "
     "sctp_timeout_established=54 sctp_timeout_shutdown_sent=55 sctp_timeout_shutdown_recd=56 "
     "sctp_timeout_shutdown_ack_sent=57 sctp_timeout_heartbeat_sent=58",
     R"(
      > sctp l2:5 r2:6 init=11
      < sctp r2:6 l2:5 vtag=11 init_ack=22
      > sctp l2:5 r2:6 vtag=22 cookie_echo
      < sctp r2:6 l2:5 vtag=11 cookie_ack
      > sctp l2:5 r2:6 vtag=22 shutdown
      < sctp r2:6 l2:5 vtag=11 shutdown_ack
      > sctp l2:5 r2:6 vtag=22 shutdown_complete
      > sctp l3:5 r2:6 vtag=4 heartbeat
      > sctp l4:5 r2:6 vtag=4 shutdown_ack
      > sctp l5:5 r2:6 init=11
      < sctp r2:6 l5:5 vtag=11 init_ack=22
      > sctp l5:5 r2:6 vtag=22 cookie_echo
      < sctp r2:6 l5:5 vtag=11 cookie_ack
      < sctp r2:6 l5:5 vtag=11 shutdown)"},
    {"sctp: tags that do not fit", "", R"(
      > sctp l2:5 r2:6 init=11
      < sctp r2:6 l2:5 vtag=12 init_ack=22
      < sctp r2:6 l2:5 vtag=11 init_ack=22
      > sctp l2:5 r2:6 vtag=23 cookie_echo
      > sctp l2:5 r2:6 vtag=22 cookie_echo
      < sctp r2:6 l2:5 vtag=12 cookie_ack
      < sctp r2:6 l2:5 vtag=11 cookie_ack
      > sctp l2:5 r2:6 vtag=23 data
      < sctp r2:6 l2:5 vtag=0 sack
      > sctp l2:5 r2:6 vtag=22 init=44
      > sctp l2:5 r2:6 vtag=23 shutdown
      > sctp l2:5 r2:6 vtag=23 abort
      > sctp l2:5 r2:6 vtag=22 abort=1
      > sctp l2:5 r2:6 vtag=11 abort=1)"},
    {"sctp: ABORT with either tag, SHUTDOWN_COMPLETE too", "", R"(
      > sctp l2:5 r2:6 init=11
      < sctp r2:6 l2:5 vtag=11 init_ack=22
      < sctp r2:6 l2:5 vtag=22 abort
      < sctp r2:6 l2:5 vtag=11 abort
      > sctp l3:5 r2:6 init=11
      < sctp r2:6 l3:5 vtag=11 init_ack=22
      > sctp l3:5 r2:6 vtag=22 cookie_echo
      < sctp r2:6 l3:5 vtag=11 cookie_ack
      > sctp l3:5 r2:6 vtag=22 shutdown
      < sctp r2:6 l3:5 vtag=11 shutdown_ack
      > sctp l3:5 r2:6 vtag=22 shutdown_complete=1
      > sctp l3:5 r2:6 vtag=11 shutdown_complete=1)"},
    {"sctp: what may open an association", "", R"(
      > sctp l2:1 r2:6 init=11
      > sctp l2:2 r2:6 vtag=5 init=11
      > sctp l2:3 r2:6 vtag=5 init_ack=11
      > sctp l2:4 r2:6 vtag=5 abort
      > sctp l2:5 r2:6 vtag=5 shutdown
      > sctp l2:6 r2:6 vtag=5 shutdown_ack
      > sctp l2:7 r2:6 vtag=5 error
      > sctp l2:8 r2:6 vtag=5 cookie_echo
      > sctp l2:9 r2:6 vtag=5 cookie_ack
      > sctp l2:10 r2:6 vtag=5 shutdown_complete
      > sctp l2:11 r2:6 vtag=5 heartbeat
      > sctp l2:12 r2:6 vtag=5 heartbeat_ack
      > sctp l2:13 r2:6 vtag=5 data
      > sctp l2:14 r2:6 vtag=5 sack
      > sctp l2:15 r2:6 vtag=5 chunk=200,0,8,4
      > sctp l2:16 r2:6 init=0
      > sctp l2:17 r2:6 vtag=5 heartbeat data
      > sctp l2:18 r2:6 vtag=5 cookie_echo data
      > sctp l2:19 r2:6 vtag=5 data cookie_echo
      > sctp l2:20 r2:6 vtag=5 shutdown shutdown_ack
      > sctp l2:21 r2:6 vtag=5 shutdown_ack heartbeat)"},
    {"sctp: chunks that are malformed", "", R"(
      > sctp l2:1 r2:6 vtag=5 cut=11
      > sctp l2:2 r2:6 vtag=5 cut=12
      > sctp l2:3 r2:6 vtag=5
      > sctp l2:4 r2:6 vtag=5 chunk=4,0,0,4
      > sctp l2:5 r2:6 vtag=5 chunk=4,0,3,4
      > sctp l2:6 r2:6 vtag=5 chunk=4,0,4,0
      > sctp l2:7 r2:6 vtag=5 chunk=4,0,5,1
      > sctp l2:8 r2:6 vtag=5 chunk=4,0,100,4
      > sctp l2:9 r2:6 vtag=5 heartbeat chunk=0,0,65535,4
      > sctp l2:10 r2:6 init=11 data
      > sctp l2:11 r2:6 data init=11
      > sctp l2:12 r2:6 init=11 cut=20
      > sctp l2:13 r2:6 init=11 cut=30
      > sctp l2:14 r2:6 vtag=5 heartbeat cookie_ack
      > sctp l2:15 r2:6 vtag=5 cookie_ack heartbeat
      > sctp l2:16 r2:6 vtag=5 heartbeat shutdown_complete
      > sctp l2:17 r2:6 init=11 sum=bad
      > sctp l2:18 r2:6 init=11 cut=14
      > sctp l2:19 r2:6 vtag=5 heartbeat cut=15)"},
    {"sctp: no verification", "checksum=0", R"(
      > sctp l2:17 r2:6 init=11 sum=bad
      > sctp l2:13 r2:6 init=11 cut=30
      > sctp l2:14 r2:6 init=11 cut=20
      > sctp l2:15 r2:6 init=11 cut=14
      > sctp l2:16 r2:6 vtag=5 heartbeat cut=15
      > sctp l2:18 r2:6 vtag=5 heartbeat data cut=30)"},
    {"sctp: heartbeats on another path", "", R"(
      > sctp l2:5 r2:6 vtag=22 heartbeat
      < sctp r2:6 l2:5 vtag=11 heartbeat_ack
      > sctp l2:5 r2:6 vtag=22 data
      < sctp r2:6 l2:5 vtag=11 heartbeat
      > sctp l2:5 r2:6 vtag=22 heartbeat_ack
      > sctp l2:5 r2:6 vtag=23 heartbeat
      > sctp l2:5 r2:6 vtag=23 heartbeat
      < sctp r2:6 l2:5 vtag=12 heartbeat_ack
      > sctp l2:5 r2:6 vtag=24 heartbeat
      < sctp r2:6 l2:5 vtag=15 heartbeat_ack
      > sctp l2:5 r2:6 vtag=24 data
      < sctp r2:6 l2:5 vtag=16 heartbeat_ack
      > sctp l2:5 r2:6 vtag=25 heartbeat data
      > sctp l2:5 r2:6 vtag=26 heartbeat_ack)"},
    {"sctp: a heartbeat that fits clears the mark", "", R"(
      > sctp l2:5 r2:6 init=11
      < sctp r2:6 l2:5 vtag=11 init_ack=22
      > sctp l2:5 r2:6 vtag=22 cookie_echo
      < sctp r2:6 l2:5 vtag=11 cookie_ack
      > sctp l2:5 r2:6 vtag=99 heartbeat
      > sctp l2:5 r2:6 vtag=22 heartbeat
      < sctp r2:6 l2:5 vtag=98 heartbeat_ack
      > sctp l2:5 r2:6 vtag=99 heartbeat
      < sctp r2:6 l2:5 vtag=98 heartbeat_ack
      < sctp r2:6 l2:5 vtag=98 data
      > sctp l2:5 r2:6 vtag=77 heartbeat_ack)"},
    {"sctp: INIT collides with INIT, the client's wins", "", R"(
      > sctp l2:5 r2:6 init=11
      < sctp r2:6 l2:5 init=22
      < sctp r2:6 l2:5 vtag=11 init_ack=22
      > sctp l2:5 r2:6 vtag=22 init_ack=11
      > sctp l2:5 r2:6 vtag=22 cookie_echo
      < sctp r2:6 l2:5 vtag=11 cookie_echo
      < sctp r2:6 l2:5 vtag=11 cookie_ack
      > sctp l2:5 r2:6 vtag=22 cookie_ack
      > sctp l2:5 r2:6 vtag=22 data)"},
    {"sctp: INIT collides late, with another tag", "", R"(
      > sctp l2:5 r2:6 init=11
      < sctp r2:6 l2:5 init=22
      > sctp l2:5 r2:6 vtag=22 init_ack=12
      < sctp r2:6 l2:5 vtag=11 init_ack=23
      < sctp r2:6 l2:5 vtag=11 init_ack=22
      > sctp l2:5 r2:6 init=13
      < sctp r2:6 l2:5 vtag=13 init_ack=22
      > sctp l2:5 r2:6 vtag=22 cookie_echo
      < sctp r2:6 l2:5 vtag=13 cookie_ack)"},
    {"selftest: INIT collision, an old INIT_ACK comes late", "", R"(
      < sctp r2:6 l2:5 init=51
      > sctp l2:5 r2:6 init=11
      < sctp r2:6 l2:5 vtag=11 init_ack=52
      > sctp l2:5 r2:6 vtag=52 cookie_echo
      < sctp r2:6 l2:5 vtag=11 cookie_ack
      > sctp l2:5 r2:6 vtag=51 init_ack=12
      > sctp l2:5 r2:6 vtag=52 data)"},
    {"sctp: INIT again while closed, and on an association", "acct=1", R"(
      > sctp l2:5 r2:6 init=11
      > sctp l2:5 r2:6 init=11
      > sctp l2:5 r2:6 init=12
      < sctp r2:6 l2:5 vtag=12 init_ack=22
      > sctp l2:5 r2:6 vtag=22 cookie_echo
      < sctp r2:6 l2:5 vtag=12 cookie_ack
      > sctp l2:5 r2:6 init=13
      < sctp r2:6 l2:5 vtag=13 init_ack=24
      > sctp l2:5 r2:6 vtag=24 cookie_echo
      < sctp r2:6 l2:5 vtag=13 cookie_ack)"},
    // ---------------------------------------------------------------- GRE
    {"gre: plain, one flow for two hosts", "acct=1 gre_timeout=31 gre_timeout_stream=33", R"(
      > gre l2 r2
      > gre l2 r2 type=0x86dd
      < gre r2 l2
      > gre l2 r2
      > gre L2 R2
      < gre R2 L2)"},
    {"gre: versions and lengths", "", R"(
      > gre l2 r2 ver=1 call=7
      < gre r2 l2 ver=1 call=8
      < gre r2 l2 ver=1 call=0
      > gre l3 r2 ver=1 type=0x0800 call=7
      > gre l4 r2 ver=1 cut=7
      > gre l5 r2 ver=1 cut=4
      > gre l6 r2 ver=1 cut=3
      > gre l7 r2 cut=3
      > gre l8 r2 cut=0
      > gre l9 r2 ver=2
      > gre l10 r2 ver=7
      > gre L4 R2 ver=1 call=9
      > gre L5 R2 ver=1 type=0x6558)"},
    // ---------------------------------------------------------------- the rest
    {"ip: protocols without a tracker", "acct=1 generic_timeout=601", R"(
      > ip l2 r2 proto=50
      < ip r2 l2 proto=50
      > ip l2 r2 proto=50
      > ip l2 r2 proto=51
      > ip l2 r2 proto=33
      > ip l2 r2 proto=4
      > ip l2 r2 proto=0
      > ip l2 r2 proto=253 len=0
      > ip l2 r2 proto=255 len=1
      > ip L2 R2 proto=50
      > ip L2 R2 proto=33 len=0
      < ip R2 L2 proto=33 len=100
      > ip L2 R2 proto=59
      > ip L2 R2 proto=253)"},
};

}  // namespace

std::span<const Scenario> transport_scenarios() { return kScenarios; }

}  // namespace ctwin::test
