#!/bin/sh
. "${0%/*}/lib.sh"

# -E --filter on the kernel shows the events that the expression selects, and no others.
in_own_namespace "$@"
filter='udp and dport 53 and (mark 1 or sport 3) and not src 10.0.0.9'
"$CTWIN" -E -e NEW --filter "$filter" >"$work/events" 2>"$work/summary" &
events=$!
background=$events
await someone_listens
create_udp 1 -m 1
create_udp 2
create_udp 3
create_udp 4 -m 1
"$CTWIN" -I -p tcp -t 300 --state NONE -s 10.0.0.1 -d 10.0.0.2 --sport 3 --dport 53 2>/dev/null
"$CTWIN" -I -p udp -t 300 -s 10.0.0.9 -d 10.0.0.2 --sport 3 --dport 53 2>/dev/null
"$CTWIN" -I -p udp -t 300 -s 10.0.0.1 -d 10.0.0.2 --sport 5 --dport 53 -m 1 2>/dev/null
last_seen() { grep -q 'sport=5' "$work/events"; }
await last_seen
kill -TERM "$events"
wait "$events"
ports=$(grep -o ' sport=[1-5] ' "$work/events" | tr -d ' \n')
[ "$ports" = "sport=1sport=3sport=4sport=5" ] || { cat "$work/events"; fail "other events: $ports"; }
grep -qx "$prefix 4 flow events have been shown\." "$work/summary" || fail "$(cat "$work/summary")"
