#!/bin/sh
. "${0%/*}/lib.sh"

# The same capture gives the same bytes, whatever is asked for.
capture="${0%/*}/../data/https.pcap"
for command in "-E -o id,timestamp,extended" "-L -o json" "-S" "--trace" "--trace -o json"; do
  # shellcheck disable=SC2086
  ctwin --pcap "$capture" $command
  expect_code 0
  cp "$work/out" "$work/first"
  [ -s "$work/first" ] || fail "nothing was printed for $command"
  # shellcheck disable=SC2086
  ctwin --pcap "$capture" $command
  cmp "$work/first" "$work/out" || fail "two runs of $command differ"
done
