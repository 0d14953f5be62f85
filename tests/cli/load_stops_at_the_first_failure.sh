#!/bin/sh
. "${0%/*}/lib.sh"

# A line that the kernel refuses ends a file: what came before it stays, what came behind is undone.
in_own_namespace "$@"
line() { echo "-I -p udp -t 60 -s 10.9.0.$1 -d 10.9.0.200 --sport 1 --dport 2"; }
{ line 1; line 2; line 1; line 3; line 4; } >"$work/file"
ctwin -R "$work/file"
expect_code 1
expect_out
expect_err "$prefix $work/file:3: Operation failed: Such conntrack exists, try -U to update"
[ "$(count)" = 2 ] || fail "the table has $(count) entries"
ctwin -L -s 10.9.0.2
expect_err "$prefix 1 flow entries have been shown."
