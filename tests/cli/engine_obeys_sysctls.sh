#!/bin/sh
. "${0%/*}/lib.sh"

# --sysctl sets what the kernel's file of that name sets; a name or value that cannot be is refused.
capture="${0%/*}/../data/https.pcap"
ctwin --pcap "$capture" --sysctl net.netfilter.nf_conntrack_icmp_timeout=5 \
  --sysctl net/netfilter/nf_conntrack_acct=1 -E -p icmp --run-out
expect_out_line '    \[NEW\] icmp     1 5 .*'
expect_out_line '\[DESTROY\] icmp     1 .* packets=1 bytes=84 .* packets=1 bytes=84'
ctwin --pcap "$capture" --sysctl net.netfilter.nf_conntrack_nonsense=1 -L
expect_code 2
ctwin --pcap "$capture" --sysctl net.netfilter.nf_conntrack_icmp_timeout=soon -L
expect_code 2
