#!/bin/sh
. "${0%/*}/lib.sh"

# Where conntrack has words for a bad number they are kept, with the exit status of usage.
ctwin -L -w many
expect_refusal "unexpected value 'many' with -w option"
