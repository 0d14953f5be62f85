#!/bin/sh
. "${0%/*}/lib.sh"

# --netns cannot be shortened, so that it never makes a prefix ambiguous that conntrack accepts.
ctwin -L --netn 1
expect_refusal "unknown option \`--netn'"
