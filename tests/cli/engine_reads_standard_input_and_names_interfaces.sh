#!/bin/sh
. "${0%/*}/lib.sh"

# A capture comes from standard input as well, and IFACE=FILE names its interface.
capture="${0%/*}/../data/https.pcap"
"$CTWIN" --pcap "wan0=-" --trace <"$capture" >"$work/out" 2>"$work/err"
code=$?
expect_code 0
expect_out_line '#1 .* wan0 IP ICMP 192.0.2.2 > 192.0.2.80 .*'
