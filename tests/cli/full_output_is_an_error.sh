#!/bin/sh
. "${0%/*}/lib.sh"

# Output that cannot be written is an error that names its cause.
[ -c /dev/full ] || skip "no /dev/full"
"$CTWIN" -h >/dev/full 2>"$work/err" </dev/null
code=$?
: >"$work/out"
expect_code 1
expect_err "$prefix cannot write to standard output: No space left on device"
