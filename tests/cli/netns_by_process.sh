#!/bin/sh
. "${0%/*}/lib.sh"

# --netns takes a process id.
in_own_namespace "$@"
unshare --net sh -c "'$CTWIN' -I -p udp -t 60 -s 10.9.0.1 -d 10.9.0.2 --sport 1 --dport 2 2>&1 &&
  exec sleep 60" >"$work/created" &
background=$!
await grep -q created "$work/created"
ctwin --netns "$background" -C
expect_code 0
expect_out 1
ctwin -C "--netns=$background"
expect_out 1
ctwin -C
expect_out 0
