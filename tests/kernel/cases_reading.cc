// Rows that only look: tables, commands, filters, formats; invocation.h says how a row is written.
#include "cases.h"

namespace ctwin::test {

namespace {

constexpr CaseGroup kGroups[] = {
    {"tables and commands", R"(
-L
-L conntrack
-L c
-L expect
-L e
-L ''
-L dying
-L d
-L unconfirmed
-L u
--dump
--dump conntrack
--dump=expect
--dump=conntrack
--dump exp
@empty -L
@empty -L expect
-L foo
-L Expect
-L expectx
-L conntrack foo bar
foo -L bar
-C
-C conntrack
-C expect
-C e
-C dying
-Cexpect
-Cconntrack
--counter
--count
--coun expect
--counter=expect
@empty -C
@empty -C expect
-S
-S expect
-S conntrack
-Sexpect
--stats
-S foo
-S dying
-V
-V expect
-V foo
-V dying
-Vexpect
--version
--versio
-h
--help
-h expect
-h foo
-h -p tcp
-h -p udp
-h -p icmp
-h -p sctp
-h -p gre
-h -p 50
-h -p icmpv6
''
foo
foo bar
-p tcp
-s 1.1.1.1
-f ipv4
-z
-o id
-L -L
-L -D
-L expect -L
-D -I
-C -S
-V -h
-F -F
-R
-F
-F conntrack
-F expect
-F dying
-F unconfirmed
-F -f ipv4
-F -f ipv6
@empty -F
@empty -F expect
-E dying
-G dying
-I unconfirmed
-D dying
-U dying
-U expect
-A expect
-U expect -m 1
-A e
)"},
    {"getopt habits", R"(
--foo
--s
--sr
--st
--lab
--d
--de
--del -s 10.0.0.1
--delete -p udp
--src-n
-L --src-n
-L --reply-s 10.0.0.2
-L --proto udp
-L --protonum udp
-L --protonum=udp
-L --prot=udp
-L -pudp
-L -p=udp
-Lz
-zL
-L -z
-Lo id
-Loid
-Lo xml
-Lp udp
-Lpudp
-Lpudp -o id
-Lexpect
-Lq
-Lx
-LX
-Lzq
-L -zq
-L -zx
-zx
-L -q
-L --src
-L -s
-L -o
-L --output
-L -m
-p
-L -x
-L -xz
-L -
-L - foo
-L --
-L -- -p udp
-- -L
-L -p udp -- -s 10.0.0.1
-p udp -L
-s 10.0.0.1 -L
-s 10.0.0.1 -p tcp -L -o id
-L '-(' 4
-L '-)' 5
-L '-(4'
-L '-{' 255.255.255.0 -s 10.0.0.0
-L -s 10.0.0.0 '-{255.255.255.0'
-L '-l' web
-Dpudp
-Dn
-U -f ipv4 -m5
-Lw3
-Lfipv6
-L -o=id
-L --output=id
-L --zero=1
-L --zero
-L --id=5
-D --id
-D -i
-L -R
-L --load-file
-L --load
-Rfoo
--load-file=foo
-R {dir}/no-such-file
-R {dir}/no-such-file -L
--load-file {dir}/no-such-file
-R ''
-L --sport 80
-L --sport 80 -p tcp
-L -p tcp --sport 1001
-L -p tcp --orig-port-src 1001
-L -p tcp --orig-port-d 80
-L -p tcp --sp 1001
-L -p tcp --repl 1
-L -p tcp --state=ESTABLISHED
-L -p tcp --st ESTABLISHED
-L -p tcp -p udp --sport 2001
-L -p udp --state ESTABLISHED
-L -p icmp --sport 1
-L -p tcp --icmp-type 8
-L -: 1
-L '-;'
-L -W foo
-L -?
)"},
    {"listing filters", R"(
-L -s 10.0.0.1
-L --src 10.0.0.1
-L --orig-src 10.0.0.1
-L --orig-src=10.0.0.1
-L -d 10.0.0.2
-L --orig-dst 10.0.0.53
-L -s 10.0.0.1 -d 10.0.0.2
-L -r 10.0.0.2
-L -q 10.0.0.1
-L -r 10.0.0.80
-L -q 192.0.2.1
-L --reply-src 10.0.0.2 --reply-dst 10.0.0.1
-L -s 10.0.0.1 -s 10.0.0.4
-L -s 10.0.0.0/24
-L -s 10.1.0.99/16
-L -s 10.0.0.1/32
-L -s 10.0.0.1/0
-L -d 10.0.0.2/31
-L -s 10.0.0.0/24 -d 10.0.0.53/32
-L -s 10.0.0.0 --mask-src 255.255.255.0
-L -s 0.0.0.1 --mask-src 0.0.0.255
-L -d 10.0.0.0 --mask-dst 255.0.255.0
-L -s fd00::/64
-L -s fd00::1
-L -s fd00::1/128
-L -s fd00::/16
-L -d fd00::2/127
-L -s fd00:: --mask-src ffff::
-L -s ::ffff:10.0.0.1
-L -s 10.1
-L -s 0x0a000001
-L -s 167772161
-L -p tcp
-L -p TCP
-L -p 6
-L -p 0x11
-L -p 017
-L -p udp
-L -p udplite
-L -p sctp
-L -p dccp
-L -p gre
-L -p icmp
-L -p icmpv6
-L -p ipv6-icmp
-L -p esp
-L -p 50
-L -p 0
-L -p 255
-L -p ospf
-L -p tcp --dport 80
-L -p tcp --sport 1001 --dport 80
-L -p tcp --reply-port-src 80
-L -p tcp --reply-port-dst 1001
-L -p tcp --reply-port-dst 5001
-L -p udp --dport 53
-L -p udp --orig-port-dst 53 -f ipv6
-L -p udplite --sport 3003
-L -p sctp --sport 3001
-L -p sctp --state ESTABLISHED
-L -p sctp --state CLOSED
-L -p sctp --state HEARTBEAT_SENT
-L -p sctp --orig-vtag 16843009
-L -p sctp --reply-vtag 1
-L -p dccp --state OPEN
-L -p dccp --role client
-L -p gre --srckey 8
-L -p gre --srckey 0x8
-L -p gre --dstkey 11
-L -p gre --orig-key-src 10 --orig-key-dst 11
-L -p gre --reply-key-src 9
-L -p gre --reply-key-dst 10
-L -p icmp --icmp-type 8
-L -p icmp --icmp-type 0
-L -p icmp --icmp-code 0
-L -p icmp --icmp-id 77
-L -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 78
-L -p icmpv6 --icmpv6-type 128
-L -p icmpv6 --icmpv6-id 79
-L -p icmpv6 --icmpv6-code 1
-L -p tcp --state ESTABLISHED
-L -p tcp --state SYN_SENT
-L -p tcp --state TIME_WAIT
-L -p tcp --state LISTEN
-L -p tcp --state SYN_SENT2
-L -p tcp --state NONE
-L -f ipv4
-L -f ipv6
-L -f ipv4foo
-L --family ipv6 -p tcp
-L -f ipv4 -f ipv4
-L -m 1
-L -m 0
-L -m 0x42
-L -m 0102
-L -m 0x12/0x10
-L -m 0x10/0x10
-L -m 0x12/0x02
-L -m 0/0xff
-L -m 1/1
-L -m ' 1'
-L --mark 0x42/0xffffffff
-L -w 3
-L -w 0
-L --zone 4
-L --orig-zone 4
-L --orig-zone 0
-L --reply-zone 5
-L --reply-zone 4
-L -w 0x3
-L -w 3 -w 4
-L -c 0
-L -c 5
-L -l web
-L -l web -l forty
-L -l web,forty
-L -l forty
-L --label last
-L -l 'two words'
-L -l nosuch
-L -l web,nosuch
-L -l ''
-L -l 1
@labels(none) -L -l web
@labels(none) -L -o labels
@labels("no labels here\n") -L -o labels
@labels("0x1 hexadecimal\n# 40 x\n  40 lead\n") -L -o labels
-L -n
-L -g
-L -j
-L -n 192.0.2.1
-L -n 192.0.2.1:5001
-L -n 192.0.2.1:5002
-L -n 192.0.2.9
-L -g 10.0.0.80
-L -g 10.0.0.80:8080
-L -n 192.0.2.1 -g 10.0.0.80
-L -n -g
-L -j 192.0.2.1
-L -j 10.0.0.80:5003
-L -n 2001:db8:2::1
-L -n 2001:db8:2::9
-L -g fd00::80
-L -g fd00::81
-L -j fd00::80
-L -n [2001:db8:2::1]:5004
-L -n [2001:db8:2::1]:5005
-L -n192.0.2.2
-L --src-nat=192.0.2.2
-L --dst-nat=10.0.0.80
-L --any-nat=192.0.2.2
-L -j -p icmp
-L -n -p icmp
-L -p icmp -g
-L -u ASSURED
-L -u SEEN_REPLY
-L -u assured
-L -u A
-L -u UNREPLIED
-L -u UNREPLIEDxyz
-L -u unreplied
-L -u '!ASSURED'
-L -u '!SEEN_REPLY'
-L -u SEEN_REPLY,ASSURED
-L -u 'SEEN_REPLY,!ASSURED'
-L -u 'UNREPLIED,!ASSURED'
-L -u ASSURED -u SEEN_REPLY
-L -u 'SEEN_REPLY' -u '!ASSURED'
-L -u FIXED_TIMEOUT
-L -u EXPECTED
-L -u EXPECTED,ASSURED
-L -u OFFLOAD
-L -u HW_OFFLOAD
-L -u UNSET
-L -u '!UNREPLIED'
-L -p udp -u ASSURED
-L -s 10.0.0.1 -p tcp --dport 80 -u ASSURED -m 0 -w 0
-L dying -p tcp
-L dying -o xml
-L unconfirmed -o id
-L dying -s 10.0.0.0/8
-L expect -f ipv4
-L expect -f ipv6
)"},
    {"formats", R"(
-L -o extended
-L -o id
-L -o labels
-L -o ktimestamp
-L -o timestamp
-L -o userspace
-L -o xml
-L -o save
-L -o json
-L -o extended,id
-L -o extended,id,labels,ktimestamp
-L -o id -o extended
-L -o xml,id,labels,ktimestamp
-L -o xml -o extended
-L -o ext
-L -o X
-L -o k
-L -o l
-L -o s
-L -o e,i
-L -o d
-L -o sa
-L -o plain
-L -o id,
-L -o ,id
-L -o ''
-L -o id,foo
-L -o foo,id
-L -o save,id
-L -o xml,save
-L -o save -o id
-L -o json,xml
@empty -L -o xml
@empty -L -o json
@empty -L -o save
-L -p tcp -o save
-L -p udp -o save
-L -p gre -o save
-L -p icmp -o save
-L -p icmpv6 -o save
-L -p sctp -o save
-L -p sctp -o xml
-L -p esp -o save
-L -f ipv6 -o save
-L -f ipv6 -o extended
-L -f ipv6 -o xml
-L -w 3 -o save
-L --orig-zone 4 -o save
-L --reply-zone 5 -o xml
-L -l web -o save
-L -l web -o xml
-L -l web
-L -j -o save
-L -u EXPECTED -o save
-L -u FIXED_TIMEOUT -o save
-L expect -o xml
-L expect -o save
-L expect -o timestamp
-L expect -o extended
-L expect -o id
-L expect -o xml,timestamp
-L expect -f ipv4 -o xml
-L expect -f ipv6 -o labels
-L expect -o foo
@packets -L
@packets -L -o extended,ktimestamp
@packets -L -o xml
@packets -L -o save
@packets -L -p udp --sport 4000
@packets -L -z
@packets -L -z -o xml
@packets -L -z -f ipv4
@packets -L -z -g
@packets -L -z -n
@packets -L -z -j 127.0.0.1
@packets -L -z -l web
@packets -L -z -p udp
@packets -L -z -s 127.0.0.1
@packets -L -z -u ASSURED
@packets -L -z -m 0
@packets -L -z -w 0
@packets -L -z -c 0
@packets -L -z -o id
@packets -D
@many -L
@many -L -o id
@many -L -p udp --sport 12000
@many -D -p udp --sport 12999
@many -D
@many -C
)"},
    {"the same namespace", R"(
@same -L
@same -L -o extended,id,labels,ktimestamp
@same -L -o ktimestamp
@same -L -f ipv4 -p udp
@same -L expect -f ipv4
@same -C
@same -S
@same -S expect
@same -G -p tcp -s 10.0.0.1 -d 10.0.0.3 --sport 1002 --dport 22 -o id,extended
@same @packets -L
@same @packets -L -o xml,ktimestamp
@same @many -L
)"},
    {"get", R"(
-G -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 80
-G -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 80 -o id
-G -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 80 -o extended,ktimestamp,labels
-G -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 80 -o xml
-G -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 80 -o save
-G -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 81
-G -p tcp -s 10.0.0.2 -d 10.0.0.1 --sport 80 --dport 1001
-G -p tcp -r 10.0.0.2 -q 10.0.0.1 --reply-port-src 80 --reply-port-dst 1001
-G -p tcp -s 10.0.0.1 -d 10.0.0.2 --reply-port-src 80 --reply-port-dst 1001
-G -p tcp -s 10.0.0.1 -d 10.0.0.2
-G -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001
-G -p tcp -s 10.0.0.1 --sport 1001 --dport 80
-G -s 10.0.0.1 -d 10.0.0.2
-G
-G -p tcp
-G -p tcp -r 10.0.0.1
-G -p tcp -s 10.0.0.1 -d 10.0.0.3 --sport 1002 --dport 22 -l web
-G -p tcp -s 10.0.0.1 -d 10.0.0.3 --sport 1002 --dport 22 -l forty
-G -p tcp -s 10.0.0.1 -d 10.0.0.3 --sport 1002 --dport 22 --state ESTABLISHED
-G -p tcp -s 10.0.0.1 -d 10.0.0.3 --sport 1002 --dport 22 --state CLOSE
-G -p tcp -s 10.0.0.1 -d 10.0.0.3 --sport 1002 --dport 22 -i {id:ssh}
-G -p tcp -s 10.0.0.1 -d 10.0.0.3 --sport 1002 --dport 22 -i {id:web}
-G -p udp -s 10.0.0.1 -d 10.0.0.53 --sport 2001 --dport 53
-G -p udp -s fd00::1 -d fd00::53 --sport 2001 --dport 53
-G -p tcp -s fd00::1 -d fd00::2 --sport 1001 --dport 443 -o xml,id
-G -p icmp -s 10.0.0.1 -d 10.0.0.2 --icmp-type 8 --icmp-code 0 --icmp-id 77
-G -p icmp -s 10.0.0.1 -d 10.0.0.2 --icmp-type 8 --icmp-code 0
-G -p icmp -s 10.0.0.1 -d 10.0.0.2 --icmp-id 77
-G -p icmpv6 -s fd00::1 -d fd00::2 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 79
-G -p sctp -s 10.0.0.1 -d 10.0.0.2 --sport 3001 --dport 3002
-G -p gre -s 10.0.0.1 -d 10.0.0.2 --srckey 8 --dstkey 9
-G -p gre -s 10.0.0.1 -d 10.0.0.2 --srckey 8
-G -p udplite -s 10.0.0.1 -d 10.0.0.2 --sport 3003 --dport 3004
-G -p esp -s 10.0.0.1 -d 10.0.0.2
-G -p 50 -s 10.0.0.1 -d 10.0.0.2
-G -p tcp -s 10.0.0.1/24 -d 10.0.0.2 --sport 1001 --dport 80
-G -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 80 -w 3
-G -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 80 -m 1
-G -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 80 -f ipv4
-G -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 80 -n
-G expect -p tcp -s 10.0.0.6 -d 10.0.0.1 --sport 0 --dport 50001 --reply-port-src 1 --reply-port-dst 1
-G expect -p tcp -s 10.0.0.6 -d 10.0.0.1 --sport 0 --dport 50001
-G expect -p tcp -s fd00::6 -d fd00::1 --sport 0 --dport 50002 --reply-port-src 1 --reply-port-dst 1
-G expect -p tcp -s 10.0.0.6 -d 10.0.0.1 --sport 0 --dport 1 --reply-port-src 1 --reply-port-dst 1
-G expect -p udp -s 10.0.0.6 -d 10.0.0.1 --sport 0 --dport 1 --reply-port-src 1 --reply-port-dst 1
-G expect -p icmp -s 10.0.0.6 -d 10.0.0.1
-G expect -s 10.0.0.6 -d 10.0.0.1
-G expect -p tcp -s 10.0.0.6
-G expect
)"},
};

}  // namespace

std::span<const CaseGroup> reading_cases() { return kGroups; }

}  // namespace ctwin::test
