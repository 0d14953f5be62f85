#!/bin/sh
. "${0%/*}/lib.sh"

# --netns takes a name under /run/netns.
in_own_namespace "$@"
mkdir -p /run
mount -t tmpfs none /run || skip "cannot mount"
ip netns add ctwin-test || skip "ip netns is not permitted"
ip netns exec ctwin-test "$CTWIN" -I -p udp -t 60 -s 10.9.0.1 -d 10.9.0.2 --sport 1 --dport 2 \
  2>/dev/null
ctwin -C --netns ctwin-test
expect_code 0
expect_out 1
