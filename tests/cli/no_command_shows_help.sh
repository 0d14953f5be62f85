#!/bin/sh
. "${0%/*}/lib.sh"

# Without a command, even with words that are no options, help is shown.
ctwin something
expect_code 0
cp "$work/out" "$work/first"
ctwin -h
cmp "$work/first" "$work/out" || fail "not the text of -h"
