#!/bin/sh
. "${0%/*}/lib.sh"

# A mistake in an expression: what it is, the expression, and a caret under the place.
ctwin -L --filter 'tcp and host 10.0.0.0/8'
expect_refusal "--filter: \`10.0.0.0/8' is a network: write net in place of host
  tcp and host 10.0.0.0/8
               ^"
ctwin -D --filter 'tcp or udp and port 5'
expect_refusal "--filter: an \`and' behind an \`or' can be read in two ways: use parentheses
  tcp or udp and port 5
             ^"
ctwin -L --filter ''
expect_refusal "--filter: the expression is empty
  
  ^"
ctwin -L --filter
expect_refusal "option \`--filter' requires an argument"

# It goes with commands that select.
for command in '-I -p udp -t 9 -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2' \
  '-G -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2' -F -S '-L expect' '-C expect'; do
  # shellcheck disable=SC2086 # words
  ctwin $command --filter tcp
  expect_refusal "--filter goes with -L, -D, -U, -E and -C"
done
ctwin --filter tcp
expect_refusal "--filter goes with -L, -D, -U, -E and -C"
ctwin -L --verbose
expect_refusal "--verbose goes with -C"
echo '-D -p udp' >"$work/commands"
ctwin --filter tcp -R "$work/commands"
expect_refusal "--filter does not go with -R; a line of the file may have one"

# A line of a file can have one, and mistakes in it name the line.
echo '-D --filter "host 1"' >"$work/commands"
ctwin --backend engine -R "$work/commands"
expect_refusal "$work/commands:1: --filter: \`1' is not what \`host' takes: an IPv4 or IPv6 address
  host 1
       ^"
echo '-D --filter "host 1.1.1.1"' >"$work/commands"
ctwin --backend engine -R "$work/commands"
expect_code 0
