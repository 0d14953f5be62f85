#!/bin/sh
. "${0%/*}/lib.sh"

# Addresses of two families do not go together.
ctwin -L -s 10.0.0.1 -d fd00::1
expect_refusal 'mismatched address family'
