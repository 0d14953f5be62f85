#!/bin/sh
. "${0%/*}/lib.sh"

# The word behind a command names a table.
ctwin -L nonsense
expect_refusal "unknown type \`nonsense'"
