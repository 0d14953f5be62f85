#!/bin/sh
. "${0%/*}/lib.sh"

# -C answers from /proc where netlink is not permitted, and that is a success.
[ -r /proc/sys/net/netfilter/nf_conntrack_count ] || skip "no nf_conntrack_count in /proc"
in_own_namespace "$@"
create_udp 4000
create_udp 4001
ctwin_without_privilege -C
expect_code 0
expect_out 2
expect_err
