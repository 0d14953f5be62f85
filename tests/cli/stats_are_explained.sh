#!/bin/sh
. "${0%/*}/lib.sh"

# -S --explain says of each counter that is not 0 what it means and what helps.
capture=$(cd "${0%/*}/../data" && pwd)/injected.pcap
ctwin --pcap "$capture" -S
counters=$(cat "$work/out")
ctwin --pcap "$capture" -S --explain
expect_code 0
[ "$(head -n 1 "$work/out")" = "$counters" ] || { show; fail "the counters are not there"; }
expect_out_line 'invalid=[1-9][0-9]*: .*untracked.*What helps: .*nf_conntrack_log_invalid.*'
for counter in $(echo "$counters" | grep -o '[a-z_]*=[1-9][0-9]*'); do
  expect_out_line "$counter: .* What helps: .*"
done
[ "$(wc -l <"$work/out")" = $(($(echo "$counters" | grep -o '[a-z_]*=[1-9][0-9]*' | wc -l) + 1)) ] ||
  { show; fail "a line of a counter that is 0"; }

ctwin --backend engine -S --explain
expect_out_line 'Every counter is 0\.'
ctwin -L --explain
expect_refusal "--explain goes with -S"
