#!/bin/sh
. "${0%/*}/lib.sh"

# -a is accepted with a warning.
ctwin -V -a 1.2.3.4
expect_code 0
expect_out "ctwin v$version"
expect_err 'WARNING: ignoring -a, deprecated option.'
