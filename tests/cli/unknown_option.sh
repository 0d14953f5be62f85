#!/bin/sh
. "${0%/*}/lib.sh"

# An unknown option is refused by its name.
ctwin -L --nonsense
expect_refusal "unknown option \`--nonsense'"
