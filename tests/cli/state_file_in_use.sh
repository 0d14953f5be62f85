#!/bin/sh
. "$(dirname "$0")/lib.sh"

# Who changes a state waits for who changes it now, but not for ever; who only looks does not wait.
command -v flock >/dev/null || skip "flock is not installed"
CTWIN_BACKEND=engine:$work/state
export CTWIN_BACKEND
create_udp 1
mkfifo "$work/hold"
flock "$work/state" cat "$work/hold" &
background=$!
exec 3>"$work/hold"
await sh -c "! flock -n '$work/state' true"

ctwin --wait 0 -F
expect_code 1
expect_err "$prefix the state file $work/state has been in use by another ctwin for 0 s; \
if that one serves (--serve), ask it with --backend unix:PATH"
ctwin --wait 0 -C
expect_code 0
expect_out 1

"$CTWIN" -D -p udp >/dev/null 2>"$work/deleted" 3>&- &
waiting=$!
exec 3>&-
wait "$waiting" || fail "the deletion that waited: $(cat "$work/deleted")"
ctwin -C
expect_out 0
