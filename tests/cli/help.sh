#!/bin/sh
. "${0%/*}/lib.sh"

# -h shows every command and is short.
ctwin -h
expect_code 0
expect_err
for letter in L G D I A U E F C S R V h; do
  grep -q -- "^ *-$letter,--" "$work/out" || fail "-$letter is missing"
done
[ "$(wc -l <"$work/out")" -le 110 ] || fail "more than 110 lines"
[ "$(awk '{ gsub(/…/, "."); if (length > most) most = length } END { print most + 0 }' \
  "$work/out")" -le 100 ] || fail "a line of more than 100 columns"
