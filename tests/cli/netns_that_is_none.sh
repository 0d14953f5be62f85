#!/bin/sh
. "${0%/*}/lib.sh"

# A file that is no network namespace is refused, and nothing is done in the one we are in.
ctwin -F --netns "$0"
expect_code 1
expect_out
grep -q "^$prefix cannot enter network namespace '$0' " "$work/err" || { show; fail "message"; }
