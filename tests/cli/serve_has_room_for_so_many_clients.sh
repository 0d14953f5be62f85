#!/bin/sh
. "${0%/*}/lib.sh"

# The limit of open files limits the clients; one more is told so, and is served when one has gone.
# shellcheck disable=SC3045
ulimit -n 35 # 32 are for other things
serve
listeners=
for number in 1 2 3 4; do
  "$CTWIN" -E >"$work/events$number" 2>&1 &
  listeners="$listeners $!"
done
background="$background $listeners"
full="$prefix the engine on $work/engine has as many clients as it can serve; try later"
await grep -qxF "$full" "$work/events1" "$work/events2" "$work/events3" "$work/events4"
ctwin -C
expect_code 1
expect_err "$full"
[ "$(cat "$work"/events? | wc -l)" = 1 ] || fail "not just one listener was refused"
# shellcheck disable=SC2086
kill $listeners 2>/dev/null
await "$CTWIN" -C
end_serving
expect_code 0
