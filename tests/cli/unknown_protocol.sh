#!/bin/sh
. "${0%/*}/lib.sh"

# A protocol is a name or a number up to 255.
for protocol in nonsense 256 20foo -10; do
  ctwin -L -p "$protocol"
  expect_refusal "\`$protocol' unsupported protocol"
done
