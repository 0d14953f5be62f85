#!/bin/sh
. "${0%/*}/lib.sh"

# A listener that does not read learns that it has lost events and how many; nobody waits for it.
serve
mkfifo "$work/slow"
"$CTWIN" -E -b 4096 >"$work/slow" 2>"$work/slow.err" &
slow=$!
"$CTWIN" -E >"$work/quick" 2>"$work/quick.err" &
quick=$!
background="$background $slow $quick"
exec 3<"$work/slow"
listening() {
  create_udp 1
  "$CTWIN" -D >/dev/null 2>&1
  [ -s "$work/quick" ] && grep -q NOTICE "$work/slow.err"
}
await listening
kill -STOP "$slow"
create_many 3000
"$CTWIN" -F 2>/dev/null
end_of_quick() { [ "$(grep -c -e 'NEW.*sport=4000' -e 'DESTROY.*sport=4000' "$work/quick")" = 6000 ]; }
await end_of_quick
kill -CONT "$slow"
cat <&3 >"$work/slow.out" &
background="$background $!"
caught_up() {
  create_udp 9
  "$CTWIN" -D >/dev/null 2>&1
  grep -q sport=9 "$work/slow.out"
}
await caught_up
grep -q 'We have hit ENOBUFS' "$work/slow.err" || fail "nothing was said of losses"
kill -INT "$slow" "$quick"
wait "$slow" "$quick"
shown=$(sed -n 's/.*: \([0-9]*\) flow events have been shown\./\1/p' "$work/slow.err")
lost=$(sed -n 's/.*: \([0-9]*\) events have been lost\./\1/p' "$work/slow.err")
[ "$shown" -lt 6000 ] || fail "nothing was lost"
[ "$((shown + lost))" -ge 6000 ] || fail "shown $shown, lost $lost"
! grep -q lost "$work/quick.err" || fail "the quick one has lost something: $(cat "$work/quick.err")"
