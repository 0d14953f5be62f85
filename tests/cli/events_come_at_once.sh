#!/bin/sh
. "${0%/*}/lib.sh"

# An event is printed when it happens, also into a pipe or a file.
in_own_namespace "$@"
"$CTWIN" -E -o id >"$work/events" 2>"$work/err" &
background=$!
await someone_listens
create_udp 4000
await grep -q '^    \[NEW\] udp      17 300 src=10.0.0.1 .* \[USERSPACE\] portid=' "$work/events"
"$CTWIN" -D >/dev/null 2>&1
await grep -q '^\[DESTROY\] udp ' "$work/events"
kill -TERM "$background"
wait "$background" || fail "ended with $?"
[ "$(cat "$work/err")" = "$prefix 2 flow events have been shown." ] || fail "$(cat "$work/err")"
