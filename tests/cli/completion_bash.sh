#!/bin/sh
. "${0%/*}/lib.sh"

# bash completes what can stand at the end of a command line: COMP_WORDS in, COMPREPLY out.
command -v bash >/dev/null || skip "bash is not installed"
script=${0%/*}/../../completions/ctwin.bash
printf '# names\n1 eth0-in\n2 eth0-out\n3 with blank\n' >"$work/labels"

# offers EXPECTED WORD...: the last word is the one at the cursor; EXPECTED is sorted.
offers() {
  expected=$1
  shift
  # shellcheck disable=SC2016
  run bash -c '. "$0"; COMP_WORDS=(ctwin "$@") COMP_CWORD=$#; _ctwin
    printf "%s\n" "${COMPREPLY[@]}"' "$script" "$@"
  expect_code 0
  expect_err
  got=$(sort "$work/out" | tr '\n' ' ')
  [ "${got% }" = "$expected" ] || fail "ctwin $*: expected [$expected], got [${got% }]"
}

offers '--delete' --del
offers '--load-file' --load
offers '' -L --load
offers 'conntrack dying expect unconfirmed' -L ''
offers 'expect' -L e
offers 'conntrack expect' --flush ''
offers '--protonum' -L --prot
offers '--netns' -C --net
offers 'dccp gre icmp icmpv6 sctp tcp udp udplite' -L -p ''
offers '--state --status' -D -p tcp --st
offers '--status' -D -pudp --st
offers '--sport' -Dp 17 --sp
offers '--status' -D --st
offers '--tuple-dst --tuple-port-dst --tuple-port-src --tuple-src' -I expect -p tcp --tup
offers '' -I -p tcp --tup
offers 'ESTABLISHED' -L -p tcp --state E
offers 'HEARTBEAT_ACKED HEARTBEAT_SENT' -L -p sctp --state = H
offers 'ipv4 ipv6' -L -f ''
offers 'json' -Lo j
offers 'src,reply-dport src,reply-dst src,reply-sport src,reply-src' -L --group-by src,reply
offers 'xml,id' -L -o xml,i
offers 'NEW,DESTROY' -E -e NEW,D
offers 'ASSURED' -L -u A
offers '!ASSURED' -D -u '!A'
offers 'SEEN_REPLY,!ASSURED' -D -u 'SEEN_REPLY,!A'
offers 'client server' -I -p dccp --role ''
offers 'eth0-in eth0-out' -L -M "$work/labels" -l ''
offers 'eth0-in,eth0-out' -U --labelmap "$work/labels" --label-add eth0-in,eth0-o
offers "$work/labels" -R "$work/lab"
offers "$work/labels" -L --labelmap "$work/lab"
offers '' -L -s 10
offers "" -C --proto
offers 'invalid' -E --trace = i
offers '--pcap --pcap-out' -E --trace --pc
