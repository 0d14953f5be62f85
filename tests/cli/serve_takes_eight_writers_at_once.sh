#!/bin/sh
. "${0%/*}/lib.sh"

# Eight programs insert 1,000 entries each into one served engine, at once: 8,000 are there.
serve
for writer in 1 2 3 4 5 6 7 8; do
  seq 1000 | awk -v writer="$writer" '{
    printf "-I -p udp -t 600 -s 10.%d.0.1 -d 10.0.0.2 --sport %d --dport 53\n", writer, $1 }' \
    >"$work/load$writer"
done
writers=
for writer in 1 2 3 4 5 6 7 8; do
  "$CTWIN" -R "$work/load$writer" >"$work/log$writer" 2>&1 &
  writers="$writers $!"
done
for writer in $writers; do
  wait "$writer" || fail "a writer has failed: $(cat "$work"/log*)"
done
ctwin -C
expect_out 8000
[ "$("$CTWIN" -L 2>/dev/null | sort -u | wc -l)" = 8000 ] || fail "not as many lines"
