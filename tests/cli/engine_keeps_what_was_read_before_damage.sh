#!/bin/sh
. "${0%/*}/lib.sh"

# A capture that is cut short ends with one line that names file and offset; the rest counts.
head -c 1000 "${0%/*}/../data/https.pcap" >"$work/cut.pcap"
ctwin --pcap "$work/cut.pcap" -L -p icmp
expect_code 1
expect_out_line 'icmp     1 .*'
expect_err_line "$prefix $work/cut.pcap: offset [0-9]*: .*"
ctwin --pcap "$0" -L
expect_code 1
expect_err_line "$prefix $0: not a capture.*"
ctwin --pcap "$work/missing" -L
expect_code 1
