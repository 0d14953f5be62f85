#!/bin/sh
. "${0%/*}/lib.sh"

# -D -u UNREPLIED deletes the flows that were not answered, and no other.
in_own_namespace "$@"
create_udp 4000
create_udp 4001 -u SEEN_REPLY
create_udp 4002 -u SEEN_REPLY,ASSURED
ctwin -D -u UNREPLIED
expect_code 0
expect_out_line 'udp .* sport=4000 .*'
expect_err "$prefix 1 flow entries have been deleted."
ctwin -D -u SEEN_REPLY,!ASSURED
expect_out_line 'udp .* sport=4001 .*'
expect_err "$prefix 1 flow entries have been deleted."
[ "$(count)" = 1 ] || fail "the table has $(count) entries"
