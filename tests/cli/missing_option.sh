#!/bin/sh
. "${0%/*}/lib.sh"

# An option that the command needs is asked for.
ctwin -I -s 10.0.0.1 -d 10.0.0.2 -p udp --sport 1 --dport 2
expect_refusal "You need to supply the \`--timeout' option for this command"
