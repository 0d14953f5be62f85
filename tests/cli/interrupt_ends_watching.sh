#!/bin/sh
. "${0%/*}/lib.sh"

# SIGINT and SIGTERM end -E with its summary and success.
in_own_namespace "$@"
for signal in INT TERM; do
  for table in conntrack expect; do
    # A shell starts what it puts in the background with SIGINT ignored.
    env --default-signal=INT "$CTWIN" -E "$table" >"$work/out" 2>"$work/err" &
    background=$!
    await someone_listens
    kill -"$signal" "$background"
    wait "$background"
    code=$?
    expect_code 0
    expect_out
    what=flow
    [ "$table" = conntrack ] || what=expectation
    expect_err "$prefix 0 $what events have been shown."
  done
done
