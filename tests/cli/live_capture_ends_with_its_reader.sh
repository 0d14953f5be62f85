#!/bin/sh
. "${0%/*}/lib.sh"

# -E on an interface ends when nobody reads its output any more, although nothing happens there.
in_own_namespace "$@"
("$CTWIN" --capture lo -E 2>"$work/err"; echo $? >"$work/status") | true
await test -s "$work/status"
[ "$(cat "$work/status")" = 0 ] || fail "exit status $(cat "$work/status"): $(cat "$work/err")"
