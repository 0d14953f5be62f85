#!/bin/sh
. "$(dirname "$0")/lib.sh"

# A router that is kept between two halves of its packets does what it does with the whole: the same
# events, the same counters of rules. Nothing but the packets is given again.
data=$(dirname "$0")/../data
command -v python3 >/dev/null || skip "python3 is not installed"
for side in inside outside; do
  python3 - "$data/gateway-$side.pcap" "$work/$side" <<'END' || fail "cannot cut a capture"
import struct, sys
whole = open(sys.argv[1], "rb").read()
order = "<" if whole[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
unit = 10 ** (9 if whole[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 6)
halves, at = [whole[:24], whole[:24]], 24
while at < len(whole):
    seconds, fraction, size = struct.unpack(order + "III", whole[at : at + 12])
    half = seconds > 1700000000 or 2 * fraction >= unit
    halves[half] += whole[at : at + 16 + size]
    at += 16 + size
for half in (0, 1):
    open(f"{sys.argv[2]}{half}.pcap", "wb").write(halves[half])
END
done

"$CTWIN" --setup "$data/gateway.setup" --pcap eth0="$data/gateway-inside.pcap" \
  --pcap eth1="$data/gateway-outside.pcap" \
  --iptables-save "$work/whole.rules" -E >"$work/whole.events" 2>/dev/null || fail "the whole"

first="--setup $data/gateway.setup"
for half in 0 1; do
  # shellcheck disable=SC2086 # two words
  "$CTWIN" --backend "engine:$work/state" $first --pcap eth0="$work/inside$half.pcap" \
    --pcap eth1="$work/outside$half.pcap" --iptables-save "$work/halves.rules" -E >>"$work/halves.events" 2>/dev/null || fail "half $half"
  first=
done
cmp "$work/whole.events" "$work/halves.events" || fail "the events differ"
cmp "$work/whole.rules" "$work/halves.rules" || fail "the rules differ"
[ "$(wc -l <"$work/whole.events")" -gt 5 ] || fail "there were no events"
grep -q 193.157.56.3 "$work/halves.events" || fail "nothing was translated"
