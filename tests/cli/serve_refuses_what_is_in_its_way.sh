#!/bin/sh
. "${0%/*}/lib.sh"

# A path that somebody serves on, or that is no socket, is refused and left alone.
serve
refused() {
  ctwin --backend engine --serve "$1"
  expect_code 1
  expect_err "$prefix cannot serve on $1: $2"
}
refused "$work/engine" "another program serves there; end it, or choose another path"
create_udp 1
ctwin -C
expect_out 1
echo precious >"$work/file"
refused "$work/file" "there is something else, no socket; move it away, or choose another"
[ "$(cat "$work/file")" = precious ] || fail "the file was touched"
refused "$work" "there is something else, no socket; move it away, or choose another"
refused "$work/none/engine" "cannot open its directory: No such file or directory"
long=$work/$(printf '%0120d' 0)
ctwin --backend engine --serve "$long"
expect_code 1
expect_err_line "$prefix cannot serve on '$long': a socket's path has 1 to 107 bytes; this one has [0-9]*"
ctwin --backend engine --serve "$work/other" --socket-group no-such-group
expect_code 1
expect_err "$prefix --socket-group 'no-such-group': there is no such group"
[ ! -e "$work/other" ] || fail "something was left behind"
ctwin --backend engine --socket-mode 0666 -L
expect_refusal "--socket-mode and --socket-group are for --serve PATH"
ctwin --serve "$work/other" --socket-mode 0999
expect_code 2
