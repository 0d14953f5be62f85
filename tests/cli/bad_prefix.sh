#!/bin/sh
. "${0%/*}/lib.sh"

# A slash needs the length of a prefix behind it.
for address in 10.0.0.1/ 10.0.0.1/33 10.0.0.1/x 10.0.0.1/255.255.0.0 fd00::1/129; do
  ctwin -D -s "$address"
  expect_refusal 'Invalid netmask'
done
