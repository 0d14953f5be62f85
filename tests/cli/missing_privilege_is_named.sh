#!/bin/sh
. "${0%/*}/lib.sh"

# Without CAP_NET_ADMIN every command that needs it says so and ends with 1.
for command in -L -D -F -U -E '-L expect' '-E expect' '-F expect' '-C expect' '-L dying'; do
  options=
  [ "$command" != -U ] || options='-m 1'
  # shellcheck disable=SC2086
  ctwin_without_privilege $command $options
  expect_code 1
  expect_out
  expect_err "$prefix Operation failed: sorry, you must be root or get CAP_NET_ADMIN capability to \
do this"
done
