#!/bin/sh
. "${0%/*}/lib.sh"

# What happened before an engine ends still reaches those who watch; then they end as well, and say
# why. A document is complete.
serve
"$CTWIN" -E -o xml >"$work/xml" 2>"$work/xml.err" &
watcher=$!
background="$background $watcher"
watched() {
  create_udp 1
  "$CTWIN" -D >/dev/null 2>&1
  grep -q 'type="destroy"' "$work/xml"
}
await watched
kill -STOP "$watcher"
create_many 500
end_serving
expect_code 0
kill -CONT "$watcher"
wait "$watcher"
code=$?
expect_code 1
[ "$(cat "$work/xml.err")" = "$prefix failed to received netlink event: Connection reset by peer (the engine on $work/engine has gone away)" ] ||
  fail "$(cat "$work/xml.err")"
[ "$(grep -c '<sport>4000' "$work/xml")" -gt 100 ] || fail "events were lost"
[ "$(tail -n 1 "$work/xml")" = "</conntrack>" ] || fail "the document is not complete"
