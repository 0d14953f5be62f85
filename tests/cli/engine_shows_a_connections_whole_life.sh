#!/bin/sh
. "${0%/*}/lib.sh"

# A recorded ping and HTTPS connection go through their whole lives, in conntrack's own lines.
ctwin --pcap "${0%/*}/../data/https.pcap" --run-out -E
expect_code 0
expect_out "    [NEW] icmp     1 30 src=192.0.2.2 dst=192.0.2.80 type=8 code=0 id=13598 [UNREPLIED] src=192.0.2.80 dst=192.0.2.2 type=0 code=0 id=13598
 [UPDATE] icmp     1 30 src=192.0.2.2 dst=192.0.2.80 type=8 code=0 id=13598 src=192.0.2.80 dst=192.0.2.2 type=0 code=0 id=13598
    [NEW] tcp      6 120 SYN_SENT src=192.0.2.2 dst=192.0.2.80 sport=51936 dport=443 [UNREPLIED] src=192.0.2.80 dst=192.0.2.2 sport=443 dport=51936
 [UPDATE] tcp      6 60 SYN_RECV src=192.0.2.2 dst=192.0.2.80 sport=51936 dport=443 src=192.0.2.80 dst=192.0.2.2 sport=443 dport=51936
 [UPDATE] tcp      6 432000 ESTABLISHED src=192.0.2.2 dst=192.0.2.80 sport=51936 dport=443 src=192.0.2.80 dst=192.0.2.2 sport=443 dport=51936 [ASSURED]
 [UPDATE] tcp      6 120 FIN_WAIT src=192.0.2.2 dst=192.0.2.80 sport=51936 dport=443 src=192.0.2.80 dst=192.0.2.2 sport=443 dport=51936 [ASSURED]
 [UPDATE] tcp      6 60 CLOSE_WAIT src=192.0.2.2 dst=192.0.2.80 sport=51936 dport=443 src=192.0.2.80 dst=192.0.2.2 sport=443 dport=51936 [ASSURED]
 [UPDATE] tcp      6 30 LAST_ACK src=192.0.2.2 dst=192.0.2.80 sport=51936 dport=443 src=192.0.2.80 dst=192.0.2.2 sport=443 dport=51936 [ASSURED]
 [UPDATE] tcp      6 120 TIME_WAIT src=192.0.2.2 dst=192.0.2.80 sport=51936 dport=443 src=192.0.2.80 dst=192.0.2.2 sport=443 dport=51936 [ASSURED]
[DESTROY] icmp     1 src=192.0.2.2 dst=192.0.2.80 type=8 code=0 id=13598 src=192.0.2.80 dst=192.0.2.2 type=0 code=0 id=13598
[DESTROY] tcp      6 TIME_WAIT src=192.0.2.2 dst=192.0.2.80 sport=51936 dport=443 src=192.0.2.80 dst=192.0.2.2 sport=443 dport=51936 [ASSURED]"
expect_err "$prefix 11 flow events have been shown."
