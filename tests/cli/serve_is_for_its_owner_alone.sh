#!/bin/sh
. "${0%/*}/lib.sh"

# The socket has mode 0600 whatever the umask; --socket-mode and --socket-group let others in.
umask 0
serve
[ "$(stat -c %a "$work/engine")" = 600 ] || fail "mode $(stat -c %a "$work/engine")"
if [ "$(id -u)" = 0 ]; then
  ctwin_without_privilege --backend "unix:$work/engine" -L
  expect_code 1
  expect_err "$prefix no permission to use $work/engine: it belongs to root, mode 0600; --socket-mode and --socket-group of --serve let others use it"
fi
end_serving
umask 077
serve --socket-mode 0660 --socket-group "$(id -g)"
[ "$(stat -c %a:%g "$work/engine")" = "660:$(id -g)" ] || fail "$(stat -c %a:%g "$work/engine")"
end_serving
if [ "$(id -u)" = 0 ]; then
  serve --socket-mode 0660 --socket-group 65534
  ctwin_without_privilege --backend "unix:$work/engine" -L
  expect_code 0
  expect_err "$prefix 0 flow entries have been shown."
fi
