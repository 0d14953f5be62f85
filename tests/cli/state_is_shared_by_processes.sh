#!/bin/sh
. "$(dirname "$0")/lib.sh"

# Eight processes create 1,000 entries each in one state, each in ten portions: none gets lost.
CTWIN_BACKEND=engine:$work/state
export CTWIN_BACKEND
for process in 1 2 3 4 5 6 7 8; do
  for portion in 0 1 2 3 4 5 6 7 8 9; do
    seq "$((portion * 100 + 1))" "$((portion * 100 + 100))" | awk -v process="$process" '{
      print "-I -p udp -t 3000 -s 10.0.0." process " -d 10.0.0.9 --sport " $1 " --dport 53" }' \
      >"$work/in.$process.$portion"
  done
  (for portion in 0 1 2 3 4 5 6 7 8 9; do
    "$CTWIN" -R "$work/in.$process.$portion" || exit 1
  done) &
  background="$background $!"
done
for pid in $background; do wait "$pid" || fail "a process failed"; done
background=
ctwin -C
expect_out 8000
