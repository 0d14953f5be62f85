#!/bin/sh
. "${0%/*}/lib.sh"

# An option without its argument is refused.
ctwin -L --src
expect_refusal "option \`--src' requires an argument"
