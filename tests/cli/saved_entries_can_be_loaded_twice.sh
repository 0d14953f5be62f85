#!/bin/sh
. "${0%/*}/lib.sh"

# What -o save wrote is loaded into an empty table, and again over the entries themselves.
in_own_namespace "$@"
create_udp 4000 -m 7 -u SEEN_REPLY,ASSURED
create_udp 4001 -w 5
create_udp 4002 -n 192.0.2.1:5555
create_udp 4003 -u SEEN_REPLY,FIXED_TIMEOUT
"$CTWIN" -L -o save 2>/dev/null | sed 's/-t [0-9]*/-t 300/' | sort >"$work/saved"
"$CTWIN" -F 2>/dev/null
for time in first second; do
  ctwin -R "$work/saved"
  expect_code 0
  expect_err
  "$CTWIN" -L -o save 2>/dev/null | sed 's/-t [0-9]*/-t 300/' | sort >"$work/again"
  diff "$work/saved" "$work/again" || fail "not the same after the $time load"
done
for condition in '-m 7 --sport 4000' '-w 5 --sport 4001' '-n 192.0.2.1:5555 --sport 4002'; do
  # shellcheck disable=SC2086
  ctwin -L -p udp $condition
  expect_err "$prefix 1 flow entries have been shown."
done
