#!/bin/sh
. "${0%/*}/lib.sh"

# Unknown states are refused, for SCTP too.
ctwin -L -p tcp --state OPEN
expect_refusal "unknown TCP state \`OPEN'"
ctwin -L -p sctp --state OPEN
expect_refusal "unknown SCTP state \`OPEN'"
ctwin -L -p dccp --state ESTABLISHED
expect_refusal "Unknown DCCP state \`ESTABLISHED'"
