#!/bin/sh
. "${0%/*}/lib.sh"

# --trace tells of each packet what became of it; --trace=invalid only of those that were refused.
capture="${0%/*}/../data/https.pcap"
ctwin --pcap "$capture" --trace
expect_code 0
expect_out_line '  entry    created id=1'
expect_out_line '  ctinfo   ESTABLISHED REPLY'
expect_out_line '  state    SYN_SENT -> SYN_RECV'
expect_out_line '  timeout  60 s (tcp_timeout_syn_recv)'
ctwin --pcap "$capture" --trace=invalid
expect_code 0
expect_out
# A packet that is taken is not among them, even where there is more to say of it.
refused="${0%/*}/../data/refused.pcapng"
ctwin --pcap "$refused" --trace
expect_code 0
expect_out_line '  why      a RST ends what nobody had answered'
ctwin --pcap "$refused" --trace=invalid
expect_code 0
expect_out
ctwin --pcap "$capture" --trace=nonsense
expect_code 2
