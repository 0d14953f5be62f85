#!/bin/sh
. "${0%/*}/lib.sh"

# -C -v says how many entries there are, how many there may be, and how full that is.
capture=$(cd "${0%/*}/../data" && pwd)/gateway-inside.pcap
ctwin --pcap "$capture" -C
entries=$(cat "$work/out")
ctwin --pcap "$capture" --sysctl net.netfilter.nf_conntrack_max=50 -C -v
expect_code 0
expect_out "$entries
entries=$entries max=50 full=$(awk "BEGIN { printf \"%.1f\", $entries * 2 }")%"
ctwin --pcap "$capture" --sysctl net.netfilter.nf_conntrack_max=50 -C --filter 'udp and tcp' --verbose
expect_out "0
entries=$entries max=50 full=$(awk "BEGIN { printf \"%.1f\", $entries * 2 }")%"
