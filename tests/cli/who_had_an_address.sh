#!/bin/sh
. "${0%/*}/lib.sh"

# --who-had finds the flow behind a translated address, in the table and in a log of events.
CTWIN_BACKEND=engine:$work/table
export CTWIN_BACKEND
for port in 1 2 3; do create_udp "$port" -n "203.0.113.1:200$port"; done
ctwin --who-had 203.0.113.1:2002
expect_code 0
expect_out_line 'udp .* sport=2 dport=53 .* dport=2002 .*'
expect_err "$prefix 1 flow entries have been shown."
ctwin -L --who-had 203.0.113.1 --filter 'sport > 1'
expect_err "$prefix 2 flow entries have been shown."
ctwin --who-had 203.0.113.1:2002 -p tcp
expect_code 1
expect_err "$prefix 0 flow entries have been shown."
unset CTWIN_BACKEND

data=$(cd "${0%/*}/../data" && pwd)
"$CTWIN" --setup "$data/gateway.setup" --pcap "eth0=$data/gateway-inside.pcap" \
  --pcap "eth1=$data/gateway-outside.pcap" --run-out -E -o json >"$work/log" 2>/dev/null ||
  fail "no log"
holder='from=2023-11-14T22:13:20.000000Z to=2023-11-14T22:15:20.972000Z	tcp      6 src=192.168.2.55 dst=217.254.1.76 sport=38922 dport=443 src=217.254.1.76 dst=193.157.56.3 sport=443 dport=38922 [ASSURED]'
asked() { ctwin --who-had 193.157.56.3:38922 --event-log "$work/log" "$@"; }
asked
expect_code 0
expect_out "$holder"
expect_err "$prefix 1 flows had the address."
asked --at 2023-11-14T22:14:00Z
expect_out "$holder"
asked --at 1700000100.5 -p tcp
expect_out "$holder"
asked --at 2023-11-14T22:16:00Z
expect_code 1
expect_out
expect_err "$prefix 0 flows had the address."
asked -p udp
expect_code 1
asked -o json
expect_out "{\"from\":\"2023-11-14T22:13:20.000000Z\",\"to\":\"2023-11-14T22:15:20.972000Z\",\"last\":$(tail -n 1 "$work/log")}"

# Half of the log: the flow has not ended. A line that is being written is left out.
head -n 2 "$work/log" >"$work/half"
sed -n 3p "$work/log" | head -c 300 >>"$work/half"
ctwin --who-had 193.157.56.3 --event-log "$work/half"
expect_out_line 'from=2023-11-14T22:13:20.000000Z to=-	tcp .*'
run "$CTWIN" --who-had 193.157.56.3 --event-log - # standard input is empty
expect_code 1

# Lines that are cut, as in a log that was rotated or whose writer was killed, are named and left out.
{ tail -c +100 "$work/log"; echo '{"src":"193.157.56.3"'; cat "$work/log"; } >"$work/cut"
ctwin --who-had 193.157.56.3 --event-log "$work/cut"
expect_code 0
expect_out_line 'from=.* to=.*	tcp .*'
expect_err_line "$prefix $work/cut:1: this is not a JSON object as -E -o json writes it; 2 such lines were left out: flows may be missing."
# What is no log at all gives no answer: events as text, a compressed log.
echo '    [NEW] udp src=10.0.0.1 dst=10.0.0.2 sport=1 dport=53' >"$work/text"
gzip -c "$work/log" >"$work/log.gz"
for log in "$work/text" "$work/log.gz"; do
  ctwin --who-had 193.157.56.3 --event-log "$log"
  expect_code 1
  expect_out
  expect_err "$prefix $log:1: this is not a JSON object as -E -o json writes it"
done
ctwin --who-had 193.157.56.3 --event-log "$work/missing"
expect_code 1
expect_err "$prefix cannot read $work/missing: No such file or directory"

ctwin --who-had 193.157.56.3 --at 5
expect_refusal "--at needs --event-log FILE"
asked --at yesterday
expect_refusal "invalid value 'yesterday' for --at: expected a time such as 2026-11-21T10:00:00Z, or seconds since the epoch"
asked -s 10.0.0.1
expect_refusal "with --event-log only -p selects"
ctwin -L --event-log "$work/log"
expect_refusal "--event-log goes with --who-had"
ctwin --who-had gateway
expect_refusal "--who-had: \`gateway' is no address; expected ADDR, ADDR:PORT or [ADDR]:PORT"
echo '-F' >"$work/commands"
ctwin --nat-usage -R "$work/commands"
expect_refusal "--nat-usage and --who-had go with -L, or stand alone"
