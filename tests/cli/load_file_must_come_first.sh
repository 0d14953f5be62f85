#!/bin/sh
. "${0%/*}/lib.sh"

# -R is known as the first word only, as in conntrack.
ctwin -L -R file
expect_refusal "unknown option \`-R'"
