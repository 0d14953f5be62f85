#!/bin/sh
. "${0%/*}/lib.sh"

# Called as conntrack the program introduces itself as the version that it stands in for.
ln -s "$CTWIN" "$work/conntrack"
run "$work/conntrack" --version
expect_code 0
expect_out "conntrack v1.4.9 (ctwin $version)"
