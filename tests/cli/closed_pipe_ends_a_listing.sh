#!/bin/sh
. "${0%/*}/lib.sh"

# A reader that goes away ends a listing with its summary: no signal, no error.
in_own_namespace "$@"
create_many 20000
{
  "$CTWIN" -L 2>"$work/err"
  echo $? >"$work/code"
} | head -n 1 >"$work/out"
code=$(cat "$work/code")
expect_code 0
expect_err_line "$prefix [0-9]* flow entries have been shown\."
[ "$(wc -l <"$work/err")" = 1 ] || { show; fail "more than the summary"; }
shown=$(sed 's/.*: \([0-9]*\) flow.*/\1/' "$work/err")
[ "$shown" -lt 20000 ] || fail "went on to the end of the table"
