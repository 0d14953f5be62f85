#!/bin/sh
. "${0%/*}/lib.sh"

# -U on many entries that fails for one of them says which, and how many were changed before.
CTWIN_BACKEND=engine:$work/table
export CTWIN_BACKEND
create_udp 1
create_udp 2 -u FIXED_TIMEOUT --orig-zone 7
ctwin -U -t 60 -p udp --sport 2
expect_code 1
expect_out
expect_err "$prefix Operation failed: Device or resource busy (the entry's timeout is fixed: udp src=10.0.0.1 dst=10.0.0.2 sport=2 dport=53 zone-orig=7)"
echo '-U -t 60' >"$work/lines"
ctwin -R "$work/lines"
expect_code 1
expect_err "$prefix $work/lines:1: Operation failed: Device or resource busy (the entry's timeout is fixed: udp src=10.0.0.1 dst=10.0.0.2 sport=2 dport=53 zone-orig=7)"

unset CTWIN_BACKEND
in_own_namespace "$@"
create_udp 1
create_udp 2 -w 3
# The kernel lets nobody set this bit by hand.
ctwin -U -p udp --sport 2 -u EXPECTED
expect_code 1
expect_err "$prefix Operation failed: Device or resource busy (udp src=10.0.0.1 dst=10.0.0.2 sport=2 dport=53 zone=3)"
