#!/bin/sh
. "${0%/*}/lib.sh"

# -E --group-by counts events until it ends; sums of bytes come with the end of an entry.
capture=$(cd "${0%/*}/../data" && pwd)/http.pcap
events() {
  "$CTWIN" --pcap "$capture" --sysctl net.netfilter.nf_conntrack_acct=1 --run-out -E "$@" \
    2>/dev/null
}
for event in NEW UPDATES DESTROY; do
  for proto in tcp udp; do
    expected=$(events -e $event | grep -c " $proto  ")
    counted=$(events -e $event --group-by proto | awk -v proto=$proto '$1 == proto { print $2 }')
    [ "${counted:-0}" = "$expected" ] || fail "$counted $event events of $proto, not $expected"
  done
done
bytes=$(events -e DESTROY | grep -o 'bytes=[0-9]*' | cut -d= -f2 | awk '{ sum += $1 } END { print sum }')
[ "$bytes" -gt 0 ] || fail "nothing was counted"
[ "$(events -e DESTROY --group-by family | awk '$1 == "ipv4" { print $5 }')" = "$bytes" ] ||
  fail "not $bytes bytes"

# --limit counts the events that are summed up, too; and --duration goes by the packets' time: the
# ends come two minutes behind the last packet.
[ "$(events --group-by proto --limit 3 | awk '$1 == "tcp" { print $2 }')" = 3 ] ||
  fail "--limit does not end --group-by"
for seconds in 60 600; do
  ends=$(events --duration $seconds | grep -c DESTROY)
  [ "$ends" = "$((seconds > 120 ? 2 : 0))" ] || fail "$ends ends in $seconds seconds"
done
