#!/bin/sh
. "${0%/*}/lib.sh"

# A word that is no address is refused by itself.
ctwin -L -s 10.0.0.256
expect_refusal "Invalid IP address \`10.0.0.256'"
