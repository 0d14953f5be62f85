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
# Habits of tcpdump that mean something else here, or nothing.
ctwin -L --filter 'port 80,443'
expect_refusal "--filter: \`and', \`or' or the end is expected in place of \`,'; several values stand in a list, as in port {80, 443}
  port 80,443
         ^"
ctwin -L --filter '(port 80 443)'
expect_refusal "--filter: \`and', \`or' or \`)' is expected in place of \`443'; several values stand in a list, as in port {80, 443}
  (port 80 443)
           ^"
ctwin -L --filter 'tcp and src or dst port 80'
expect_refusal "--filter: leave \`src or dst' away: host, net and port mean either side by themselves
  tcp and src or dst port 80
          ^"
ctwin -L --filter esp
expect_refusal "--filter: \`esp' is a protocol: write proto esp
  esp
  ^"
# The second would be in place of the first, and delete what that had excluded.
ctwin -D --filter tcp --filter 'not port 22'
expect_refusal "--filter can be given once: join what must hold by \`and'"
ctwin -L --filter
expect_refusal "option \`--filter' requires an argument"

# It goes with commands that select.
for command in '-I -p udp -t 9 -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2' \
  '-G -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2' -F -S; do
  # shellcheck disable=SC2086 # words
  ctwin $command --filter tcp
  expect_refusal "--filter goes with -L, -D, -U, -E and -C"
done
for command in -L -C -D -E; do
  ctwin $command expect --filter tcp
  expect_refusal "--filter goes with -L, -D, -U, -E and -C of connections, not of expectations"
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
