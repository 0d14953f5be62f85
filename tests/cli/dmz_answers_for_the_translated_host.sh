#!/bin/sh
. "${0%/*}/lib.sh"

# A DMZ that rejects what is sent to two of its hosts. The error for the translated one leaves from
# its public address, which is quoted in it, too, whatever POSTROUTING says; the other from the
# box's own. Only the first belongs to a flow with the mark that OUTPUT logs. No event tells of them.
data="${0%/*}/../data"
ctwin --setup "$data/dmz.setup" --pcap eth0="$data/dmz.pcap" --pcap-out "$work/left.pcapng" \
  --log "$work/log" -E
expect_code 0
expect_out
expect_err "$prefix 0 flow events have been shown."

mac=02:00:00:00:42:01:02:00:00:00:42:fe:08:00
echo_request='LEN=44 TOS=0x00 PREC=0x00 TTL=60 ID=7 PROTO=ICMP TYPE=8 CODE=0 ID=77 SEQ=1'
forwarded='LEN=44 TOS=0x00 PREC=0x00 TTL=59 ID=7 PROTO=ICMP TYPE=8 CODE=0 ID=77 SEQ=1'
before="IN=eth0 OUT= MAC=$mac SRC=172.16.5.5 DST=1.2.3.4 $echo_request "
after="IN=eth0 OUT=eth1 MAC=$mac SRC=172.16.5.5 DST=192.168.1.4 $forwarded "
cat >"$work/expected" <<END
TRACE: raw:PREROUTING:policy:2 $before
TRACE: mangle:PREROUTING:rule:1 $before
TRACE: mangle:PREROUTING:policy:2 $before
TRACE: nat:PREROUTING:rule:2 $before
TRACE: mangle:FORWARD:policy:1 $after
TRACE: filter:FORWARD:rule:1 $after
marked: IN= OUT=eth0 SRC=192.168.42.1 DST=172.16.5.5 LEN=72 TOS=0x00 PREC=0xC0 TTL=64 ID=0 PROTO=ICMP TYPE=3 CODE=3 [SRC=172.16.5.5 DST=192.168.1.4 $forwarded ] 
END
head -n 7 "$work/log" | cmp - "$work/expected" || { cat "$work/log"; fail "the log differs"; }
[ "$(grep -c '^marked: ' "$work/log")" = 1 ] || fail "the second error was logged, too"

ctwin --pcap "$work/left.pcapng" --trace
expect_out_line '#1 .* eth0 IP ICMP 1.2.3.4 > 172.16.5.5 type=3 code=3 id=0'
expect_out_line '#2 .* eth0 IP ICMP 192.168.42.1 > 172.16.5.5 type=3 code=3 id=0'
od -An -v -tx1 "$work/left.pcapng" | tr -d ' \n' >"$work/bytes"
grep -q ac1005050102030408 "$work/bytes" || fail "the public address is not in the payload"
ctwin --setup "$data/dmz.setup" --pcap eth0="$data/dmz.pcap" --trace
expect_out_line '  nat      RELATED: nat not consulted'
