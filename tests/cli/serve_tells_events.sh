#!/bin/sh
. "${0%/*}/lib.sh"

# -E on a served engine shows what others do, at once, and each listener its own selection.
serve
"$CTWIN" -E -e NEW,DESTROY >"$work/all" 2>"$work/all.err" &
all=$!
"$CTWIN" -E -p tcp >"$work/tcp" 2>"$work/tcp.err" &
background="$background $all $!"
# Whether it listens shows in what it prints.
heard() {
  "$CTWIN" -I -p "$1" -t 9 -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 1 ${3+--state "$3"} 2>/dev/null
  "$CTWIN" -D -p "$1" -s 1.1.1.1 >/dev/null 2>&1
  grep -q DESTROY "$2"
}
await heard udp "$work/all"
await heard tcp "$work/tcp" LISTEN
create_udp 4000 -m 3
await grep -q 'NEW.*sport=4000.*mark=3' "$work/all"
"$CTWIN" -U -p udp --sport 4000 -m 4 >/dev/null 2>&1
"$CTWIN" -D -p udp --sport 4000 >/dev/null 2>&1
await grep -q 'DESTROY.*sport=4000' "$work/all"
! grep -q UPDATE "$work/all" || fail "an event that was not asked for"
! grep -q udp "$work/tcp" || fail "an event of another protocol"
kill -INT "$all"
wait "$all"
code=$?
expect_code 0
grep -qx "$prefix [0-9]* flow events have been shown." "$work/all.err" || fail "$(cat "$work/all.err")"
