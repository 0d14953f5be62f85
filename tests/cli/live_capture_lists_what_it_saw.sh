#!/bin/sh
. "${0%/*}/lib.sh"

# --capture watches an interface until a signal comes; then the command acts on what there is. What
# cannot be watched is named.
in_own_namespace "$@"
ctwin --capture nowhere -L
expect_code 1
expect_err "$prefix --capture nowhere: there is no such interface"
ctwin --capture lo --capture-filter 'port (' -L
expect_code 2
expect_err_line "$prefix --capture-filter 'port (': .*syntax error.*"

"$CTWIN" --capture lo --capture-filter 'udp port 7777' -E >"$work/events" 2>"$work/events.err" &
watcher=$!
"$CTWIN" --capture any -L -p udp --dport 7777 >"$work/list" 2>"$work/list.err" &
lister=$!
background="$watcher $lister"
is_seen() {
  echo hello | nc -u -q 0 -w 1 127.0.0.1 7777
  echo hello | nc -u -q 0 -w 1 127.0.0.1 8888
  grep -q '\[NEW\] udp .*dst=127.0.0.1 .*dport=7777 \[UNREPLIED\]' "$work/events"
}
await is_seen
! grep -q dport=8888 "$work/events" || fail "the filter has let others pass"
kill -INT $watcher
wait $watcher || fail "exit status $? of -E"
grep -q '^ctwin v.*: [0-9]* flow events have been shown\.$' "$work/events.err" || fail "no summary"
kill -TERM $lister
wait $lister || fail "exit status $? of -L"
grep -q '^ctwin v.*: [0-9]* flow entries have been shown\.$' "$work/list.err" || fail "no summary"
