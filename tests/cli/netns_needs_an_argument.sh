#!/bin/sh
. "${0%/*}/lib.sh"

# --netns without its argument is refused.
ctwin -L --netns
expect_refusal "option \`--netns' requires an argument"
ctwin -L --netns=
expect_code 1
expect_err "$prefix the name of the network namespace is empty"
