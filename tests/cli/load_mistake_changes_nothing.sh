#!/bin/sh
. "${0%/*}/lib.sh"

# A mistake anywhere in a file leaves the table as it was.
in_own_namespace "$@"
create_udp 4000
printf -- '-F\n-L\n' >"$work/file"
ctwin -R "$work/file"
expect_refusal "$work/file:2: Cannot use command \`-L' with --load-file"
[ "$(count)" = 1 ] || fail "the table has $(count) entries"
