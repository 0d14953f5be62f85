#!/bin/sh
. "${0%/*}/lib.sh"

# Words that are neither options nor arguments are ignored, wherever they stand.
ctwin before -V conntrack behind and more
expect_code 0
expect_out "ctwin v$version"
expect_err
