#!/bin/sh
. "${0%/*}/lib.sh"

# Data and summary come in order when they go to the same place.
in_own_namespace "$@"
create_many 100
"$CTWIN" -L >"$work/both" 2>&1
[ "$(wc -l <"$work/both")" = 101 ] || fail "$(wc -l <"$work/both") lines"
[ "$(tail -n 1 "$work/both")" = "$prefix 100 flow entries have been shown." ] ||
  fail "the last line is: $(tail -n 1 "$work/both")"
