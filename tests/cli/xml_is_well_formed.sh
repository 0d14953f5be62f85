#!/bin/sh
. "${0%/*}/lib.sh"

# What any command prints in XML is one document.
command -v xmllint >/dev/null || skip "xmllint is not installed"
in_own_namespace "$@"
check() {
  ctwin "$@"
  expect_code 0
  xmllint --noout "$work/out" || { show; fail "not well formed: $*"; }
}
create_udp 4000 -u SEEN_REPLY
create_udp 4001 -w 3
"$CTWIN" -I -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 77 -t 60 -s 10.0.0.1 -d 10.0.0.2 \
  2>/dev/null
check -L -o xml
check -G -o xml -p udp -s 10.0.0.1 -d 10.0.0.2 --sport 4000 --dport 53
check -U -m 5 -o xml
check -D -o xml
"$CTWIN" -E -o xml,timestamp >"$work/events" 2>/dev/null &
background=$!
await someone_listens
create_udp 4002
"$CTWIN" -F 2>/dev/null
await grep -q 'type="destroy"' "$work/events"
kill -TERM "$background"
wait "$background"
xmllint --noout "$work/events" || fail "not well formed: -E"
