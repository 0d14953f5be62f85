#!/bin/sh
. "${0%/*}/lib.sh"

# Options without a command are refused.
ctwin -p tcp
expect_refusal "Illegal option \`--protonum' with this command"
