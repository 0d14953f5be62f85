#!/bin/sh
. "${0%/*}/lib.sh"

# -D deletes everything that was asked for, though nobody reads what it prints.
in_own_namespace "$@"
create_many 20000
{
  "$CTWIN" -D 2>"$work/err"
  echo $? >"$work/code"
} | head -n 1 >"$work/out"
code=$(cat "$work/code")
expect_code 0
expect_err "$prefix 20000 flow entries have been deleted."
[ "$(count)" = 0 ] || fail "$(count) entries are left"
