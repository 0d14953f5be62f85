#!/bin/sh
. "$(dirname "$0")/lib.sh"

# What expires while nobody looks is gone when somebody does.
CTWIN_BACKEND=engine:$work/state
export CTWIN_BACKEND
create_udp 1
create_udp 2 -t 1
one_is_left() { [ "$(count)" = 1 ]; }
await one_is_left
ctwin -L
expect_out_line 'udp .* sport=1 .*'
