#!/bin/sh
. "${0%/*}/lib.sh"

# --duration ends -E where nothing happens: on an engine that lives, on one that is served, and on
# the kernel.
timeout 20 "$CTWIN" --serve "$work/socket" -E --duration 0.3 >"$work/out" 2>"$work/err"
code=$?
expect_code 0
expect_err_line "$prefix 0 flow events have been shown."
serve
run timeout 20 "$CTWIN" -E --duration 0.3
expect_code 0
expect_err "$prefix 0 flow events have been shown."
end_serving
unset CTWIN_BACKEND

in_own_namespace "$@"
ip link set lo up
run timeout 20 "$CTWIN" -E --duration 0.3
expect_code 0
expect_err "$prefix 0 flow events have been shown."
run timeout 20 "$CTWIN" --capture lo -E --duration 0.3
expect_code 0
expect_err "$prefix 0 flow events have been shown."
