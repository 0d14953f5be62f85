#!/bin/sh
. "${0%/*}/lib.sh"

# fish completes what can stand at the end of a command line.
command -v fish >/dev/null || skip "fish is not installed"
script=${0%/*}/../../completions/ctwin.fish
printf '# names\n1 eth0-in\n2 eth0-out\n' >"$work/labels"

# offers EXPECTED LINE: what is offered for the last word of LINE, sorted.
offers() {
  run env HOME="$work" fish --no-config -c "source '$script'; complete -C '$2'"
  expect_code 0
  expect_err
  got=$(cut -f1 "$work/out" | sort | tr '\n' ' ')
  [ "${got% }" = "$1" ] || { show; fail "$2: expected [$1], got [$got]"; }
}

offers '--delete' 'ctwin --del'
offers 'conntrack dying expect unconfirmed' 'ctwin -L '
offers 'expect' 'ctwin -L e'
offers '--state --status' 'ctwin -D -p tcp --st'
offers '--tuple-dst --tuple-port-dst --tuple-port-src --tuple-src' 'ctwin -I expect -p tcp --tup'
offers 'ESTABLISHED' 'ctwin -L -p tcp --state E'
offers 'json' 'ctwin -Lo j'
offers 'xml,id' 'ctwin -L -o xml,i'
offers '--netns' 'ctwin -C --net'
offers 'eth0-in eth0-out' "ctwin -L -M $work/labels -l "
