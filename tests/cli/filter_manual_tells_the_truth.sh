#!/bin/sh
. "${0%/*}/lib.sh"

# What ctwin(8) shows of --filter: each example is taken, and selects what was made for it alone;
# the mistake is what is said.
page=${0%/*}/../../man/ctwin.8
CTWIN_BACKEND=engine:$work/table
export CTWIN_BACKEND
"$CTWIN" --sysctl net.netfilter.nf_conntrack_acct=1 -I -p tcp -t 300 --state ESTABLISHED \
  -s 10.1.2.3 -d 192.0.2.80 --sport 40000 --dport 443 2>/dev/null || fail "cannot create a flow"
"$CTWIN" -I -p udp -t 300 -s 172.16.0.1 -d 172.16.0.2 --sport 1 --dport 8080 -n 192.0.2.1 \
  2>/dev/null || fail "cannot create a flow"
"$CTWIN" -I -p udp -t 5 -s 172.16.0.1 -d 172.16.0.2 --sport 1 --dport 123 2>/dev/null ||
  fail "cannot create a flow"

sed -n '/^\.Sh FILTER EXPRESSIONS/,/^\.Sh LOST/p' "$page" |
  awk '/^\.Bd/ { file = sprintf("block%d", ++count); next } /^\.Ed/ { file = "" }
    file != "" { print > ("'"$work"'/" file) }'
# By the number of flows that each selects: the third has port 8080, and nothing has port 53.
selected=0
while read -r expression; do
  ctwin -C --filter "$expression"
  expect_code 0
  expect_out 1
  selected=$((selected + 1))
done <"$work/block1"
[ "$selected" -ge 4 ] || fail "only $selected examples"

sed -n 's/^\.Ql \(tcp and dst port 443 .*)\) ,$/\1/p; s/^\.Ql \(not state .*\)$/\1/p' "$page" \
  >"$work/quoted"
[ "$(wc -l <"$work/quoted")" = 2 ] || fail "the text has other examples"
while read -r expression; do
  ctwin -C --filter "$expression"
  expect_code 0
done <"$work/quoted"

ctwin -L --filter "$(sed -n 's/^  \([a-z].*\)/\1/p' "$work/block3")"
expect_refusal "$(sed '1s/^[^:]*: //' "$work/block3")"
