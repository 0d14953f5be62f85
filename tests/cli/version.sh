#!/bin/sh
. "${0%/*}/lib.sh"

# -V prints one line with the program's name and version.
ctwin -V
expect_code 0
expect_out_line 'ctwin v[0-9]*\.[0-9]*\.[0-9]*'
[ "$(wc -l <"$work/out")" = 1 ] || fail "more than one line"
expect_err
