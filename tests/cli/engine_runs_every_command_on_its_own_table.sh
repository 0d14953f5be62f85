#!/bin/sh
. "${0%/*}/lib.sh"

# --backend engine, or CTWIN_BACKEND, is an empty table that obeys commands without privilege.
flow="-s 10.0.0.1 -d 10.0.0.2 -p udp --sport 1 --dport 2"
# shellcheck disable=SC2086
ctwin --backend engine -I $flow -t 60
expect_code 0
expect_err "$prefix 1 flow entries have been created."
ctwin --backend engine -L
expect_code 0
expect_err "$prefix 0 flow entries have been shown."
ctwin --backend engine -D
expect_code 1
cat >"$work/lines" <<LINES
-I $flow -t 60
-U $flow -m 7
-I $flow -t 60
LINES
CTWIN_BACKEND=engine
export CTWIN_BACKEND
ctwin -R "$work/lines"
expect_code 1
expect_err "$prefix $work/lines:3: Operation failed: Such conntrack exists, try -U to update"
expect_out_line 'udp      17 60 .* mark=7 use=2'
ctwin -C
expect_out 0
ctwin -F
expect_err "$prefix connection tracking table has been emptied."
CTWIN_BACKEND=nonsense
ctwin -C
expect_code 2
