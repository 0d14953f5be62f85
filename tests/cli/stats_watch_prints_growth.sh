#!/bin/sh
. "${0%/*}/lib.sh"

# -S --watch prints what the counters have grown by, each time: the lines add up to what has been
# counted, and a signal ends it with exit status 0.
in_own_namespace "$@"
create_udp 1
"$CTWIN" -S --watch 0.05 >"$work/grown" &
background=$!
inserted() { grep -o ' insert=[0-9]*' "$work/grown" | cut -d= -f2 | awk '{ s += $1 } END { print s + 0 }'; }
has_lines() { [ "$(wc -l <"$work/grown")" -ge "$1" ]; }
await has_lines 1
for port in 2 3 4 5; do create_udp "$port"; done
all_seen() { [ "$(inserted)" = 4 ]; }
await all_seen
lines=$(wc -l <"$work/grown")
await has_lines $((lines + 2))
kill -TERM "$background"
wait "$background"
code=$?
expect_code 0
[ "$(inserted)" = 4 ] || fail "four entries were created, $(inserted) were told"
grep -Evq "^\[[0-9]+\.[0-9]{6}\]	cpu=[0-9]+ *	found=[0-9]+ invalid=" "$work/grown" &&
  { cat "$work/grown"; fail "a line that is none of counters"; }

# Nobody reads any more: that ends it, too.
"$CTWIN" -S --watch 0.05 | head -n 1 >"$work/first"
[ -s "$work/first" ] || fail "nothing was printed"
