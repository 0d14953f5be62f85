#!/bin/sh
. "${0%/*}/lib.sh"

# The socket of an engine that was killed is replaced by the next one; an orderly end removes it.
serve
kill -KILL "$server"
wait "$server" 2>/dev/null
[ -S "$work/engine" ] || fail "this test needs what is left behind"
ctwin -L
expect_code 1
expect_err "$prefix nobody serves on $work/engine: the engine that made this socket has ended; \`ctwin --serve PATH' starts an engine"
"$CTWIN" --backend engine --serve "$work/engine" 2>"$work/said" </dev/null &
server=$!
background="$background $server"
await "$CTWIN" -C
for signal in -INT -TERM; do
  end_serving "$signal"
  expect_code 0
  [ ! -e "$work/engine" ] || fail "the socket is left behind"
  # A shell starts what it puts in the background with SIGINT ignored.
  env --default-signal=INT "$CTWIN" --backend engine --serve "$work/engine" 2>"$work/said" </dev/null &
  server=$!
  background="$background $server"
  await "$CTWIN" -C
done
hidden=$(find "$work" -name '.*')
[ -z "$hidden" ] || fail "left behind: $hidden"
