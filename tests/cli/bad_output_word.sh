#!/bin/sh
. "${0%/*}/lib.sh"

# An unknown word of -o is refused with what follows it.
ctwin -L -o id,plain,xml
expect_refusal "Bad parameter \`plain,xml'"
