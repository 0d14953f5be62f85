#!/bin/sh
. "${0%/*}/lib.sh"

# A file that cannot be opened is named.
ctwin -R "$work/none"
expect_refusal "Failed to open file $work/none for reading"
