#!/bin/sh
. "${0%/*}/lib.sh"

# -o json prints objects that any parser reads, one a line, events included.
python3 -c '' 2>/dev/null || skip "python3 is not installed"
in_own_namespace "$@"
create_udp 4000 -m 7
"$CTWIN" -E -o json -w 3 >"$work/events" 2>/dev/null &
background=$!
await someone_listens
create_udp 4001 -w 3
"$CTWIN" -D -w 3 >/dev/null 2>&1
await grep -q destroy "$work/events"
kill -TERM "$background"
wait "$background"
ctwin -L -o json
expect_code 0
python3 - "$work/out" "$work/events" <<'END' || { show; fail "not the expected objects"; }
import json, sys
flows = [json.loads(line) for line in open(sys.argv[1])]
assert len(flows) == 1 and "event" not in flows[0], flows
assert flows[0]["mark"] == 7 and flows[0]["orig"]["sport"] == 4000, flows
assert flows[0]["state"] is None and flows[0]["timeout"] > 0, flows
events = [json.loads(line) for line in open(sys.argv[2])]
assert [event["event"] for event in events] == ["new", "destroy"], events
assert all(event["zone"] == 3 and event["time"].endswith("Z") for event in events), events
END
