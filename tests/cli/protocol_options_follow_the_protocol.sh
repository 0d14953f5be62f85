#!/bin/sh
. "${0%/*}/lib.sh"

# The options of a protocol are known only behind the -p that names it.
ctwin -L --sport 80 -p tcp
expect_refusal "unknown option \`--sport'"
