#!/bin/sh
. "${0%/*}/lib.sh"

# --nat-usage counts the ports of translated addresses, and the flows to each destination.
CTWIN_BACKEND=engine:$work/table
export CTWIN_BACKEND
for port in 1 2 3; do create_udp "$port" -n "203.0.113.1:200$port"; done
create_udp 4
"$CTWIN" -I -p udp -t 300 -s 10.0.0.9 -d 10.0.0.3 --sport 9 --dport 53 -n 203.0.113.1:2001 \
  2>/dev/null || fail "cannot create a flow"

ctwin --nat-usage
expect_code 0
expect_out 'address      proto  flows  ports   free  full  600-1023  1-511
203.0.113.1  udp        4      3  64509  0.0%         0      0

address      proto  destination  flows  full
203.0.113.1  udp    10.0.0.2:53      3  0.0%
203.0.113.1  udp    10.0.0.3:53      1  0.0%'
expect_err "$prefix 4 flow entries are translated to 1 addresses and protocols."
ctwin -L -d 10.0.0.3 --nat-usage -o json --top 1
expect_out '{"address":"203.0.113.1","proto":"udp","protonum":17,"flows":1,"ports":[{"range":"1024-65535","used":1,"free":64511},{"range":"600-1023","used":0,"free":424},{"range":"1-511","used":0,"free":511}],"destinations":[{"dst":"10.0.0.3","dport":53,"flows":1}]}'

ctwin -D --nat-usage
expect_refusal "--nat-usage and --who-had go with -L, or stand alone"
ctwin --nat-usage --group-by src
expect_refusal "--group-by and --nat-usage exclude each other"
ctwin --nat-usage -o id
expect_refusal "--nat-usage knows no output format but json"
