#!/bin/sh
. "${0%/*}/lib.sh"

# --group-by prints sums in place of entries, the largest group first; --top cuts the list.
CTWIN_BACKEND=engine:$work/table
export CTWIN_BACKEND
for port in 1 2 3; do create_udp "$port"; done
"$CTWIN" -I -p tcp -t 9 --state ESTABLISHED -u ASSURED,SEEN_REPLY -s 10.0.1.1 -d 10.0.0.2 \
  --sport 4 --dport 443 2>/dev/null || fail "cannot create a flow"

ctwin -L --group-by src/24,dport,status
expect_code 0
expect_out 'src          dport  status     flows  share  packets  bytes  assured  unreplied  droppable
10.0.0.0/24  53     UNREPLIED      3  75.0%        -      -     0.0%     100.0%          3
10.0.1.0/24  443    ASSURED        1  25.0%        -      -   100.0%       0.0%          0'
expect_err "$prefix 4 flow entries in 2 groups."

ctwin -L --group-by reply-dst,proto --top 1 -o json
expect_out '{"group":{"reply_dst":"10.0.0.1","proto":"udp"},"flows":3,"packets":null,"bytes":null,"assured":0,"unreplied":3,"droppable":3}'
expect_err "$prefix 4 flow entries in 2 groups, 1 of them shown."

# Only what is selected counts.
ctwin -L --group-by proto --filter 'sport < 3'
expect_out_line 'udp  *2  100.0%.*'
expect_err "$prefix 2 flow entries in 1 groups."

ctwin -L --group-by colour
expect_refusal "--group-by: \`colour' is not one of src dst reply-src reply-dst sport dport reply-sport reply-dport proto family state zone mark nat status"
ctwin -D --group-by src
expect_refusal "--group-by goes with -L and -E"
ctwin -L --top 5
expect_refusal "--top goes with --group-by and --nat-usage"
ctwin -L --group-by src -o xml
expect_refusal "--group-by knows no output format but json"
ctwin -L --group-by src -z
expect_refusal "--group-by zeroes no counters: leave -z away"
