#!/bin/sh
. "${0%/*}/lib.sh"

# An empty table is listed with success, in every format, and without a line.
in_own_namespace "$@"
for format in extended id timestamp ktimestamp labels userspace xml save json; do
  ctwin -L -o "$format"
  expect_code 0
  expect_out
  expect_err_line "$prefix 0 flow entries have been shown\."
done
ctwin -L expect
expect_code 0
expect_out
expect_err "$prefix 0 expectations have been shown."
