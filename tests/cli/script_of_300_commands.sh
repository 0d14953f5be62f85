#!/bin/sh
. "$(dirname "$0")/lib.sh"
in_own_namespace "$@"

# The same script of 300 commands on the kernel, on an engine that is kept in a file, and on one that
# is served: the same output, messages and exit codes, command by command, and the same table.
script=$(dirname "$0")/../data/commands.sh

# Entries come in no order, so another may be the first that cannot be changed, and time passes.
settled() {
  sed -E -e "s/^$1: //" -e "s/^(Operation failed: .*)[:(] ?[a-z0-9]+ src=.*/\1/" -e 's/^((ipv[46] +[0-9]+ )?[a-z0-9]+ +[0-9]+) [0-9]+ /\1 T /' -e 's/ -t [0-9]+/ -t T/' | sort
}

ct() { "$CTWIN" "$@"; }

# Runs each line by itself, with its number, its output in order and its exit code.
run_script() {
  number=0
  while IFS= read -r line; do
    case $line in '#'*) continue ;; esac
    number=$((number + 1))
    echo "---- $number: $line"
    eval "$line" >"$work/said" 2>&1 </dev/null
    echo "exit $?"
    settled "ctwin v$version" <"$work/said"
  done <"$script"
  echo "---- the table"
  "$CTWIN" -L -o extended 2>/dev/null | settled ctwin
}

run_script >"$work/kernel"
[ "$(grep -c '^exit 0' "$work/kernel")" -gt 150 ] || fail "too few commands did something"
[ "$(grep -c '^----' "$work/kernel")" = 301 ] || fail "these are not 300 commands"

CTWIN_BACKEND=engine:$work/state
export CTWIN_BACKEND
run_script >"$work/kept"
diff "$work/kernel" "$work/kept" >"$work/diff" || { head -50 "$work/diff"; fail "kernel and file"; }

"$CTWIN" --backend engine --serve "$work/socket" 2>"$work/served" &
background=$!
await test -S "$work/socket"
CTWIN_BACKEND=unix:$work/socket
run_script >"$work/socket.out"
diff "$work/kernel" "$work/socket.out" >"$work/diff" ||
  { head -50 "$work/diff"; fail "kernel and socket"; }
