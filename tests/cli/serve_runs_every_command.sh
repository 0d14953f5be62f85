#!/bin/sh
. "${0%/*}/lib.sh"

# Every command works on an engine that is served elsewhere, and each sees what the others did.
serve
flow="-s 10.0.0.1 -d 10.0.0.2 -p udp --sport 1 --dport 2"
# shellcheck disable=SC2086
ctwin -I $flow -t 60
expect_code 0
expect_err "$prefix 1 flow entries have been created."
# shellcheck disable=SC2086
ctwin -I $flow -t 60
expect_code 1
expect_err "$prefix Operation failed: Such conntrack exists, try -U to update"
# shellcheck disable=SC2086
ctwin -G $flow
expect_out_line 'udp      17 [56][0-9] src=10.0.0.1 .* use=2'
# shellcheck disable=SC2086
ctwin -U $flow -m 7
expect_out_line 'udp .* mark=7 use=2'
ctwin -L -m 7
expect_out_line 'udp .* mark=7 use=1'
expect_err "$prefix 1 flow entries have been shown."
ctwin -C
expect_out 1
ctwin -S
expect_out_line 'cpu=0 .*insert=1 .*'
"$CTWIN" -L -o save >"$work/saved" 2>/dev/null
ctwin -D
expect_code 0
expect_err "$prefix 1 flow entries have been deleted."
ctwin -R "$work/saved"
expect_code 0
ctwin -F
expect_err "$prefix connection tracking table has been emptied."
ctwin -L
expect_err "$prefix 0 flow entries have been shown."
end_serving
expect_code 0
[ "$(cat "$work/said")" = "$prefix serving on $work/engine" ] || fail "$(cat "$work/said")"
[ ! -s "$work/served" ] || fail "the engine has printed something"
