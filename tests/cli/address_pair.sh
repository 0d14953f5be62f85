#!/bin/sh
. "${0%/*}/lib.sh"

# A new flow needs both addresses of one direction.
ctwin -I -s 10.0.0.1 -p udp -t 60 --sport 1 --dport 2
expect_refusal "you have to specify \`--src' and \`--dst'"
