#!/bin/sh
. "${0%/*}/lib.sh"

# --netns takes a path, and works with every command, -R included.
in_own_namespace "$@"
unshare --net sleep 60 &
background=$!
path=/proc/$background/ns/net
is_another() { [ "$(readlink "$path")" != "$(readlink /proc/self/ns/net)" ]; }
await is_another
echo '-I -p udp -t 60 -s 10.9.0.1 -d 10.9.0.2 --sport 1 --dport 2' >"$work/file"
ctwin --netns "$path" -R "$work/file"
expect_code 0
ctwin -C
expect_out 0
ctwin -L --netns "$path"
expect_err "$prefix 1 flow entries have been shown."
