#!/bin/sh
. "${0%/*}/lib.sh"

# Called as conntrack the prefix of messages begins as scripts expect it, and the hint names conntrack.
ln -s "$CTWIN" "$work/conntrack"
run "$work/conntrack" --nonsense
expect_code 2
expect_err "conntrack v1.4.9 (ctwin $version): unknown option \`--nonsense'
Try \`conntrack -h' or 'conntrack --help' for more information."
