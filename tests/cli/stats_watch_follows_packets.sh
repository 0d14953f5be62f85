#!/bin/sh
. "${0%/*}/lib.sh"

# With a capture --watch goes by the packets' time, and what it prints adds up to what -S tells
# behind them.
capture=$(cd "${0%/*}/../data" && pwd)/injected.pcap
sum_of() { grep -o " $1=[0-9]*" "$work/out" | cut -d= -f2 | awk '{ s += $1 } END { print s + 0 }'; }
ctwin --pcap "$capture" -S
invalid=$(sum_of invalid)
[ "$invalid" -gt 0 ] || fail "the capture has no invalid packets"
ctwin --pcap "$capture" -S --watch 0.01
expect_code 0
[ "$(sum_of invalid)" = "$invalid" ] || { show; fail "not $invalid in all"; }

ctwin --backend engine -S --watch 1
expect_refusal "--watch follows the kernel, captures (--pcap), or an engine that is served: ask that one with --backend unix:PATH"
for word in 0 x 1. 1.2345 100000 -1; do
  ctwin -S "--watch=$word"
  expect_refusal "invalid value '$word' for --watch: expected seconds, 0.01 to 86400"
done
ctwin -L --watch 1
expect_refusal "--watch goes with -S"
