#!/bin/sh
. "${0%/*}/lib.sh"

# Every key that -o json prints stands in the tables of the manual page, and those with a star are
# in every object.
python3 -c '' 2>/dev/null || skip "python3 is not installed"
page=$(cd "${0%/*}/../../man" && pwd)/ctwin.8
in_own_namespace "$@"
sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1
"$CTWIN" -E -o json >"$work/events" 2>/dev/null &
background=$!
await someone_listens
create_udp 4000 -m 7 -w 3
"$CTWIN" -I -p tcp -t 300 -s fd00::1 -d fd00::2 --sport 1 --dport 2 --state ESTABLISHED \
  --orig-zone 4 2>/dev/null
"$CTWIN" -I -p icmp -t 300 -s 10.0.0.1 -d 10.0.0.2 --icmp-type 8 --icmp-code 0 2>/dev/null
"$CTWIN" -I -p gre -t 300 -s 10.0.0.1 -d 10.0.0.2 --srckey 1 --dstkey 2 2>/dev/null
"$CTWIN" -I -p sctp -t 300 -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 2 --state ESTABLISHED \
  --orig-vtag 1 --reply-vtag 2 2>/dev/null
ctwin -L -o json
expect_code 0
"$CTWIN" -D >/dev/null 2>&1
await grep -q destroy "$work/events"
kill -TERM "$background"
wait "$background"
cat "$work/out" "$work/events" >"$work/objects"

python3 - "$page" "$work/objects" <<'END' || fail "the manual and the output differ"
import json, re, sys
tables, section = {}, None
for line in open(sys.argv[1]):
    if line.startswith(".Ss JSON"): section = "sample"
    elif line.startswith(".S"): section = None
    elif section and line.startswith(".Bd"):
        section = {"sample": "none", "none": "flow", "flow": "direction",
                   "direction": "expectation"}[section]
    elif section and (match := re.match(r"([a-z_]+)( \*)?(  |$)", line)):
        tables.setdefault(section, {})[match[1]] = bool(match[2])
assert len(tables["flow"]) > 20 and len(tables["direction"]) > 8, tables
seen = set()
def check(found, table):
    for key in found: assert key in table, f"{key} is not in the manual"
    for key, always in table.items(): assert key in found or not always, f"{key} is missing"
    seen.update(found)
for line in open(sys.argv[2]):
    flow = json.loads(line)
    check(flow, tables["flow"])
    check(flow["orig"], tables["direction"])
    check(flow["reply"], tables["direction"])
for key in "event time mark zone start srckey type vtag_orig portid packets".split():
    assert key in seen, f"the test has not made {key} appear"
END
