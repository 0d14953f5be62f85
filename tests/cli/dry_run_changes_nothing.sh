#!/bin/sh
. "${0%/*}/lib.sh"

# --dry-run shows what -D and -U would hit, says so, and leaves the table as it was.
CTWIN_BACKEND=engine:$work/table
export CTWIN_BACKEND
for port in 1 2 3; do create_udp "$port" -m "$port"; done
# Without the timeouts, which go on.
table() { "$CTWIN" -L -o id 2>/dev/null | sed 's/^udp *17 [0-9]* //' | sort; }
before=$(table)

ctwin -D --dry-run -p udp --sport 2
expect_code 0
expect_err "$prefix 1 flow entries would be deleted."
expect_out_line 'udp .* sport=2 dport=53 .*'
[ "$(wc -l <"$work/out")" = 1 ] || { show; fail "more than one line"; }
ctwin -D --dry-run --filter 'sport {1, 3}' -o save
[ "$(grep -c '^-D ' "$work/out")" = 2 ] || { show; fail "no -D lines"; }
ctwin -D --dry-run --filter tcp
expect_code 1
expect_err "$prefix 0 flow entries would be deleted."

# What has the mark already would not be updated.
ctwin -U --dry-run -m 3
expect_code 0
expect_err "$prefix 2 flow entries would be updated."
grep -q 'mark=3' "$work/out" && { show; fail "an entry that would stay the same"; }

[ "$(table)" = "$before" ] || fail "the table has changed: $(table)"
ctwin -D --filter 'sport {1, 3}'
expect_err "$prefix 2 flow entries have been deleted."

ctwin -L --dry-run
expect_refusal "--dry-run goes with -D and -U"
ctwin -F --dry-run
expect_refusal "--dry-run goes with -D and -U"
