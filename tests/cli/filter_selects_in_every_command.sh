#!/bin/sh
. "${0%/*}/lib.sh"

# --filter means the same for -L, -C, -E, -U and -D, here on a table of an engine.
capture=$(cd "${0%/*}/../data" && pwd)/gateway-inside.pcap
in_capture() {
  ctwin --pcap "$capture" --sysctl net.netfilter.nf_conntrack_acct=1 \
    --sysctl net.netfilter.nf_conntrack_timestamp=1 "$@"
}

# What -L lists by an expression is what -C counts, and with its negation the whole table.
number_of() {
  in_capture -C --filter "$1"
  expect_code 0
  cat "$work/out"
}
in_capture -C
all=$(cat "$work/out")
[ "$all" -ge 1 ] || fail "the capture has no flows"
for filter in 'tcp' 'dst port 443' 'src net 192.168.2.0/24 and not state close' 'any host 10.9.9.9' \
  'timeout < 100 or assured' 'bytes >= 0' 'port 1-65535' 'age > 1h'; do
  in_capture -L --filter "$filter"
  expect_code 0
  listed=$(wc -l <"$work/out")
  expect_err "$prefix $listed flow entries have been shown."
  [ "$(number_of "$filter")" = "$listed" ] || fail "-C and -L disagree on: $filter"
  [ $(($(number_of "not ($filter)") + listed)) = "$all" ] || fail "not all without: $filter"
done

# What is not counted is neither much nor little.
for filter in 'bytes >= 0' 'not bytes > 1M' 'age >= 0' 'not age > 1h' 'packets != 3'; do
  ctwin --pcap "$capture" -C --filter "$filter"
  expect_out 0
done

[ "$(number_of 'tcp dst port 443')" -ge 1 ] || fail "nothing goes to port 443"
in_capture -E --filter 'tcp and dport 443 and state syn_sent'
expect_code 0
grep -q 'SYN_SENT' "$work/out" || { show; fail "no event"; }
grep -v 'SYN_SENT' "$work/out" && fail "an event that the expression does not select"

in_capture -U -m 7 --filter 'tcp and dport 443'
expect_code 0
grep -v 'dport=443 .*mark=7' "$work/out" && fail "something else was changed"
in_capture -D --filter 'tcp and dport 443'
expect_code 0
grep -v 'dport=443 ' "$work/out" && fail "something else was deleted"
in_capture -D --filter 'udp and dport 1'
expect_code 1
expect_err "$prefix 0 flow entries have been deleted."

# Both the options and the expression must hold.
in_capture -L -p udp --filter tcp
expect_err "$prefix 0 flow entries have been shown."
