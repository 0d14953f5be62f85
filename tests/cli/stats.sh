#!/bin/sh
. "${0%/*}/lib.sh"

# -S prints the counters of every CPU.
in_own_namespace "$@"
ctwin -S
expect_code 0
expect_err
[ "$(wc -l <"$work/out")" = "$(grep -c '^processor' /proc/cpuinfo)" ] || fail "not one line a CPU"
expect_out_line "cpu=0   $(printf '\t')found=0 invalid=0 insert=0 insert_failed=0 drop=0 .*"
ctwin -S expect
expect_out_line "cpu=0   $(printf '\t')expect_new=0 expect_create=0 expect_delete=0 "
