#!/bin/sh
. "${0%/*}/lib.sh"

# Blank lines, comments and quoted words are read as conntrack reads them.
in_own_namespace "$@"
printf '  # a comment\n\n \t\n-I  -p "udp"\t-t 60 -s 10.9.0.1 -d "10.9.0.2" --sport 1 --dport 2\n' \
  >"$work/file"
ctwin -R "$work/file"
expect_code 0
expect_out
expect_err
[ "$(count)" = 1 ] || fail "the table has $(count) entries"
