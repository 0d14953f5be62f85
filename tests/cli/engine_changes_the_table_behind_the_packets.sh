#!/bin/sh
. "${0%/*}/lib.sh"

# Commands act on the table as it stands after the last packet.
capture="${0%/*}/../data/https.pcap"
ctwin --pcap "$capture" -U -p tcp -m 9
expect_code 0
expect_out_line 'tcp      6 120 TIME_WAIT .* mark=9 use=2'
ctwin --pcap "$capture" -D -p icmp
expect_code 0
expect_err "$prefix 1 flow entries have been deleted."
ctwin --backend kernel --pcap "$capture" -L
expect_code 2
