#!/bin/sh
. "${0%/*}/lib.sh"

# -S --watch on a served engine goes by the wall's clock and tells what others do meanwhile.
serve
"$CTWIN" -S --watch 0.05 --explain >"$work/grown" 2>/dev/null &
watcher=$!
background="$background $watcher"
await test -s "$work/grown"
create_udp 1
create_udp 2
inserted() { grep -o '	.* insert=[0-9]*' "$work/grown" | sed 's/.*=//' | awk '{ s += $1 } END { exit s != 2 }'; }
await inserted
kill -TERM "$watcher"
wait "$watcher"
code=$?
expect_code 0
tail -n 1 "$work/grown" | grep -q '^insert=2: entries that programs made' || fail "$(tail -n 1 "$work/grown")"
