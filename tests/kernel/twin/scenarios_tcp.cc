#include "scenarios.h"

namespace ctwin::test {

namespace {

constexpr Scenario kScenarios[] = {
    // ---------------------------------------------------------------- lives
    {"tcp: a life from SYN to TIME_WAIT", "", R"(
      > S seq=100 mss=1460 sackok ts=1,0 nop wscale=7
      < SA seq=500 ack=101 mss=1460 sackok ts=1,1 nop wscale=7
      > A seq=101 ack=501
      > PA seq=101 ack=501 len=300
      < A seq=501 ack=401
      < PA seq=501 ack=401 len=1400
      > A seq=401 ack=1901
      > FA seq=401 ack=1901
      < A seq=1901 ack=402
      < FA seq=1901 ack=402
      > A seq=402 ack=1902)"},
    {"tcp: the server closes first, and both FINs meet", "acct=1 timestamp=1", R"(
      open
      < FA seq=501 ack=101
      > FA seq=101 ack=502
      < A seq=502 ack=102)"},
    {"tcp: both sides send FIN without an ACK between", "", R"(
      open
      > FA seq=101 ack=501
      < FA seq=501 ack=101
      > A seq=102 ack=502
      < A seq=502 ack=102)"},
    {"tcp: half closed, data goes on the other way", "acct=1", R"(
      open
      > FA seq=101 ack=501
      < A seq=501 ack=102
      < PA seq=501 ack=102 len=500
      > A seq=102 ack=1001
      < FA seq=1001 ack=102
      > A seq=102 ack=1002)"},
    {"tcp: the same over IPv6", "acct=1", R"(
      > tcp L2:1000 R2:80 S seq=100 mss=1440 sackok ts=1,0 nop wscale=9
      < tcp R2:80 L2:1000 SA seq=500 ack=101 sackok wscale=3
      > tcp L2:1000 R2:80 A seq=101 ack=501
      > tcp L2:1000 R2:80 PA seq=101 ack=501 len=100
      < tcp R2:80 L2:1000 A seq=501 ack=201
      > tcp L2:1000 R2:80 FA seq=201 ack=501
      < tcp R2:80 L2:1000 FA seq=501 ack=202
      > tcp L2:1000 R2:80 A seq=202 ack=502)"},
    {"tcp: every timeout by its own sysctl",
     "tcp_timeout_syn_sent=101 tcp_timeout_syn_recv=102 tcp_timeout_established=10300 "
     "tcp_timeout_fin_wait=104 tcp_timeout_close_wait=105 tcp_timeout_last_ack=106 "
     "tcp_timeout_time_wait=107 tcp_timeout_close=108 tcp_timeout_max_retrans=209 "
     "tcp_timeout_unacknowledged=210",
     R"(
      open
      > FA seq=101 ack=501
      < A seq=501 ack=102
      < FA seq=501 ack=102
      > A seq=102 ack=502
      > tcp l3:1 r2:80 S seq=1
      > tcp l4:1 r2:80 A seq=1 ack=1
      > tcp l5:1 r2:80 S seq=1
      < tcp r2:80 l5:1 SA seq=5 ack=2
      > tcp l5:1 r2:80 A seq=2 ack=6
      > tcp l5:1 r2:80 PA seq=2 ack=6 len=10
      < tcp r2:80 l5:1 R seq=6
      > tcp l6:1 r2:80 S seq=1
      < tcp r2:80 l6:1 SA seq=5 ack=2
      > tcp l6:1 r2:80 A seq=2 ack=6
      > tcp l6:1 r2:80 PA seq=2 ack=6 len=10
      > tcp l7:1 r2:80 S seq=1
      < tcp r2:80 l7:1 S seq=5)"},
    {"tcp: retransmission timers stay when the state's own is shorter",
     "tcp_timeout_max_retrans=50 tcp_timeout_unacknowledged=40 tcp_timeout_fin_wait=30", R"(
      open
      > PA seq=101 ack=501 len=10
      > PA seq=101 ack=501 len=10
      > PA seq=101 ack=501 len=10
      > PA seq=101 ack=501 len=10
      > FA seq=111 ack=501
      < A seq=501 ack=112 win=0)"},
    // ---------------------------------------------------------------- sanity
    {"tcp: too short, or a header longer than the packet", "", R"(
      > S seq=1 cut=19
      > S seq=1 cut=20
      > tcp l3:1 r2:80 S seq=1 doff=4
      > tcp l4:1 r2:80 S seq=1 doff=15
      > tcp l5:1 r2:80 S seq=1 doff=6 len=4
      > tcp l6:1 r2:80 S seq=1 cut=8
      > tcp l7:1 r2:80 S seq=1 cut=3
      > tcp l8:1 r2:80 S seq=1 cut=0
      > tcp L3:1 R2:80 S seq=1 doff=4
      > tcp L4:1 R2:80 S seq=1 cut=19)"},
    {"tcp: a bad checksum", "", R"(
      > S seq=1 sum=bad
      > tcp L2:1 R2:80 S seq=1 sum=bad
      open
      > PA seq=101 ack=501 len=10 sum=bad
      < R seq=501 sum=bad)"},
    {"tcp: a bad checksum where nobody looks", "checksum=0", R"(
      > S seq=100 sum=bad
      < SA seq=500 ack=101 sum=0
      > tcp L2:1 R2:80 S seq=1 sum=bad)"},
    {"tcp: combinations of flags on a first packet", "", R"(
      > tcp l2:1 r2:80 - seq=1
      > tcp l2:2 r2:80 F seq=1
      > tcp l2:3 r2:80 SF seq=1
      > tcp l2:4 r2:80 SR seq=1
      > tcp l2:5 r2:80 SU seq=1
      > tcp l2:6 r2:80 SAU seq=1
      > tcp l2:7 r2:80 R seq=1
      > tcp l2:8 r2:80 RA seq=1
      > tcp l2:9 r2:80 RAU seq=1
      > tcp l2:10 r2:80 FA seq=1
      > tcp l2:11 r2:80 FAU seq=1
      > tcp l2:12 r2:80 A seq=1
      > tcp l2:13 r2:80 AU seq=1
      > tcp l2:14 r2:80 U seq=1
      > tcp l2:15 r2:80 P seq=1
      > tcp l2:16 r2:80 SEC seq=1
      > tcp l2:17 r2:80 SFRPAUEC seq=1
      > tcp l2:18 r2:80 FPU seq=1
      > tcp l2:19 r2:80 RF seq=1
      > tcp l2:20 r2:80 SP seq=1
      > tcp l2:21 r2:80 SA seq=1)"},
    {"tcp: combinations of flags on an established connection", "", R"(
      open
      > - seq=101 ack=501
      > P seq=101 ack=501
      > F seq=101 ack=501
      > FAU seq=101 ack=501
      < SAU seq=501 ack=102
      < RAU seq=501 ack=102
      < AU seq=501 ack=102
      < FRA seq=501 ack=102
      < EC seq=501 ack=102
      < APEC seq=501 ack=102)"},
    // ---------------------------------------------------------------- first packets
    {"tcp: a SYN with data, and one with a zero window", "", R"(
      > S seq=100 len=50
      < SA seq=500 ack=151
      > A seq=151 ack=501
      > tcp l3:1 r2:80 S seq=1 win=0
      < tcp r2:80 l3:1 SA seq=1 ack=2 win=0
      > tcp l3:1 r2:80 A seq=2 ack=2)"},
    {"tcp: picked up in mid-stream", "", R"(
      > A seq=1000 ack=2000
      > PA seq=1000 ack=2000 len=100
      < A seq=2000 ack=1100
      > A seq=1100 ack=2000
      < PA seq=900000 ack=700000 len=100
      > R seq=5
      > FA seq=1100 ack=2000)"},
    {"tcp: picked up with data in mid-stream, answered at once", "", R"(
      > PA seq=1000 ack=2000 len=100
      < PA seq=2000 ack=1100 len=100
      < PA seq=2100 ack=1100 len=100
      > A seq=1100 ack=2200)"},
    {"tcp: a SYN on what was picked up", "", R"(
      > A seq=1000 ack=2000
      < A seq=2000 ack=1000
      > A seq=1000 ack=2000
      > S seq=5000
      < SA seq=7000 ack=5001
      > A seq=5001 ack=7001
      > A seq=5001 ack=900000)"},
    {"tcp: nothing is picked up without tcp_loose", "tcp_loose=0", R"(
      > A seq=1000 ack=2000
      < A seq=2000 ack=1000
      > S seq=100
      < A seq=2000 ack=1000
      < SA seq=500 ack=101
      > A seq=101 ack=501)"},
    {"tcp: FIN, RST and SYN/ACK open nothing", "", R"(
      > FA seq=1 ack=1
      > R seq=1
      > RA seq=1 ack=1
      < SA seq=1 ack=1)"},
    // ---------------------------------------------------------------- options
    {"tcp: options of a SYN", "", R"(
      > tcp l2:1 r2:80 S seq=1 wscale=14
      > tcp l2:2 r2:80 S seq=1 wscale=15
      > tcp l2:3 r2:80 S seq=1 wscale=255
      > tcp l2:4 r2:80 S seq=1 sackok
      > tcp l2:5 r2:80 S seq=1 nop nop sackok wscale=2
      > tcp l2:6 r2:80 S seq=1 eol wscale=2
      > tcp l2:7 r2:80 S seq=1 opt=0300 wscale=2
      > tcp l2:8 r2:80 S seq=1 opt=0301 wscale=2
      > tcp l2:9 r2:80 S seq=1 opt=030402ff wscale=3
      > tcp l2:10 r2:80 S seq=1 opt=0403ff wscale=3
      > tcp l2:11 r2:80 S seq=1 opt=030a07
      > tcp l2:12 r2:80 S seq=1 opt=01010103
      > tcp l2:13 r2:80 S seq=1 opt=fe0400000303
      > tcp l2:14 r2:80 S seq=1 mss=1460 ts=1,2 sackok wscale=1 wscale=5
      > tcp l2:15 r2:80 S seq=1 opt=2210aabbccddeeff0011223344556677 wscale=4)"},
    {"tcp: window scale counts only when both sides have it", "", R"(
      > tcp l2:1 r2:80 S seq=1 win=100 wscale=7
      < tcp r2:80 l2:1 SA seq=1 ack=2 win=100
      > tcp l2:1 r2:80 A seq=2 ack=2 win=100
      < tcp r2:80 l2:1 PA seq=2 ack=2 len=101 win=100
      > tcp l2:2 r2:80 S seq=1 win=100
      < tcp r2:80 l2:2 SA seq=1 ack=2 win=100 wscale=7
      > tcp l2:2 r2:80 A seq=2 ack=2 win=100
      > tcp l2:2 r2:80 PA seq=300 ack=2 len=1 win=100
      > tcp l2:3 r2:80 S seq=1 win=100 wscale=7
      < tcp r2:80 l2:3 SA seq=1 ack=2 win=100 wscale=2
      > tcp l2:3 r2:80 A seq=2 ack=2 win=100
      < tcp r2:80 l2:3 PA seq=5000 ack=2 len=1 win=100
      > tcp l2:3 r2:80 PA seq=402 ack=2 len=1 win=100
      > tcp l2:3 r2:80 PA seq=403 ack=2 len=1 win=100)"},
    {"tcp: a retransmitted SYN with other options and another number", "", R"(
      > S seq=100 wscale=7 sackok
      > S seq=100 wscale=7 sackok
      > S seq=200 wscale=2
      > S seq=50
      < SA seq=500 ack=201 wscale=1
      > A seq=201 ack=501)"},
    // ---------------------------------------------------------------- ignored packets
    {"tcp: a SYN on an established connection, challenged and reset", "", R"(
      open
      > S seq=9000 wscale=4 sackok
      < A seq=501 ack=101
      > R seq=101
      > S seq=9000 wscale=4 sackok
      < SA seq=7000 ack=9001
      > A seq=9001 ack=7001)"},
    {"tcp: a SYN on an established connection is answered: the table catches up", "", R"(
      open
      > S seq=9000 wscale=4 sackok len=5
      < SA seq=7000 ack=9006 wscale=3
      > A seq=9006 ack=7001
      > PA seq=9006 ack=7001 len=10
      < A seq=7001 ack=9016)"},
    {"tcp: an answer that acknowledges something else resyncs nothing", "", R"(
      open
      > S seq=9000
      < SA seq=7000 ack=9002
      > S seq=9000
      > S seq=9100
      < SA seq=7000 ack=9001
      < SA seq=7000 ack=9101)"},
    {"tcp: SYN/ACK from the client's side, and again from the server", "", R"(
      > S seq=100
      > SA seq=100 ack=1
      < SA seq=500 ack=101
      < SA seq=500 ack=101
      > SA seq=101 ack=501
      > A seq=101 ack=501
      < SA seq=500 ack=101
      < S seq=500)"},
    {"tcp: a pure ACK answers a SYN", "", R"(
      > S seq=100
      < A seq=900 ack=50
      > R seq=50
      > S seq=100
      < SA seq=500 ack=101
      > A seq=101 ack=501)"},
    {"tcp: a challenge ACK in LAST_ACK", "", R"(
      open
      > FA seq=101 ack=501
      < A seq=501 ack=102
      < FA seq=501 ack=102
      > S seq=5000 wscale=2
      < A seq=502 ack=102
      > R seq=102
      > S seq=5000 wscale=2
      < SA seq=9000 ack=5001)"},
    {"tcp: SYN in every closing state", "", R"(
      open
      > FA seq=101 ack=501
      > S seq=5000
      < A seq=501 ack=102
      > S seq=5000
      < FA seq=501 ack=102
      > S seq=5000
      > A seq=102 ack=502
      > S seq=5000)"},
    // ---------------------------------------------------------------- reopening
    {"tcp: TIME_WAIT is reopened by the client", "acct=1", R"(
      open
      > FA seq=101 ack=501
      < FA seq=501 ack=102
      > A seq=102 ack=502
      > S seq=90000
      < SA seq=500 ack=90001
      > A seq=90001 ack=501)"},
    {"tcp: TIME_WAIT is reopened by the server, roles change", "", R"(
      open
      < FA seq=501 ack=101
      > FA seq=101 ack=502
      < A seq=502 ack=102
      < S seq=7000
      > SA seq=1 ack=7001
      < A seq=7001 ack=2)"},
    {"tcp: CLOSE is reopened by whoever sent the RST", "", R"(
      open
      > R seq=101
      > S seq=5000
      < SA seq=500 ack=5001)"},
    {"tcp: CLOSE is not reopened by the other one", "", R"(
      open
      < R seq=501
      > S seq=5000 wscale=3
      < SA seq=9500 ack=5001 wscale=2
      > A seq=5001 ack=9501)"},
    {"tcp: CLOSE after FIN is reopened by either", "", R"(
      open
      < FA seq=501 ack=101
      > R seq=101
      < S seq=5000
      < S seq=6000)"},
    // ---------------------------------------------------------------- simultaneous open
    {"tcp: simultaneous open by SYN/ACKs", "", R"(
      > S seq=100 wscale=2
      < S seq=500 wscale=3
      > SA seq=100 ack=501
      < SA seq=500 ack=101
      > A seq=101 ack=501
      < A seq=501 ack=101
      > PA seq=101 ack=501 len=10)"},
    {"tcp: simultaneous open by ACKs", "", R"(
      > S seq=100
      < S seq=500
      < A seq=501 ack=101
      > A seq=101 ack=501
      > SA seq=100 ack=501
      < A seq=501 ack=101
      > PA seq=101 ack=501 len=10)"},
    {"tcp: simultaneous open retransmitted and reset", "", R"(
      > S seq=100
      < S seq=500
      < S seq=500
      > S seq=100
      > FA seq=101 ack=501
      < R seq=501)"},
    // ---------------------------------------------------------------- RST
    {"tcp: RST to a SYN takes the entry away", "acct=1 timestamp=1", R"(
      > S seq=100
      < RA seq=0 ack=101
      > tcp l3:1 r2:80 S seq=100
      > tcp l3:1 r2:80 R seq=101
      > tcp l4:1 r2:80 S seq=100
      < tcp r2:80 l4:1 RA seq=0 ack=999
      > tcp l5:1 r2:80 S seq=100
      < tcp r2:80 l5:1 R seq=0
      > tcp l6:1 r2:80 S seq=100
      < tcp r2:80 l6:1 R seq=77 ack=1)"},
    {"tcp: RST with the exact number, and beside it", "", R"(
      open
      > PA seq=101 ack=501 len=100
      < A seq=501 ack=201
      < R seq=500
      < R seq=600
      < R seq=100000
      < R seq=501)"},
    {"tcp: RST in the window on an established connection", "", R"(
      open
      > PA seq=101 ack=501 len=100
      < A seq=501 ack=201
      > R seq=210
      > R seq=150
      > A seq=201 ack=501
      < R seq=502
      > R seq=201)"},
    {"tcp: RST right after data of its sender", "", R"(
      open
      < PA seq=501 ack=101 len=100
      < R seq=601
      > tcp l3:1 r2:80 S seq=100
      < tcp r2:80 l3:1 SA seq=500 ack=101
      > tcp l3:1 r2:80 A seq=101 ack=501
      > tcp l3:1 r2:80 PA seq=101 ack=501 len=7
      > tcp l3:1 r2:80 R seq=108)"},
    {"tcp: RST with number 0", "", R"(
      open
      < R seq=0
      < RA seq=0 ack=101
      > R seq=0
      > FA seq=101 ack=501
      < R seq=0)"},
    {"tcp: RST numbers do not matter while closing", "", R"(
      open
      > FA seq=101 ack=501
      < R seq=4000000000
      > R seq=12345)"},
    {"tcp: RST below what was acknowledged, with ignore_invalid_rst", "tcp_ignore_invalid_rst=1",
     R"(
      open
      > PA seq=101 ack=501 len=100
      < A seq=501 ack=201
      > R seq=150
      < R seq=400)"},
    {"tcp: RST while the handshake is not done", "", R"(
      > S seq=100
      < SA seq=500 ack=101
      > R seq=101
      > tcp l3:1 r2:80 S seq=100
      < tcp r2:80 l3:1 SA seq=500 ack=101
      < tcp r2:80 l3:1 R seq=501
      > tcp l4:1 r2:80 S seq=100
      < tcp r2:80 l4:1 SA seq=500 ack=101
      > tcp l4:1 r2:80 R seq=90000)"},
    {"tcp: RST answers the other side's SYN on an old connection", "", R"(
      open
      > S seq=9000
      < RA seq=0 ack=9001
      > tcp l3:1 r2:80 A seq=100 ack=5
      > tcp l3:1 r2:80 A seq=100 ack=5
      < tcp r2:80 l3:1 RA seq=7 ack=100)"},
    // ---------------------------------------------------------------- windows
    {"tcp: I, the upper bound of numbers", "", R"(
      open
      > PA seq=1100 ack=501 len=1
      > PA seq=1101 ack=501 len=1
      > PA seq=1102 ack=501 len=1
      > A seq=1103 ack=501
      < A seq=501 ack=101
      < PA seq=1501 ack=101 len=10
      < PA seq=1502 ack=101 len=10)"},
    {"tcp: data beyond the window, a little and too much", "", R"(
      open
      > PA seq=101 ack=501 len=1000
      > PA seq=1101 ack=501 len=500
      > PA seq=1601 ack=501 len=500
      > PA seq=1102 ack=501 len=900
      < A seq=501 ack=1101
      > PA seq=1601 ack=501 len=700
      < A seq=501 ack=2602)"},
    {"tcp: II, the lower bound of numbers", "", R"(
      open
      > PA seq=101 ack=501 len=900
      < A seq=501 ack=1001
      > PA seq=1001 ack=501 len=900
      < A seq=501 ack=1901
      > A seq=902 ack=501
      > A seq=901 ack=501
      > A seq=900 ack=501
      > PA seq=101 ack=501 len=700
      > PA seq=101 ack=501 len=801)"},
    {"tcp: III, the upper bound of acknowledgements", "", R"(
      open
      < PA seq=501 ack=101 len=100
      > A seq=101 ack=600
      > A seq=101 ack=601
      > A seq=101 ack=602
      > A seq=101 ack=2147484249
      < PA seq=601 ack=102 len=100)"},
    {"tcp: IV, the lower bound of acknowledgements", "", R"(
      > S seq=100 wscale=7
      < SA seq=500 ack=101 wscale=7
      > A seq=101 ack=501 win=65535
      < PA seq=501 ack=101 len=1000 win=65535
      < PA seq=70501 ack=101 len=1000 win=65535
      < PA seq=140501 ack=101 len=1000 win=65535
      > A seq=101 ack=141501
      > A seq=101 ack=75501
      > A seq=101 ack=75502
      > A seq=101 ack=75500
      > A seq=101 ack=501
      < A seq=141501 ack=101)"},
    {"tcp: the window moves, scaled and shrunk", "", R"(
      > S seq=100 wscale=3 win=100
      < SA seq=500 ack=101 wscale=1 win=100
      > A seq=101 ack=501 win=100
      < PA seq=501 ack=101 len=800 win=100
      < PA seq=1301 ack=101 len=1 win=100
      < PA seq=1302 ack=101 len=1 win=100
      > A seq=101 ack=1302 win=10
      < PA seq=1382 ack=101 len=1 win=100
      < PA seq=1383 ack=101 len=1000 win=100)"},
    {"tcp: ACK and RST without numbers", "", R"(
      open
      > PA seq=101 ack=0 len=5
      < A seq=0 ack=101
      > R seq=101 ack=77777
      < RA seq=501 ack=0)"},
    {"tcp: numbers wrap around", "", R"(
      > S seq=0xfffffff0 win=100
      < SA seq=0xffffff00 ack=0xfffffff1 win=1000
      > A seq=0xfffffff1 ack=0xffffff01 win=1000
      > PA seq=0xfffffff1 ack=0xffffff01 len=100 win=1000
      < A seq=0xffffff01 ack=0x55 win=1000
      < PA seq=0xffffff01 ack=0x55 len=900 win=1000
      > A seq=0x55 ack=0x285 win=1000
      > FA seq=0x55 ack=0x285 win=1000
      < R seq=0x285)"},
    {"tcp: SACK raises what is acknowledged", "", R"(
      > S seq=100 sackok
      < SA seq=500 ack=101 sackok
      > A seq=101 ack=501
      < PA seq=501 ack=101 len=100
      < PA seq=701 ack=101 len=100
      > A seq=101 ack=601 nop nop sack=701-801
      > A seq=101 ack=601 nop nop sack=701-802
      > A seq=101 ack=601 sack=650-660,701-801
      > A seq=101 ack=601 sack=701-801,900-999999
      > A seq=101 ack=601 opt=050b000002bd0000032100
      > A seq=101 ack=601 opt=05020101
      > A seq=101 ack=601 opt=050a0000
      > A seq=101 ack=601 nop nop ts=5,6
      > A seq=101 ack=601 ts=5,6 sack=701-90000
      > A seq=101 ack=601 sack=650-660 sack=701-90000
      > A seq=101 ack=601 opt=0503 sack=701-90000
      > A seq=101 ack=601 opt=050400000000 sack=701-90000
      > A seq=101 ack=601 opt=0500 sack=701-90000
      > A seq=101 ack=601 eol sack=701-90000
      > A seq=101 ack=601 opt=01010105)"},
    {"tcp: SACK means nothing without the option", "", R"(
      open
      < PA seq=501 ack=101 len=100
      > A seq=101 ack=601 nop nop sack=701-90000)"},
    {"tcp: keepalives", "", R"(
      open
      > PA seq=101 ack=501 len=10
      < A seq=501 ack=111
      > A seq=110 ack=501
      < A seq=501 ack=111
      > A seq=110 ack=501 len=1
      < A seq=501 ack=111)"},
    {"tcp: a keepalive on what was picked up", "", R"(
      > A seq=1000 ack=2000
      < A seq=2000 ack=1001
      < A seq=1999 ack=1001
      > A seq=1001 ack=2000)"},
    {"tcp: liberal windows", "tcp_be_liberal=1", R"(
      open
      > PA seq=90000 ack=501 len=10
      < A seq=501 ack=90010
      < A seq=500000 ack=7
      > R seq=95000
      < R seq=5
      > S seq=7
      < FA seq=501 ack=101)"},
    // ---------------------------------------------------------------- timeouts
    {"tcp: data not acknowledged, and acknowledged", "", R"(
      open
      > PA seq=101 ack=501 len=10
      < A seq=501 ack=101
      < A seq=501 ack=111
      < PA seq=501 ack=111 len=10
      < PA seq=501 ack=111 len=10
      > A seq=111 ack=505
      > A seq=111 ack=511)"},
    {"tcp: a stall of retransmissions", "", R"(
      open
      > A seq=101 ack=501
      > A seq=101 ack=501
      > A seq=101 ack=501
      > A seq=101 ack=501
      > A seq=101 ack=501 win=999
      > A seq=101 ack=501 win=999
      < A seq=501 ack=101
      < A seq=501 ack=101)"},
    {"tcp: tcp_max_retrans of 0 and 1", "tcp_max_retrans=1", R"(
      open
      > A seq=101 ack=501
      > A seq=101 ack=501
      < A seq=501 ack=101
      < A seq=501 ack=101)"},
    {"tcp: tcp_max_retrans of 0", "tcp_max_retrans=0", R"(
      open
      > PA seq=101 ack=501 len=3)"},
    {"tcp: zero window", "", R"(
      open
      > A seq=101 ack=501 win=0
      < A seq=501 ack=101
      > A seq=101 ack=501 win=0
      > A seq=101 ack=501 win=500)"},
    {"tcp: unreplied SYNs do not keep the entry alive", "tcp_timeout_syn_sent=2 acct=1", R"(
      > S seq=100
      wait 900
      > S seq=100
      wait 1500
      > S seq=100
      < SA seq=500 ack=101)"},
    {"tcp: a FIN and RSTs out of the window lower the timeout", "", R"(
      open
      > PA seq=101 ack=501 len=10
      < A seq=501 ack=111
      < FA seq=900000 ack=111
      > R seq=5
      > R seq=5
      < R seq=400000
      > FA seq=800000 ack=501)"},
    {"tcp: entries that time takes away", "tcp_timeout_close=1 tcp_timeout_time_wait=1 acct=1", R"(
      open
      > R seq=101
      > tcp l3:1 r2:80 S seq=100
      < tcp r2:80 l3:1 SA seq=500 ack=101
      > tcp l3:1 r2:80 A seq=101 ack=501
      > tcp l3:1 r2:80 FA seq=101 ack=501
      < tcp r2:80 l3:1 FA seq=501 ack=102
      > tcp l3:1 r2:80 A seq=102 ack=502
      wait 1500
      > tcp l3:1 r2:80 A seq=102 ack=502
      > S seq=900)"},
    // ---------------------------------------------------------------- the kernel's own selftests
    {"selftest: ACKs are lost, old data comes again", "", R"(
      > S seq=0 mss=1460 nop nop sackok win=65535 wscale=8
      < SA seq=0 ack=1 mss=1460 sackok wscale=8
      > A seq=1 ack=1 win=65535
      < PA seq=1 ack=1 len=1000
      > A seq=1 ack=1001 win=0
      < PA seq=1001 ack=1 len=1
      < PA seq=1001 ack=1 len=1000
      < PA seq=1001 ack=1 len=1000
      > A seq=1 ack=1001 win=65535
      < PA seq=1001 ack=1 len=1000
      > A seq=1 ack=2001 win=65535)"},
    {"selftest: inexact RST in CLOSE_WAIT and LAST_ACK", "", R"(
      open
      > PA seq=101 ack=501 len=10
      < A seq=501 ack=111
      < FA seq=501 ack=111
      > A seq=111 ack=502
      > R seq=112
      > tcp l3:1 r2:80 S seq=100
      < tcp r2:80 l3:1 SA seq=500 ack=101
      > tcp l3:1 r2:80 A seq=101 ack=501
      < tcp r2:80 l3:1 FA seq=501 ack=101
      > tcp l3:1 r2:80 FA seq=101 ack=502
      > tcp l3:1 r2:80 R seq=103)"},
    {"selftest: four RSTs with bad numbers, then an exact one", "", R"(
      open
      > PA seq=101 ack=501 len=1000
      < A seq=501 ack=1101
      > PA seq=1101 ack=501 len=1000
      < A seq=501 ack=2101
      > R seq=100
      > R seq=500
      > R seq=1100
      > R seq=900000
      > R seq=2101)"},
    {"selftest: a stale entry and a challenge ACK", "", R"(
      > S seq=1 win=65535 mss=1460
      < A seq=1000 ack=5000
      > R seq=5000
      > S seq=1 win=65535 mss=1460
      < SA seq=2000 ack=2
      > A seq=2 ack=2001)"},
    {"selftest: a SYN/ACK for an old SYN", "", R"(
      > S seq=1000
      < SA seq=500 ack=900
      < SA seq=500 ack=1001
      > A seq=1001 ack=501)"},
    {"selftest: a connection is reused while the table says established", "", R"(
      open
      > PA seq=101 ack=501 len=10
      < A seq=501 ack=111
      > S seq=111 mss=1460
      < A seq=501 ack=111
      > R seq=111
      > S seq=112
      < SA seq=4000 ack=113
      > A seq=113 ack=4001)"},
};

}  // namespace

std::span<const Scenario> tcp_scenarios() { return kScenarios; }

}  // namespace ctwin::test
