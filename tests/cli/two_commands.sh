#!/bin/sh
. "${0%/*}/lib.sh"

# One command is given.
ctwin -L -D
expect_refusal 'Invalid commands combination'
