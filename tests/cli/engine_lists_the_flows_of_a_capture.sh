#!/bin/sh
. "${0%/*}/lib.sh"

# The table as it stands after the last packet; -C counts it, -G finds one entry, -S has no errors.
capture="${0%/*}/../data/https.pcap"
ctwin --pcap "$capture" -L -p tcp
expect_code 0
expect_out "tcp      6 120 TIME_WAIT src=192.0.2.2 dst=192.0.2.80 sport=51936 dport=443 src=192.0.2.80 dst=192.0.2.2 sport=443 dport=51936 [ASSURED] mark=0 use=1"
expect_err "$prefix 1 flow entries have been shown."
ctwin --pcap "$capture" -C
expect_out 2
ctwin --pcap "$capture" -G -p icmp -s 192.0.2.2 -d 192.0.2.80 --icmp-type 8 --icmp-code 0 --icmp-id 13598
expect_code 0
expect_err "$prefix 1 flow entries have been shown."
ctwin --pcap "$capture" -S
expect_out_line "cpu=0   .found=0 invalid=0 insert=0 .*"
