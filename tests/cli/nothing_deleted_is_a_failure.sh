#!/bin/sh
. "${0%/*}/lib.sh"

# -D that finds nothing ends with 1 and the summary that scripts look for.
in_own_namespace "$@"
ctwin -D -s 10.0.0.1
expect_code 1
expect_out
expect_err "$prefix 0 flow entries have been deleted."
