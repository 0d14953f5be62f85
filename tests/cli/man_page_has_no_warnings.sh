#!/bin/sh
. "${0%/*}/lib.sh"

# The manual pages are read without complaint by mandoc and by groff.
pages=${0%/*}/../../man
command -v mandoc >/dev/null || skip "mandoc is not installed"
for page in "$pages"/*.8; do
  run mandoc -T lint -W warning "$page"
  [ "$code" = 0 ] || { show; fail "mandoc complains about $page"; }
  expect_out
  command -v groff >/dev/null || continue
  run groff -t -mandoc -Tutf8 -ww "$page"
  expect_err
done
