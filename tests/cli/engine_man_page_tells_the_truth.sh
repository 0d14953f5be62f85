#!/bin/sh
. "${0%/*}/lib.sh"

# The block of --trace in ctwin-engine(8) is what the program prints, and its keys of JSON and its
# settings are the program's.
page=${0%/*}/../../man/ctwin-engine.8
capture=${0%/*}/../data/injected.pcap

unfolded() { tr -s ' \n' '  ' <"$1"; }
ctwin --pcap "$capture" --trace=invalid
expect_code 0
sed -n '/^#/,/^\.Ed/p' "$page" | sed '/^\.Ed/d' >"$work/block"
[ -s "$work/block" ] || fail "the page has no block"
[ "$(unfolded "$work/block")" = "$(unfolded "$work/out")" ] || { show; fail "the block differs"; }

ctwin --pcap "$capture" --trace=invalid -o json
expect_code 0
sed -n '/^packet  /,/^\.Ed/p' "$page" | sed -n 's/^\([a-z]\{1,\}\).*/\1/p' >"$work/keys"
grep -o '"[a-z]*":' "$work/out" | tr -d '":' >"$work/printed"
cmp -s "$work/keys" "$work/printed" || { show; fail "the keys differ"; }

sed -n '/^acct/,/^\.Ed/p' "$page" | sed '/^\.Ed/d' >"$work/settings"
tr -s ' ' '\n' <"$work/settings" | paste - - >"$work/pairs"
[ "$(wc -l <"$work/pairs")" -gt 35 ] || fail "the page has too few settings"
set --
while read -r name value; do
  set -- "$@" --sysctl "net.netfilter.nf_conntrack_$name=$value"
done <"$work/pairs"
data=${0%/*}/../data
set -- "$@" --pcap "$data/ping.pcap" --pcap "$data/refused.pcapng" --pcap "$capture" --trace -L
ctwin "$@"
expect_code 0
cp "$work/out" "$work/with"
while [ "$1" = --sysctl ]; do shift 2; done
ctwin "$@"
cmp -s "$work/out" "$work/with" || { show; fail "the defaults differ"; }
