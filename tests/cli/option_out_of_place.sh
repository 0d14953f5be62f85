#!/bin/sh
. "${0%/*}/lib.sh"

# An option that does not go with the command is refused.
ctwin -C -p tcp
expect_refusal "Illegal option \`--protonum' with this command"
