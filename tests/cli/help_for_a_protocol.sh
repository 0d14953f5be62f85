#!/bin/sh
. "${0%/*}/lib.sh"

# -h -p shows the options of that protocol and of no other.
ctwin -h -p sctp
expect_code 0
grep -q -- --orig-vtag "$work/out" || fail "--orig-vtag is missing"
! grep -q -- --icmp-type "$work/out" || fail "--icmp-type is shown"
