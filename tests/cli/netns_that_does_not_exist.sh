#!/bin/sh
. "${0%/*}/lib.sh"

# A network namespace that cannot be entered is named, with its path and the cause.
ctwin -L --netns no-such-name
expect_code 1
expect_out
expect_err "$prefix cannot open network namespace 'no-such-name' (/run/netns/no-such-name): \
No such file or directory"
ctwin --netns ./nothing/here -C
expect_code 1
expect_err "$prefix cannot open network namespace './nothing/here' (./nothing/here): \
No such file or directory"
