#!/bin/sh
. "${0%/*}/lib.sh"

# With engine:FILE a served engine begins with what the file keeps, and leaves its own there.
"$CTWIN" --backend "engine:$work/state" -I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 1 -t 600 \
  2>/dev/null || fail "cannot make an entry"
"$CTWIN" --backend "engine:$work/state" --serve "$work/engine" 2>"$work/said" </dev/null &
server=$!
background=$server
await test -S "$work/engine"
ctwin --backend "unix:$work/engine" -C
expect_out 1
CTWIN_BACKEND=unix:$work/engine
export CTWIN_BACKEND
create_udp 2
ctwin --backend "engine:$work/state" --wait 0 -F
expect_code 1
end_serving
expect_code 0
ctwin --backend "engine:$work/state" -L
expect_err "$prefix 2 flow entries have been shown."
