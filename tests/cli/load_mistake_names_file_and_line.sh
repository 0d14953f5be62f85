#!/bin/sh
. "${0%/*}/lib.sh"

# A mistake in a file is reported with the file and the line.
printf '# comment\n\n-D -p tcp\n-D --sport 1\n' >"$work/file"
ctwin -R "$work/file"
expect_refusal "$work/file:4: unknown option \`--sport'"
run sh -c "'$CTWIN' -R - <'$work/file'"
expect_refusal "-:4: unknown option \`--sport'"
