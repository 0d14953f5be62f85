#!/bin/sh
. "${0%/*}/lib.sh"

# -o save cannot be combined with another format.
ctwin -L -o save,id
expect_code 1
expect_out
expect_err "$prefix cannot combine save output with any other output type, use -o save only"
