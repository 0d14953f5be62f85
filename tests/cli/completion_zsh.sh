#!/bin/sh
. "${0%/*}/lib.sh"

# zsh completes what can stand at the end of a command line: asked through its real completion system.
command -v zsh >/dev/null || skip "zsh is not installed"
here=${0%/*}
printf '# names\n1 eth0-in\n2 eth0-out\n' >"$work/labels"

# offers EXPECTED LINE: what is offered for the last word of LINE, sorted.
offers() {
  run timeout 60 zsh -f "$here/completion_zsh.zsh" "$here/../../completions/_ctwin" "$2"
  [ "$code" != 77 ] || skip "zsh has no pseudo-terminals"
  expect_code 0
  got=$(tr '\n' ' ' <"$work/out")
  [ "${got% }" = "$1" ] || { show; fail "$2: expected [$1], got [$got]"; }
}

offers '--delete' 'ctwin --del'
offers 'expect' 'ctwin -L e'
offers '--state --status' 'ctwin -D -p tcp --st'
offers '--tuple-dst --tuple-port-dst --tuple-port-src --tuple-src' 'ctwin -I expect -p tcp --tup'
offers 'ESTABLISHED' 'ctwin -L -p tcp --state E'
offers 'json' 'ctwin -Lo j'
offers '--netns' 'ctwin -C --net'
offers 'eth0-in eth0-out' "ctwin -L -M $work/labels -l "
