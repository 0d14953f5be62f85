#!/bin/sh
. "${0%/*}/lib.sh"

# The manual page is read without complaint by mandoc and by groff.
page=${0%/*}/../../man/ctwin.8
command -v mandoc >/dev/null || skip "mandoc is not installed"
run mandoc -T lint -W warning "$page"
[ "$code" = 0 ] || { show; fail "mandoc complains"; }
expect_out
command -v groff >/dev/null || exit 0
run groff -t -mandoc -Tutf8 -ww "$page"
expect_err
