// Rows that change tables, wait for events, or are refused; invocation.h says how a row is written.
#include "cases.h"

namespace ctwin::test {

namespace {

constexpr CaseGroup kGroups[] = {
    {"create", R"(
-I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state ESTABLISHED
-I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state SYN_SENT -u SEEN_REPLY
-I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state TIME_WAIT -u SEEN_REPLY,ASSURED
-I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state LISTEN
-I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state NONE
-I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state established
-I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state FOO
-I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100
-I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 --state CLOSE
-I -p tcp -s 1.1.1.1 -d 2.2.2.2 -t 100 --state CLOSE
-I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 -t 100 --state CLOSE
-I -p tcp -s 1.1.1.1 --sport 1 --dport 2 -t 100 --state CLOSE
-I -p tcp -d 1.1.1.1 --sport 1 --dport 2 -t 100 --state CLOSE
-I -p tcp -t 100
-I -p tcp
-I
-I -t 100
-I -p udp -r 2.2.2.2 -t 100
-I -p udp -r 2.2.2.2 -q 1.1.1.1 -t 100 --reply-port-src 2
-I -p udp -r 2.2.2.2 -q 1.1.1.1 -t 100 --reply-port-src 2 --reply-port-dst 1
-I -p udp -r 2.2.2.2 -q 1.1.1.1 -t 100 --sport 1 --dport 2
-I -p icmp -r 2.2.2.2 -q 1.1.1.1 -t 100 --icmp-type 8 --icmp-code 0
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 0
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 4294967295
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -m 0x42
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -m 0x42/0xf0
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -m 123 -u SEEN_REPLY
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -u SEEN_REPLY -m 123
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -m 123 -u UNSET
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -u EXPECTED
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -u FIXED_TIMEOUT
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -u ASSURED,SEEN_REPLY
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -u UNREPLIED
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -u OFFLOAD
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -w 7
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --orig-zone 7
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --reply-zone 7
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --orig-zone 7 --reply-zone 8
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -w 7 --orig-zone 7
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --label-add web
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --label-add web,last
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --label-add web --label-add last
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --label-add nosuch
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --label-del web
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -l web
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -n 9.9.9.9
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -n 9.9.9.9:7777
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -g 9.9.9.9
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -g 9.9.9.9:7777
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -n 8.8.8.8:1 -g 9.9.9.9:2
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -n
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -g
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -j 9.9.9.9
-I -p udplite -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -n 9.9.9.9:7777
-I -p sctp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state ESTABLISHED --orig-vtag 16843009 --reply-vtag 33686018 -g 9.9.9.9:7777
-I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state ESTABLISHED -q 5.5.5.5 -r 2.2.2.2
-I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -r 2.2.2.2 -q 1.1.1.1 --reply-port-src 2 --reply-port-dst 1 -t 100 --state ESTABLISHED
-I -p udp -s 1.1.1.1 -d 2.2.2.2 -r 2.2.2.2 -q 1.1.1.1 --sport 1 --dport 2 -t 100
-I -p udp -s 1.1.1.1 -d 2.2.2.2 -r 2.2.2.2 --sport 1 --dport 2 --reply-port-src 2 --reply-port-dst 1 -t 100
-I -p udp -s fd01::1 -d fd01::2 --sport 1 --dport 2 -t 100
-I -p udp -s fd01::1 -d fd01::2 --sport 1 --dport 2 -t 100 -n fd01::9
-I -p udp -s fd01::1 -d fd01::2 --sport 1 --dport 2 -t 100 -n [fd01::9]:99
-I -p udp -s fd01::1 -d fd01::2 --sport 1 --dport 2 -t 100 -g fd01::9
-I -p udp -s fd01::1 -d 2.2.2.2 --sport 1 --dport 2 -t 100
-I -p udp -s 1.1.1.0/24 -d 2.2.2.2 --sport 1 --dport 2 -t 100
-I -p udp -s 1.1.1.1/32 -d 2.2.2.2 --sport 1 --dport 2 -t 100
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -f ipv4
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -o id
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -i 5
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -c 5
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -a 1.1.1.1
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -M {dir}/labels
-I -p udp -s 10.0.0.1 -d 10.0.0.53 --sport 2001 --dport 53 -t 100
-I -p icmp -s 1.1.1.1 -d 2.2.2.2 --icmp-type 8 --icmp-code 0 -t 100
-I -p icmp -s 1.1.1.1 -d 2.2.2.2 --icmp-type 8 --icmp-code 0 --icmp-id 5 -t 100
-I -p icmp -s 1.1.1.1 -d 2.2.2.2 --icmp-type 13 --icmp-code 0 --icmp-id 5 -t 100
-I -p icmp -s 1.1.1.1 -d 2.2.2.2 --icmp-type 3 --icmp-code 0 -t 100
-I -p icmp -s 1.1.1.1 -d 2.2.2.2 --icmp-type 8 -t 100
-I -p icmp -s 1.1.1.1 -d 2.2.2.2 -t 100
-I -p icmpv6 -s fd01::1 -d fd01::2 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 5 -t 100
-I -p icmpv6 -s fd01::1 -d fd01::2 --icmpv6-type 128 -t 100
-I -p icmpv6 -s 1.1.1.1 -d 2.2.2.2 --icmpv6-type 128 --icmpv6-code 0 -t 100
-I -p icmp -s 1.1.1.1 -d 2.2.2.2 --icmpv6-type 128 -t 100
-I -p sctp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state ESTABLISHED --orig-vtag 1 --reply-vtag 2
-I -p sctp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state COOKIE_WAIT --orig-vtag 16843009 --reply-vtag 0
-I -p sctp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state ESTABLISHED
-I -p sctp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --orig-vtag 1 --reply-vtag 2
-I -p sctp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state FOO --orig-vtag 1 --reply-vtag 2
-I -p sctp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state HEARTBEAT_SENT --orig-vtag 1 --reply-vtag 2
-I -p dccp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state OPEN --role client
-I -p dccp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state OPEN
-I -p dccp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --role server
-I -p dccp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state FOO --role server
-I -p dccp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state OPEN --role foo
-I -p dccp -r 1.1.1.1 -q 2.2.2.2 --reply-port-src 1 -t 100 --state OPEN --role foo
-I -p dccp -r 1.1.1.1 -q 2.2.2.2 --reply-port-src 1 -t 100 --state OPEN --role client
-I -p gre -s 1.1.1.1 -d 2.2.2.2 --srckey 1 --dstkey 2 -t 100
-I -p gre -s 1.1.1.1 -d 2.2.2.2 --srckey 0x10 --dstkey 020 -t 100
-I -p gre -s 1.1.1.1 -d 2.2.2.2 --srckey 1 -t 100
-I -p gre -r 1.1.1.1 -q 2.2.2.2 --reply-key-src 1 -t 100
-I -p gre -s 1.1.1.1 -d 2.2.2.2 -t 100
-I -p gre -r 1.1.1.1 -q 2.2.2.2 --reply-key-src 1 --reply-key-dst 2 -t 100
-I -p esp -s 1.1.1.1 -d 2.2.2.2 -t 100
-I -p 50 -s 1.1.1.1 -d 2.2.2.2 -t 100
-I -p 2 -s 1.1.1.1 -d 2.2.2.2 -t 100
-I -p 200 -s 1.1.1.1 -d 2.2.2.2 -t 100
-I -p 0 -s 1.1.1.1 -d 2.2.2.2 -t 100
-I -p 256 -s 1.1.1.1 -d 2.2.2.2 -t 100
-I -p foo -s 1.1.1.1 -d 2.2.2.2 -t 100
--create -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 --timeout 100
-A -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state ESTABLISHED
-A -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -m 5
-A -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2
-A -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -w 7 --orig-zone 7
-A -p icmp -s 1.1.1.1 -d 2.2.2.2 --icmp-type 3 --icmp-code 0 -t 100
-A -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -u EXPECTED
-A -p udp -s 10.0.0.1 -d 10.0.0.53 --sport 2001 --dport 53 -t 77
-A -p udp -s 10.0.0.1 -d 10.0.0.53 --sport 2001 --dport 53 -t 77 -m 9 -u SEEN_REPLY,ASSURED
-A -p udp -s 10.0.0.1 -d 10.0.0.53 --sport 2001 --dport 53 -t 77 -u UNSET
-A -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 80 -t 77 --state TIME_WAIT
-A -p tcp -s 10.0.0.1 -d 10.0.0.3 --sport 1002 --dport 22 -t 77 --state CLOSE -m 3
-A -p udp -s 10.0.0.8 -d 10.0.0.9 --sport 2003 --dport 2004 -t 50
-A -p udp -s 10.0.0.8 -d 10.0.0.9 --sport 2003 --dport 2004 -t 50 -u SEEN_REPLY,FIXED_TIMEOUT
-A -p udp -s 10.1.0.2 -d 198.51.100.1 --sport 4002 --dport 53 -t 50 -n 192.0.2.2
-A -p udp -s 10.1.0.2 -d 198.51.100.1 --sport 4002 --dport 53 -t 50 -n 192.0.2.3
-A -p udp -s 10.1.0.2 -d 198.51.100.1 --sport 4002 --dport 53 -t 50
-A -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 80 -t 77 --state TIME_WAIT -w 3
--add -p udp -s fd00::1 -d fd00::53 --sport 2001 --dport 53 -t 77 -m 8
)"},
    {"update", R"(
-U -m 5
-U -f ipv4 -m 5
-U -f ipv6 -m 5
-U -s 10.0.0.1 -m 5
-U -s 10.0.0.1 -d 10.0.0.3 -m 5
-U -p udp -f ipv4 -m 0x42
-U -p tcp -f ipv4 -m 1
-U -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 80 -m 9
-U -p tcp -s 10.0.0.1 --dport 22 -m 0x12
-U -p tcp -s 10.0.0.1 --dport 22 -m 0x12/0xff
-U -p tcp -s 10.0.0.1 --dport 22 -m 0xff/0x0f
-U -p tcp -s 10.0.0.1 --dport 22 -m 0x100/0xff00 -o id
-U -p tcp -s 10.0.0.1 --dport 22 -m 7 -o xml
-U -p tcp -s 10.0.0.1 --dport 22 -m 7 -o save
-U -p tcp -s 10.0.0.1 --dport 22 -m 7 -o extended,id,labels,ktimestamp
-U -p tcp -s 10.0.0.1 --dport 22 -m 7 -o json
-U -p udp -s 10.0.0.7 -t 77
-U -p udp -s 10.0.0.7 -t 0
-U -p udp -s 10.0.0.8 -t 77
-U -p udp -s 10.0.0.7 -u SEEN_REPLY
-U -p udp -s 10.0.0.7 -u ASSURED
-U -p udp -s 10.0.0.7 -u SEEN_REPLY,ASSURED
-U -p udp -s 10.0.0.7 -u FIXED_TIMEOUT
-U -p udp -s 10.0.0.7 -u EXPECTED
-U -p udp -s 10.0.0.7 -u OFFLOAD
-U -p udp -s 10.0.0.7 -u UNSET
-U -p udp -s 10.0.0.7 -u '!ASSURED'
-U -p tcp -s 10.0.0.4 --state ESTABLISHED
-U -p tcp -s 10.0.0.1 -d 10.0.0.3 --state CLOSE -t 10
-U -p tcp -s 10.0.0.4 --state FOO
-U -p sctp -s 10.0.0.1 --state SHUTDOWN_SENT
-U -p sctp -s 10.0.0.1 --state ESTABLISHED --orig-vtag 16843009 --reply-vtag 33686018
-U -p udp -s 10.0.0.7 --label-add web
-U -p udp -s 10.0.0.7 --label-add web,last
-U -p udp -s 10.0.0.7 --label-add web --label-add last
-U -p udp -s 10.0.0.1 -d 10.0.0.53 --label-add web
-U -p udp -s 10.0.0.1 -d 10.0.0.53 --label-del web
-U -p udp -s 10.0.0.1 -d 10.0.0.53 --label-del web,forty
-U -p udp -s 10.0.0.1 -d 10.0.0.53 --label-del
-U -p udp -s 10.0.0.1 -d 10.0.0.53 --label-del=web
-U --label-del -p udp -s 10.0.0.1 -d 10.0.0.53
-U -p udp -s 10.0.0.1 -d 10.0.0.53 --label-del nosuch
-U -p udp -s 10.0.0.1 --label-add web --label-del forty
-U -p udp -s 10.0.0.1 --label-del web --label-add forty
-U -f ipv4 -l web --label-add three
-U -f ipv4 -l web -m 3
-U -f ipv4 -l web,forty -m 3
@labels(none) -U -p udp -s 10.0.0.7 --label-add web
-U -i {id:web} -f ipv4 -m 3
-U -i {id:zone} -f ipv4 -m 3
-U -i {id:web6} -f ipv6 -m 3 -o id
-U -i 1 -f ipv4 -m 3
-U -f ipv4 -n -m 3
-U -f ipv4 -n 192.0.2.1 -m 3
-U -f ipv4 -g 10.0.0.80 -m 3
-U -f ipv6 -n 2001:db8:2::1 -m 3
-U -f ipv6 -g fd00::99 -m 3
-U -f ipv4 -j -m 3
-U -s 10.0.0.0/24 -m 3
-U -d 10.0.0.0 --mask-dst 255.255.255.0 -m 3
-U -r 10.0.0.80 -m 3
-U -q 192.0.2.1 -m 3
-U -p gre -s 10.0.0.1 --srckey 8 -m 3
-U -p icmp -s 10.0.0.1 --icmp-id 77 -m 3
-U -p icmp -f ipv4 -m 3
-U -p icmpv6 -f ipv6 -m 3
-U -w 3 -m 3
-U --orig-zone 4 -m 3
-U -z
-U -f ipv4
-U
@empty -U -f ipv4 -m 3
@many -U -f ipv4 -p udp --sport 12000 -m 3
-U -f ipv4 -s 10.0.0.6 -m 3
--update -f ipv4 -s 10.0.0.53 -m 3
-U -c 3
-U -p dccp -f ipv4 --role client
-U -p tcp -f ipv4 -s 10.0.0.1 -d 10.0.0.6 -m 4
)"},
    {"delete", R"(
-D
-D conntrack
-D -s 10.0.0.1
-D -s 10.0.0.99
-D -d 10.0.0.2
-D -r 10.0.0.80
-D -q 192.0.2.1
-D -p udp
-D -p udp -o id
-D -p udp -o extended
-D -p udp -o xml
-D -p udp -o save
-D -p udp -o ktimestamp
-D -p udp -o labels
-D -p udp -o json
-D -p tcp --dport 80
-D -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 80
-D -p tcp --state ESTABLISHED
-D -p sctp --state ESTABLISHED
-D -p sctp --state HEARTBEAT_ACKED
-D -p sctp --orig-vtag 5
-D -p icmp
-D -p icmp --icmp-id 77
-D -p icmpv6
-D -p gre --srckey 8
-D -p gre --srckey 77
-D -p gre --reply-key-src 9
-D -p gre
-D -p esp
-D -f ipv4
-D -f ipv6
-D -w 3
-D -w 0
-D -w 9
-D --orig-zone 4
-D --reply-zone 5
-D -m 0x42
-D -m 0
-D -m 1/1
-D -m 0x42/0x02
-D -l web
-D -l web,forty
-D -l web -l forty
-D -l nosuch
-D -i {id:dns}
-D -i {id:zone}
-D -i 1
-D -i {id:dns} -o id
-D -n
-D -g
-D -n 192.0.2.1
-D -n 192.0.2.1:5002
-D -g 10.0.0.80
-D -g 10.0.0.80:8080
-D -n -g
-D -n 2001:db8:2::1
-D -n 2001:db8:2::2
-D -g fd00::80
-D -g fd00::99
-D --src-nat=192.0.2.2
-D -n192.0.2.2
-D --dst-nat=10.0.0.99
-D -j
-D -p icmp -n
-D -u ASSURED
-D -u SEEN_REPLY,ASSURED
-D -u UNREPLIED
-D -u '!ASSURED'
-D -u 'SEEN_REPLY,!ASSURED'
-D -u UNREPLIED -p udp
-D -u '!SEEN_REPLY' -o save
-D -u FIXED_TIMEOUT
-D -u EXPECTED
-D -u SRC_NAT
-D -u S,DST_NAT
-D -u UNSET
-D -t 1
-D -t 499
-D -t 999
-D -s 10.0.0.7 -t 499
-D -s 10.0.0.7 -t 99999
-D -p udp -t 499 -o id
-D -s 10.0.0.0/24
-D -s 10.0.0.0/24 -p tcp
-D -s 10.0.0.0 --mask-src 255.255.255.0
-D -d 0.0.0.2 --mask-dst 0.0.0.255
-D -s fd00::/16
-D -z
-D -e NEW
-D -c 1
-D -b 1
@empty -D
@empty -D -p udp
-D expect -p tcp -s 10.0.0.6 -d 10.0.0.1 --sport 0 --dport 50001 --reply-port-src 1 --reply-port-dst 1
-D expect -p tcp -s fd00::6 -d fd00::1 --sport 0 --dport 50002 --reply-port-src 1 --reply-port-dst 1
-D expect -p tcp -s 10.0.0.6 -d 10.0.0.1 --sport 0 --dport 1 --reply-port-src 1 --reply-port-dst 1
-D expect -p tcp -s 10.0.0.6 -d 10.0.0.1 --sport 0 --dport 50001
-D expect -s 10.0.0.6 -d 10.0.0.1
-D expect
)"},
    {"create expectation", R"(
-I expect -p tcp -s 10.0.0.1 -d 10.0.0.6 --sport 1005 --dport 21 --tuple-src 10.0.0.6 --tuple-dst 10.0.0.1 --tuple-port-src 262 --tuple-port-dst 518 --mask-src 255.255.255.255 --mask-dst 255.255.255.255 --mask-port-src 65535 --mask-port-dst 65535 -t 100
-I expect -p tcp -s 10.0.0.1 -d 10.0.0.6 --sport 1005 --dport 21 --tuple-src 10.0.0.6 --tuple-dst 10.0.0.1 --tuple-port-src 0 --tuple-port-dst 40 --mask-src 255.255.255.255 --mask-dst 255.255.255.255 --mask-port-src 0 --mask-port-dst 65535 -t 100
-I expect -p tcp -s fd00::1 -d fd00::6 --sport 1005 --dport 21 --tuple-src fd00::6 --tuple-dst fd00::1 --tuple-port-src 262 --tuple-port-dst 518 --mask-src ffff:: --mask-dst ffff:: --mask-port-src 65535 --mask-port-dst 65535 -t 100
-I expect -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 80 --tuple-src 10.0.0.6 --tuple-dst 10.0.0.1 --tuple-port-src 262 --tuple-port-dst 518 --mask-src 255.255.255.255 --mask-dst 255.255.255.255 --mask-port-src 65535 --mask-port-dst 65535 -t 100
-I expect -p tcp -s 10.9.0.1 -d 10.0.0.6 --sport 1005 --dport 21 --tuple-src 10.0.0.6 --tuple-dst 10.0.0.1 --tuple-port-src 262 --tuple-port-dst 518 --mask-src 255.255.255.255 --mask-dst 255.255.255.255 --mask-port-src 65535 --mask-port-dst 65535 -t 100
-I expect -p tcp -s 10.0.0.1 -d 10.0.0.6 --sport 1005 --dport 21 --tuple-src 10.0.0.6 --tuple-dst 10.0.0.1 --tuple-port-src 262 --tuple-port-dst 518 --mask-src 255.255.255.255 --mask-dst 255.255.255.255 --mask-port-src 65535 --mask-port-dst 65535 -t 100 -u ASSURED
-I expect -p tcp -s 10.0.0.1 -d 10.0.0.6 --sport 1005 --dport 21 --tuple-src 10.0.0.6/32 --tuple-dst 10.0.0.1/32 -t 100
-I expect -p tcp -s 10.0.0.1 -d 10.0.0.6 --sport 1005 --dport 21 --tuple-src 10.0.0.0/24 --tuple-dst 10.0.0.0/24 --tuple-port-src 262 --tuple-port-dst 518 --mask-port-src 65535 --mask-port-dst 65535 -t 100
-I expect -p udp -s 10.0.0.1 -d 10.0.0.53 --sport 2001 --dport 53 --tuple-src 10.0.0.53 --tuple-dst 10.0.0.1 --tuple-port-src 0 --tuple-port-dst 40 --mask-src 255.255.255.255 --mask-dst 255.255.255.255 --mask-port-src 0 --mask-port-dst 65535 -t 100
-I expect -p tcp -s 10.0.0.1 -d 10.0.0.6 --sport 1005 --dport 21 --tuple-src 10.0.0.6 --tuple-dst 10.0.0.1 -t 100
-I expect -p tcp -s 10.0.0.1 -d 10.0.0.6 -t 100
-I expect -p tcp -s 10.0.0.1 -d 10.0.0.6
-I expect -p tcp
-I expect
-I expect -m 5 -p tcp
-I expect -p icmp -s 10.0.0.1 -d 10.0.0.6 --icmp-type 8
-I expect -p gre -s 10.0.0.1 -d 10.0.0.2 --srckey 8 --dstkey 9
)"},
    {"files", R"(
-R -
-R - <<< "-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100\n"
-R - <<< "-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100"
--load-file - <<< "-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100\n"
-R {dir}/input <<< "-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100\n"
-R - -L <<< "-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100\n"
-R {dir}
-R - <<< "\n\n  \n\t\n# comment\n  # indented comment\n-F\n"
-R - <<< "   \t-D -p udp   # trailing words\n"
-R - <<< "-D \"-p\" udp\n"
-R - <<< "-D -p \"ud\"\"p\"\n"
-R - <<< "-D -p \"u\\d\\p\"\n"
-R - <<< "-D -l \"two words\"\n"
-R - <<< "-D -l \"web\n"
-R - <<< "-D -p udp\n-D -p \"tcp\n"
-R - <<< "-D -p foo\n-D -p \"tcp\n"
-R - <<< "-D -l \"we\\\"\n"
-R - <<< "-D -p udp\r\n"
-R - <<< "# x\r\n\r\n-D -p udp\r\n-D -s foo\r\n"
-R - <<< "-F\n-F\n"
-R - <<< "-F conntrack\n"
-R - <<< "-D -p udp\n-D -p tcp\n"
-R - <<< "-D -p 99\n"
-R - <<< "-D -p 99\n-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100\n"
-R - <<< "-D -s 10.0.0.7 -o save\n"
-R - <<< "-D -s 10.0.0.7 -o id\n-D -s 10.0.0.8\n"
-R - <<< "-D -s 10.0.0.7 -o id\n-D -s 10.0.0.8 -o save\n"
-R - <<< "-U -s 10.0.0.7 -m 5\n"
-R - <<< "-U -s 10.0.0.7 -m 5\n-U -s 10.0.0.8 -m 9\n"
-R - <<< "-U -s 10.0.0.7 -m 5\n-U -s 10.0.0.4 -t 60\n"
-R - <<< "-U -s 10.0.0.7 --label-add web\n-U -s 10.0.0.8 --label-add forty\n"
-R - <<< "-U -s 10.0.0.7 -m 0x42\n"
-R - <<< "-A -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100\n-A -p udp -s 1.1.1.1 -d 2.2.2.3 --sport 1 --dport 2 -t 100 -m 4\n"
-R - <<< "-A -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -m 4\n-A -p udp -s 1.1.1.1 -d 2.2.2.3 --sport 1 --dport 2 -t 100\n"
-R - <<< "-I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state CLOSE\n-I -s 1.1.1.1 -d 2.2.2.2 -p 50 -t 10\n"
-R - <<< "-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100\n-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100\n-F\n"
-R - <<< "-F\n-I -p icmp -s 1.1.1.1 -d 2.2.2.2 --icmp-type 3 --icmp-code 0 -t 100\n-F\n"
-R - <<< "-F\n-I -p udp -s 1.1.1.1\n-F\n"
-R - <<< "-F\n\n# x\n-I --foo\n"
-R - <<< "-D -s foo\n"
-R - <<< "foo\n"
-R - <<< "   "
-R - <<< "-D -p udp\n \t"
-R - <<< "-L\n"
-R - <<< "-F\n-L\n"
-R - <<< "-G -p udp -s 10.0.0.1 -d 10.0.0.53 --sport 2001 --dport 53\n"
-R - <<< "-E\n"
-R - <<< "-V\n"
-R - <<< "-h\n"
-R - <<< "-C\n"
-R - <<< "-S\n"
-R - <<< "-L expect\n"
-R - <<< "-F expect\n"
-R - <<< "-E expect\n"
-R - <<< "-C expect\n"
-R - <<< "-S expect\n"
-R - <<< "-R foo\n"
-R - <<< "-p udp\n"
-R - <<< "-D -p udp -s 10.0.0.7 -w abc\n"
-R - <<< "-F\n-D -p udp --sport abc\n"
-R - <<< "-A -t 1000 -u UNSET -s 10.0.0.1 -d 10.0.0.2 -r 10.0.0.2 -q 10.0.0.1 -p gre --srckey 8 --dstkey 9 --reply-key-src 9 --reply-key-dst 8\n"
-R - <<< "-A -t 500 -u SEEN_REPLY,ASSURED -s 10.1.0.1 -d 198.51.100.1 -r 198.51.100.1 -n 192.0.2.1 -p tcp --sport 4001 --dport 80 --reply-port-src 80 --reply-port-dst 5001 --state ESTABLISHED\n"
-R - <<< "-A -t 500 -u EXPECTED,SEEN_REPLY,ASSURED -s 10.0.0.6 -d 10.0.0.1 -r 10.0.0.1 -q 10.0.0.6 -p tcp --sport 20 --dport 50000 --reply-port-src 50000 --reply-port-dst 20 --state ESTABLISHED\n"
-R - <<< "-A -t 500 -u SEEN_REPLY,FIXED_TIMEOUT -s 10.0.0.8 -d 10.0.0.9 -r 10.0.0.9 -q 10.0.0.8 -p udp --sport 2003 --dport 2004 --reply-port-src 2004 --reply-port-dst 2003\n"
@empty -R - <<< "-A -t 500 -u EXPECTED,SEEN_REPLY,ASSURED -s 10.0.0.6 -d 10.0.0.1 -r 10.0.0.1 -q 10.0.0.6 -p tcp --sport 20 --dport 50000 --reply-port-src 50000 --reply-port-dst 20 --state ESTABLISHED\n"
@empty -R - <<< "-A -t 500 -u SEEN_REPLY -s 10.1.0.3 -d 203.0.113.2 -g 10.0.0.80 -n 192.0.2.1 -p udp --sport 4004 --dport 4005 --reply-port-src 5003 --reply-port-dst 5002\n"
)"},
    {"events", R"(
@empty @during(load) -E
@empty @during(load) -E conntrack
@empty @during(load) -E -o extended
@empty @during(load) -E -o id
@empty @during(load) -E -o timestamp
@empty @during(load) -E -o ktimestamp
@empty @during(load) -E -o labels
@empty @during(load) -E -o xml
@empty @during(load) -E -o xml,timestamp
@empty @during(load) -E -o save
@empty @during(load) -E -o json
@empty @during(load) -E -o timestamp,id,extended,ktimestamp,labels
@empty @during(load) -E -p tcp
@empty @during(load) -E -p udp -s 10.0.0.1
@empty @during(load) -E -p tcp --dport 80
@empty @during(load) -E -p tcp --state ESTABLISHED
@empty @during(load) -E -p gre --srckey 8
@empty @during(load) -E -p icmp --icmp-id 77
@empty @during(load) -E -f ipv6
@empty @during(load) -E -f ipv4
@empty @during(load) -E -s 10.0.0.0/24
@empty @during(load) -E -d 10.0.0.2
@empty @during(load) -E -r 10.0.0.80
@empty @during(load) -E -q 192.0.2.1
@empty @during(load) -E -n
@empty @during(load) -E -g 10.0.0.80
@empty @during(load) -E -j
@empty @during(load) -E -m 1
@empty @during(load) -E -m 0x42/0x40
@empty @during(load) -E -m 0
@empty @during(load) -E -w 3
@empty @during(load) -E -w 0
@empty @during(load) -E --orig-zone 4
@empty @during(load) -E --reply-zone 5
@empty @during(load) -E -l web
@empty @during(load) -E -c 0
@empty @during(load) -E -e NEW
@empty @during(load) -E -e UPDATES
@empty @during(load) -E -b 100000
@empty @during(load) -E -b 100000 -p udp
@during(mark:web=5;mark:dns=6) -E
@during(mark:web=5;mark:dns=6;mark:zone=7;mark:ping=8) -E -e UPDATES
@during(mark:web=5) -E -e NEW,DESTROY
@during(mark:web=5;delete:web;delete:dns;delete:zone) -E
@during(mark:web=5;delete:web;delete:dns) -E -e DESTROY
@during(mark:web=5;delete:web;delete:dns) -E -e D
@during(mark:web=5;delete:web;delete:dns) -E -e ALL
@during(mark:web=5;delete:web;delete:dns) -E -e all
@during(mark:web=5;delete:web;delete:dns) -E -e UPDATES,DESTROY -o id
@during(mark:web=5;delete:web;delete:dns) -E -o xml
@during(mark:web=5;delete:web;delete:dns;delete:src-nat) -E -o save
@during(mark:web=5;delete:web;delete:dns) -E -o json
@during(delete:ssh;delete:dns;delete:web6) -E -o labels,extended,id
@during(delete:src-nat;delete:both-nat;delete:src-nat6;delete:esp;delete:sctp;delete:gre) -E
@during(delete:ping;delete:ping6;delete:udplite;delete:orig-zone;delete:reply-zone) -E -o ktimestamp
@empty @during(packets) -E
@empty @during(packets) -E -o xml
@empty @during(packets) -E -o save
@empty @during(packets) -E -o timestamp,extended
@empty @during(packets) -E -g
@empty @during(packets) -E -m 0
@empty @during(load;expect) -E expect -o foo
@empty @during(load;expect) -E expect
@empty @during(load;expect) -E expect -o timestamp
@empty @during(load;expect) -E expect -o xml
@empty @during(load;expect) -E expect -o id
@empty @during(load) -E -e FOO
@empty @during(load) -E -e NEW,FOO
@empty @during(load) -E -e ''
@empty @during(load) -E -u ASSURED
@empty @during(load) -E -i 5
@empty @during(load) -E -t 5
@empty @during(load) -E -z
@empty @during(load) -E expect -e NEW
@empty @during(load) -E expect -p tcp
@empty @during(load) -E -b abc
@empty @during(load) -E -s 10.0.0.1 --mask-src 255.255.255.0
@empty @during(load) -E --mask-src 255.255.255.0
@empty @during(load) -E --label-add web
)"},
    {"refused values", R"(
-L -s foo
-L -s 10.0.0.256
-L -s ''
-L -s 10.0.0.1/33
-L -s 10.0.0.1/-1
-L -s 10.0.0.1/
-L -s 10.0.0.1/24x
-L -s 10.0.0.1/255.255.255.0
-L -s fd00::1/129
-L -s fd00::1/
-L -s fd00::1%lo
-L -s localhost
-L -d foo
-L -r foo
-L -q foo
-L -r 10.0.0.0/24
-L -q 10.0.0.0/24
-L --reply-src 10.0.0.1/32
-L -n 10.0.0.0/24
-L -g 10.0.0.0/24
-L -j 10.0.0.0/24
-L -s 10.0.0.0 --mask-src 255.255.255.0/24
-L -s 10.0.0.0 --mask-dst 255.255.255.0
-L --mask-src 255.255.255.0
-L --mask-dst 255.255.255.0
-D --mask-src 255.255.255.0
-D -d 10.0.0.0 --mask-src 255.255.255.0
-U --mask-src 255.255.255.0 -m 1
-L -s 10.0.0.1 -d fd00::1
-L -s 10.0.0.1 -f ipv6
-L -f ipv6 -s 10.0.0.1
-L -f ipv4 -f ipv6
-L -n 10.0.0.1 -s fd00::1
-L -s 10.0.0.1 --mask-src ffff::
-L -f inet
-L -f IPv4
-L -f 4
-L -f ''
-L -p foo
-L -p ''
-L -p 256
-L -p -10
-L -p 20foo
-L -p foo20
-L -p 6x
-L -p 0x100
-L -p tcp --state FOO
-L -p tcp --state established
-L -p tcp --state ''
-L -p sctp --state FOO
-L -p sctp --state established
-L -p dccp --state FOO
-L -p dccp --role foo
-L -u FOO
-L -u ASSURED,FOO
-L -u ASSURED,
-L -u ,ASSURED
-L -u ''
-L -u '!FOO'
-L -u '!'
-L -u SRC_NAT
-L -u S
-L -u D
-L -u DST_NAT
-L -u U
-L -u SRC_NAT,ASSURED
-L -u CONFIRMED
-L -m abc
-L -m 1x
-L -m ''
-L -m 4294967296
-L -m -1
-L -m 1/
-L -m 1/x
-L -m 1/0x100000000
-L -m 1/2/3
-D -m abc
-U -f ipv4 -m abc
-L -w abc
-L -w ''
-L -w 65536
-L -w -1
-L -w 1x
-L --orig-zone abc
-L --orig-zone 70000
-L --reply-zone abc
-L --zone=abc
-D -w abc
-L -c abc
-L -c 4294967296
-D -i abc
-D -i 0x
-D -i 4294967296
-D -t abc
-D -t 1x
-D -t -1
-D -t 4294967296
-U -f ipv4 -s 10.0.0.7 -t abc
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t abc
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t -1
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport abc --dport 2 -t 100
-L -p tcp --sport abc
-L -p tcp --sport 65536
-L -p tcp --sport 65537
-L -p tcp --sport -1
-L -p tcp --sport 80-90
-L -p tcp --sport 1:5
-L -p tcp --sport http
-L -p tcp --sport ''
-L -p tcp --dport 80,443
-L -p tcp --dport 0x50
-L -p tcp --reply-port-src abc
-L -p tcp --reply-port-dst 99999
-L -p udp --orig-port-src x
-L -p gre --srckey x
-L -p gre --dstkey 0x10000
-L -p gre --reply-key-src 65536
-L -p icmp --icmp-type 256
-L -p icmp --icmp-type echo
-L -p icmp --icmp-code x
-L -p icmp --icmp-id 65536
-L -p icmpv6 --icmpv6-type 300
-L -p icmpv6 --icmpv6-id x
-L -p tcp --sport abc --foo
-L --foo -p tcp --sport abc
-L -s foo -p tcp --sport abc
-L -p tcp --sport abc -s foo
-D -p tcp --dport 65617
-D -s 10.0.0.1/
@empty @during(load) -E -b -5
-L -n []:5
-L -n [fd00::3
-L -n [fd00::3]
-L -n :7777
-L -n 10.0.0.1:
-L -n 10.0.0.1:x
-L -n 10.0.0.1:65536
-L -n 10.0.0.1:1-2
-L -n foo
-L -n foo:80
-L -n [10.0.0.1]:80
-L -g []:5
-L -j [fd00::3
-L -j -n
-L -n -j
-L -g 10.0.0.1 -j 10.0.0.1
-L -a 10.0.0.1
-L --nat-range foo -p udp
-a 10.0.0.1
-L -a
-L -M {dir}/labels -l web
-L --labelmap {dir}/labels -o labels
-L -M {dir}/other-labels -l one
-L -M {dir}/other-labels -o labels
-L -M {dir}/other-labels -l web
-L -M {dir}/none -o labels
-L -M {dir}/none -l web
-L -M {dir}/labels -M {dir}/labels
-L -M
-D -M {dir}/other-labels -l vierzig
-U -M {dir}/other-labels -s 10.0.0.7 --label-add seven
-G -M {dir}/labels -p tcp -s 10.0.0.1 -d 10.0.0.3 --sport 1002 --dport 22
)"},
    {"illegal options", R"(
-L -t 5
-L -i 5
-L -e NEW
-L -b 5
-L --tuple-src 1.1.1.1
-L --label-add web
-L --label-del
-L --label-del web
-L expect -p tcp
-L expect -s 1.1.1.1
-L expect -u ASSURED
-L expect -z
-L expect -w 3
-L expect -m 3
-L -z -t 3
-D --label-add web
-D --any-nat
-D --tuple-dst 1.1.1.1
-F -p tcp
-F -s 1.1.1.1
-F -w 3
-F -o id
-F -m 3
-F expect -f ipv6
-F expect -p tcp
-C -p tcp
-C -f ipv4
-C -o xml
-C expect -f ipv4
-S -p tcp
-S -o id
-V -p tcp
-V -o id
-h -s 1.1.1.1
-h -t 5
-h -f ipv4
-E -p tcp --mask-port-src 5
-L -p tcp --mask-port-src 5
-L -p tcp --tuple-port-src 5
-L -p gre --mask-key-src 5
-L -p gre --tuple-key-src 5
-D -p tcp --tuple-port-dst 5
-D -p dccp --role client
-U -f ipv4 -p udp --mask-port-dst 5
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --mask-port-dst 3
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --tuple-src 3.3.3.3
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -z
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -e NEW
-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -b 4
-D expect -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 --reply-port-src 3 --reply-port-dst 4 --state CLOSE
-D expect -p tcp -s 1.1.1.1 -d 2.2.2.2 -m 4
-G expect -p tcp -s 1.1.1.1 -d 2.2.2.2 -o id
-G -p icmp -s 10.0.0.1 -d 10.0.0.2 --icmp-type 8 --icmp-code 0 -u ASSURED
-G -p udp -s 10.0.0.1 -d 10.0.0.53 --sport 2001 --dport 53 -t 5
-G -p udp -s 10.0.0.1 -d 10.0.0.53 --sport 2001 --dport 53 -z
-G -p udp -s 10.0.0.1 -d 10.0.0.53 --sport 2001 --dport 53 --orig-zone 4
)"},
    {"without privilege", R"(
@unprivileged -L
@unprivileged -L expect
@unprivileged -L dying
@unprivileged -G -p tcp -s 10.0.0.1 -d 10.0.0.3 --sport 1002 --dport 22
@unprivileged -D
@unprivileged -U -f ipv4 -m 4
@unprivileged -I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100
@unprivileged -A -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100
@unprivileged -F
@unprivileged -F expect
@unprivileged -C
@unprivileged -C expect
@unprivileged -S
@unprivileged -S expect
@unprivileged -E
@unprivileged -E expect
@unprivileged -V
@unprivileged -h
@unprivileged -L --foo
@unprivileged -R - <<< "-F\n"
@unprivileged -R - <<< "-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100\n"
)"},
};

}  // namespace

std::span<const CaseGroup> changing_cases() { return kGroups; }

}  // namespace ctwin::test
