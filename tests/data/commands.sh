# 300 commands of scripts, drawn once: create, update, delete, NAT, zones, marks, -R from a pipe, two
# at once. script_of_300_commands.sh runs them on the kernel and on an engine.
ct -I -s 10.0.1.126 -d 192.168.7.7 -p tcp --sport 38519 --dport 53 --state SYN_RECV -t 2145 -w 3 -u SEEN_REPLY -m 0x20
ct -L -u ASSURED
ct -I -s 10.0.1.131 -d 192.168.7.6 -p tcp --sport 2272 --dport 22 --state LISTEN -t 3432 -u SEEN_REPLY,ASSURED -m 1
ct -A -s 10.0.2.14 -d 192.168.7.5 -p 2 -t 3681 -u SEEN_REPLY,ASSURED
ct -I -s fd00::75 -d fd00:1::7 -p sctp --sport 16726 --dport 80 --state COOKIE_WAIT --orig-vtag 7 --reply-vtag 3 -t 7665
ct -D -w 10 -o save 2>/dev/null | sort | sed 's/^-D/-I -t 700/; s/ -t [0-9]* / /2; s/-w [0-9]*/-w 16/' | ct -R -
ct -L -w 1
ct -G -s 10.0.1.126 -d 192.168.7.7 -p tcp --sport 38519 --dport 53
ct -U -s 10.0.1.126 -d 192.168.7.7 -p tcp --sport 38519 --dport 53 -t 690
ct -I -s 10.0.0.133 -d 192.168.7.6 -p sctp --sport 40121 --dport 443 --state COOKIE_WAIT --orig-vtag 2 --reply-vtag 8 -t 3791 -u SEEN_REPLY,ASSURED
ct -A -s 10.0.0.49 -d 192.168.7.1 -p tcp --sport 9000 --dport 22 --state FIN_WAIT -t 7930 -u ASSURED -m 0x20
ct -U -s 10.0.2.14 -p 2 -m 9
ct -L -w 3
ct -D -w 11 -o save 2>/dev/null | sort | sed 's/^-D/-I -t 700/; s/ -t [0-9]* / /2; s/-w [0-9]*/-w 15/' | ct -R -
ct -D -s 10.0.2.14 -d 192.168.7.5 -p 2
ct -U -s 10.0.2.14 -d 192.168.7.5 -p 2 -t 671
ct -G -s 10.0.1.131 -d 192.168.7.6 -p tcp --sport 2272 --dport 22
ct -L -o save | sort | ct -R -
ct -L -n
ct -D -w 11 -o save 2>/dev/null | sort | sed 's/^-D/-I -t 700/; s/ -t [0-9]* / /2; s/-w [0-9]*/-w 15/' | ct -R -
ct -U -s 10.0.0.49 -d 192.168.7.1 -p tcp --sport 9000 --dport 22 -t 696
ct -L -p tcp --dport 443 | wc -l
ct -A -s 10.0.2.191 -d 192.168.7.5 -p sctp --sport 13373 --dport 80 --state COOKIE_WAIT --orig-vtag 4 --reply-vtag 6 -t 5545 -u ASSURED -m 1
ct -L -f ipv6
ct -I -s fd00::c1 -d fd00:1::2 -p udp --sport 41050 --dport 22 -t 7419 -w 2 -n [fd00:9::1]:2106 -u ASSURED -m 1
ct -I -s 10.0.1.106 -d 192.168.7.6 -p tcp --sport 31203 --dport 80 --state SYN_SENT -t 3839 -n 203.0.113.3 -u SEEN_REPLY
ct -I -s 10.0.2.55 -d 192.168.7.7 -p udp --sport 33464 --dport 53 -t 8931 -w 3 -u SEEN_REPLY,ASSURED
ct -I -s 10.0.2.180 -d 192.168.7.2 -p tcp --sport 17816 --dport 22 --state LISTEN -t 3828 -g 203.0.113.4 -u SEEN_REPLY
ct -L -o save
ct -L -n
printf '%s\n' '-I -p udp -t 800 -s 10.5.0.30 -d 10.6.0.1 --sport 30 --dport 53' '' '# nothing' '-U -p udp -s 10.5.0.30 -m 77' | ct -R -
ct -L -w 1
ct -I -s 10.0.0.49 -d 192.168.7.2 -p udp --sport 48147 --dport 443 -t 3299 -n 203.0.113.4 -u SEEN_REPLY,ASSURED -m 0x20
ct -L -o save | sort | ct -R -
ct -D -s 10.0.2.55 -d 192.168.7.7 -p udp --sport 33464 --dport 53 -w 3
ct -L -j
ct -U -s 10.0.2.14 -p 2 -m 9
ct -I -s 10.0.0.124 -d 192.168.7.5 -p 2 -t 7596
ct -L -p 2
ct -D -s 10.0.1.126
ct -L -u SEEN_REPLY
ct -A -s 10.0.2.87 -d 192.168.7.1 -p gre --srckey 68 --dstkey 43 -t 2349 -n 203.0.113.4 -u FIXED_TIMEOUT -m 1
ct -I -s 10.0.2.15 -d 192.168.7.4 -p sctp --sport 11133 --dport 22 --state COOKIE_WAIT --orig-vtag 5 --reply-vtag 1 -t 8147 -u SEEN_REPLY,ASSURED -m 1
ct -D -s 10.0.1.126 -d 192.168.7.7 -p tcp --sport 38519 --dport 53 -w 3
ct -C
ct -L -p udp -o save 2>/dev/null | sort | sed 's/^-A /-A -w 11 /; s/ -w [0-9]* -/ -/2; /orig-zone/d; /reply-zone/d' | ct -R -
ct -A -s 10.0.1.42 -d 192.168.7.1 -p gre --srckey 63 --dstkey 54 -t 4401 -u ASSURED -m 0x20
ct -A -s 10.0.0.107 -d 192.168.7.1 -p sctp --sport 2878 --dport 80 --state COOKIE_WAIT --orig-vtag 1 --reply-vtag 4 -t 8116 -u FIXED_TIMEOUT -m 1
ct -U -s 10.0.1.131 -d 192.168.7.6 -p tcp --sport 2272 --dport 22 -t 610
ct -D -p udp --dport 53 -u UNREPLIED
ct -U -s 10.0.1.42 -p gre -m 9
ct -I -s 10.0.1.31 -d 192.168.7.7 -p tcp --sport 5744 --dport 53 --state SYN_SENT -t 6778 -u ASSURED -m 0x20
ct -D -s 10.0.2.180
ct -U -s 10.0.2.55 -d 192.168.7.7 -p udp --sport 33464 --dport 53 -t 661
ct -I -s 10.0.0.136 -d 192.168.7.4 -p tcp --sport 38700 --dport 53 --state FIN_WAIT -t 4946 -u SEEN_REPLY,ASSURED -m 0x20
ct -U -s 10.0.2.55 -p udp -m 7
ct -U -s 10.0.2.191 -p sctp -m 9
ct -L -p udp & ct -L -p tcp -o extended; wait $!
ct -I -s 10.0.1.163 -d 192.168.7.4 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 256 -t 2829 -u SEEN_REPLY
ct -I -s 10.0.0.147 -d 192.168.7.4 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 820 -t 7300 -n 203.0.113.3 -u ASSURED -m 1
ct -U -s 10.0.2.55 -d 192.168.7.7 -p udp --sport 33464 --dport 53 -t 792
ct -U -s 10.0.2.15 -d 192.168.7.4 -p sctp --sport 11133 --dport 22 -t 622
ct -U -s 10.0.0.124 -d 192.168.7.5 -p 2 -t 830
ct -I -s 10.0.2.63 -d 192.168.7.7 -p sctp --sport 45077 --dport 443 --state ESTABLISHED --orig-vtag 7 --reply-vtag 2 -t 2439 -g 203.0.113.4 -m 1
ct -I -s 10.0.0.64 -d 192.168.7.6 -p 2 -t 2823 -u SEEN_REPLY
ct -U -s 10.0.1.126 -p tcp -m 7
ct -I -s fd00::c5 -d fd00:1::1 -p 2 -t 5752 -u FIXED_TIMEOUT -m 0x20
ct -L -o save | sort | ct -R -
ct -C
ct -U -s 10.0.0.147 -p icmp -m 7
ct -A -s 10.0.0.44 -d 192.168.7.1 -p 2 -t 6440 -w 3 -u SEEN_REPLY,ASSURED
ct -I -s fd00::4c -d fd00:1::6 -p gre --srckey 96 --dstkey 51 -t 2802 -u ASSURED -m 1
ct -I -s 10.0.1.65 -d 192.168.7.3 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 156 -t 6960 -u SEEN_REPLY,ASSURED
ct -L -p tcp --dport 22 | wc -l
ct -U -s 10.0.2.63 -p sctp -m 9
ct -L -p sctp
ct -A -s fd00::38 -d fd00:1::2 -p tcp --sport 64332 --dport 80 --state CLOSE -t 5145 -u FIXED_TIMEOUT -m 1
ct -U -s 10.0.0.124 -p 2 -m 0x3/0xf
ct -U -s 10.0.1.31 -p tcp -m 9
ct -I -s 10.0.0.40 -d 192.168.7.3 -p udp --sport 31642 --dport 80 -t 4080 -g 203.0.113.4 -m 0x20
ct -D -w 12 -o save 2>/dev/null | sort | sed 's/^-D/-I -t 700/; s/ -t [0-9]* / /2; s/-w [0-9]*/-w 16/' | ct -R -
ct -D -s 10.0.1.65 -d 192.168.7.3 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 156
ct -I -s 10.0.1.43 -d 192.168.7.2 -p sctp --sport 2518 --dport 53 --state CLOSED --orig-vtag 1 --reply-vtag 4 -t 4204 -n 203.0.113.1 -m 0x20
ct -L -u ASSURED
ct -D -w 13 -o save 2>/dev/null | sort | sed 's/^-D/-I -t 700/; s/ -t [0-9]* / /2; s/-w [0-9]*/-w 14/' | ct -R -
ct -I -s 10.0.1.197 -d 192.168.7.2 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 919 -t 8795 -u SEEN_REPLY -m 0x20
ct -L -m 1
ct -L -p gre
ct -L -p 2
ct -I -s 10.0.0.117 -d 192.168.7.8 -p tcp --sport 5801 --dport 53 --state ESTABLISHED -t 7079 -u SEEN_REPLY,ASSURED -m 1
ct -L -f ipv6
ct -L -p udp & ct -L -p tcp -o extended; wait $!
ct -I -s 10.0.0.36 -d 192.168.7.3 -p udp --sport 54708 --dport 22 -t 6455 -n 203.0.113.4 -u FIXED_TIMEOUT -m 0x20
ct -U -s 10.0.1.42 -p gre -m 0x3/0xf
ct -I -s 10.0.0.17 -d 192.168.7.8 -p udp --sport 45064 --dport 53 -t 967 -n 203.0.113.3 -u SEEN_REPLY,ASSURED -m 0x20
ct -L expect
ct -U -s 10.0.2.63 -d 192.168.7.7 -p sctp --sport 45077 --dport 443 -t 794
ct -G -s 10.0.0.136 -d 192.168.7.4 -p tcp --sport 38700 --dport 53
ct -I -s 10.0.0.123 -d 192.168.7.8 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 226 -t 7156 -w 2 -g 203.0.113.4 -u FIXED_TIMEOUT -m 1
ct -L -w 2
ct -I -s 10.0.1.159 -d 192.168.7.6 -p gre --srckey 24 --dstkey 98 -t 2675 -u SEEN_REPLY,ASSURED -m 0x20
ct -I -s 10.0.0.189 -d 192.168.7.1 -p udp --sport 1435 --dport 53 -t 3582
ct -L -o save | sort | ct -R -
ct -D -w 10 -o save 2>/dev/null | sort | sed 's/^-D/-I -t 700/; s/ -t [0-9]* / /2; s/-w [0-9]*/-w 16/' | ct -R -
ct -D -s 10.0.1.163 -d 192.168.7.4 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 256
ct -I -s fd00::2e -d fd00:1::3 -p tcp --sport 9507 --dport 80 --state SYN_SENT -t 2974 -n fd00:9::1 -u SEEN_REPLY,ASSURED -m 1
ct -L -w 4
ct -L -p tcp
ct -U -s 10.0.0.49 -p tcp -m 0x3/0xf
ct -A -s 10.0.0.118 -d 192.168.7.6 -p tcp --sport 31268 --dport 22 --state ESTABLISHED -t 5377 -m 1
ct -U -s 10.0.0.124 -p 2 -m 9
ct -L -p icmp -o save 2>/dev/null | sort | sed 's/^-A /-A -w 11 /; s/ -w [0-9]* -/ -/2; /orig-zone/d; /reply-zone/d' | ct -R -
ct -A -s 10.0.0.141 -d 192.168.7.4 -p sctp --sport 46200 --dport 53 --state CLOSED --orig-vtag 2 --reply-vtag 1 -t 3980 -u FIXED_TIMEOUT
ct -I -s 10.0.2.157 -d 192.168.7.4 -p udp --sport 40199 --dport 22 -t 7940 -u SEEN_REPLY,ASSURED -m 1
ct -A -s 10.0.1.194 -d 192.168.7.3 -p udp --sport 19294 --dport 80 -t 2422 -w 3 -u FIXED_TIMEOUT -m 0x20
ct -I -s 10.0.2.29 -d 192.168.7.1 -p gre --srckey 14 --dstkey 8 -t 885 -m 1
ct -I -s 10.0.2.120 -d 192.168.7.7 -p tcp --sport 35580 --dport 80 --state TIME_WAIT -t 8134 -u FIXED_TIMEOUT
ct -I -s 10.0.0.193 -d 192.168.7.6 -p sctp --sport 22279 --dport 22 --state ESTABLISHED --orig-vtag 2 --reply-vtag 7 -t 7143 -u FIXED_TIMEOUT
ct -D -w 10 -o save 2>/dev/null | sort | sed 's/^-D/-I -t 700/; s/ -t [0-9]* / /2; s/-w [0-9]*/-w 16/' | ct -R -
ct -L -p tcp -o save 2>/dev/null | sort | sed 's/^-A /-A -w 13 /; s/ -w [0-9]* -/ -/2; /orig-zone/d; /reply-zone/d' | ct -R -
ct -D -s fd00::c1
ct -I -s 10.0.0.169 -d 192.168.7.1 -p tcp --sport 55355 --dport 22 --state SYN_RECV -t 3730 -n 203.0.113.3 -u SEEN_REPLY -m 0x20
ct -D -s 10.0.0.133 -d 192.168.7.6 -p sctp --sport 40121 --dport 443
ct -C
ct -U -s 10.0.0.17 -d 192.168.7.8 -p udp --sport 45064 --dport 53 -t 797
ct -L
ct -I -s fd00::17 -d fd00:1::6 -p tcp --sport 3251 --dport 80 --state SYN_SENT -t 2703 -u FIXED_TIMEOUT -m 1
ct -U -s 10.0.0.64 -p 2 -m 0x3/0xf
ct -A -s 10.0.2.160 -d 192.168.7.2 -p udp --sport 52754 --dport 80 -t 7377 -u SEEN_REPLY,ASSURED
ct -U -s fd00::17 -d fd00:1::6 -p tcp --sport 3251 --dport 80 -t 864
ct -U -s 10.0.0.117 -d 192.168.7.8 -p tcp --sport 5801 --dport 53 -t 641
ct -L
ct -I -s fd00::49 -d fd00:1::3 -p tcp --sport 19694 --dport 53 --state ESTABLISHED -t 1820 -n fd00:9::2 -u SEEN_REPLY -m 0x20
ct -L -p sctp -o save 2>/dev/null | sort | sed 's/^-A /-A -w 12 /; s/ -w [0-9]* -/ -/2; /orig-zone/d; /reply-zone/d' | ct -R -
ct -I -s 10.0.2.79 -d 192.168.7.7 -p gre --srckey 55 --dstkey 86 -t 1496 -u FIXED_TIMEOUT -m 1
ct -D -s 10.0.0.141 -d 192.168.7.4 -p sctp --sport 46200 --dport 53
ct -L -p gre
ct -L -p gre -o save 2>/dev/null | sort | sed 's/^-A /-A -w 12 /; s/ -w [0-9]* -/ -/2; /orig-zone/d; /reply-zone/d' | ct -R -
ct -U -s 10.0.0.107 -d 192.168.7.1 -p sctp --sport 2878 --dport 80 -t 718
ct -I -s 10.0.1.197 -d 192.168.7.7 -p tcp --sport 40486 --dport 80 --state FIN_WAIT -t 8913 -g 203.0.113.1:2170 -u SEEN_REPLY -m 0x20
ct -U -s 10.0.2.14 -d 192.168.7.5 -p 2 -t 712
ct -L -p udp -o save 2>/dev/null | sort | sed 's/^-A /-A -w 11 /; s/ -w [0-9]* -/ -/2; /orig-zone/d; /reply-zone/d' | ct -R -
ct -I -s 10.0.1.15 -d 192.168.7.7 -p tcp --sport 48450 --dport 53 --state ESTABLISHED -t 2330 -w 3 -u FIXED_TIMEOUT -m 1
ct -U -s 10.0.0.189 -d 192.168.7.1 -p udp --sport 1435 --dport 53 -t 756
ct -L -f ipv6
ct -G -s 10.0.2.120 -d 192.168.7.7 -p tcp --sport 35580 --dport 80
ct -U -s 10.0.1.126 -d 192.168.7.7 -p tcp --sport 38519 --dport 53 -t 735
ct -L -p udp -o save 2>/dev/null | sort | sed 's/^-A /-A -w 11 /; s/ -w [0-9]* -/ -/2; /orig-zone/d; /reply-zone/d' | ct -R -
ct -F
ct -L -p udp
ct -I -s 10.0.1.28 -d 192.168.7.7 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 934 -t 1682 -g 203.0.113.1 -u SEEN_REPLY -m 0x20
ct -I -s 10.0.2.15 -d 192.168.7.4 -p tcp --sport 40134 --dport 22 --state TIME_WAIT -t 8687 -u FIXED_TIMEOUT -m 0x20
ct -L -p tcp -o save 2>/dev/null | sort | sed 's/^-A /-A -w 12 /; s/ -w [0-9]* -/ -/2; /orig-zone/d; /reply-zone/d' | ct -R -
ct -D -s 10.0.2.120 -d 192.168.7.7 -p tcp --sport 35580 --dport 80
ct -I -s fd00::6a -d fd00:1::4 -p 2 -t 1186 --reply-zone 4 -u FIXED_TIMEOUT
ct -I -s 10.0.0.117 -d 192.168.7.2 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 104 -t 1940 -n 203.0.113.1 -u ASSURED
ct -L -o save | sort | ct -R -
ct -I -s 10.0.0.134 -d 192.168.7.8 -p gre --srckey 41 --dstkey 50 -t 7289 -m 0x20
ct -I -s 10.0.0.191 -d 192.168.7.7 -p gre --srckey 81 --dstkey 77 -t 7423 -u SEEN_REPLY,ASSURED
ct -I -s 10.0.2.148 -d 192.168.7.5 -p gre --srckey 90 --dstkey 50 -t 4134 --orig-zone 4 -u ASSURED -m 1
ct -I -s 10.0.0.138 -d 192.168.7.2 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 776 -t 4086 -u SEEN_REPLY,ASSURED -m 1
ct -G -s 10.0.1.194 -d 192.168.7.3 -p udp --sport 19294 --dport 80
ct -D -p nonsense
ct -L -p udp & ct -L -p tcp -o extended; wait $!
ct -D -s 10.0.1.15
ct -I -s fd00::ab -d fd00:1::3 -p tcp --sport 43079 --dport 443 --state TIME_WAIT -t 4803 -u FIXED_TIMEOUT -m 0x20
ct -I -s 10.0.1.1 -d 192.168.7.7 -p 2 -t 6504 -u SEEN_REPLY,ASSURED -m 0x20
ct -D -m 9
ct -G -s fd00::c1 -d fd00:1::2 -p udp --sport 41050 --dport 22
ct -U -s 10.0.2.55 -p udp -m 7
ct -G -s 10.0.2.79 -d 192.168.7.7 -p gre --srckey 55 --dstkey 86
ct -A -s 10.0.0.57 -d 192.168.7.8 -p udp --sport 61401 --dport 22 -t 3261 -u ASSURED
ct -I -s 10.0.2.46 -d 192.168.7.7 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 808 -t 4623 -u SEEN_REPLY -m 0x20
ct -U -s fd00::c1 -d fd00:1::2 -p udp --sport 41050 --dport 22 -t 832
ct -I -s 10.0.1.64 -d 192.168.7.2 -p sctp --sport 23356 --dport 80 --state COOKIE_WAIT --orig-vtag 7 --reply-vtag 1 -t 4692 -u ASSURED
ct -D -s 10.0.0.36
ct -U -s 10.0.2.46 -d 192.168.7.7 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 808 -t 735
ct -U -s 10.0.2.15 -p sctp -m 9
ct -U -s 10.0.2.180 -p tcp -m 9
ct -A -s 10.0.1.151 -d 192.168.7.4 -p udp --sport 56943 --dport 80 -t 8156 -w 1 -g 203.0.113.4:2528 -u FIXED_TIMEOUT -m 0x20
ct -A -s 10.0.1.90 -d 192.168.7.5 -p 2 -t 2134 -u SEEN_REPLY -m 0x20
ct -L -w 4
ct -L -o save | sort | ct -R -
ct -I -s 10.0.0.72 -d 192.168.7.2 -p 2 -t 2537 -w 3 -u SEEN_REPLY -m 1
ct -U -s fd00::6a -d fd00:1::4 -p 2 -t 863
ct -I -s 10.0.2.42 -d 192.168.7.4 -p gre --srckey 17 --dstkey 12 -t 8727 -w 2 -n 203.0.113.2 -u SEEN_REPLY,ASSURED -m 1
ct -I -s fd00::bc -d fd00:1::4 -p udp --sport 23217 --dport 80 -t 1046 --orig-zone 3 -m 1
ct -D -p nonsense
ct -L -w 2
ct -U -s 10.0.0.133 -p sctp -m 7
ct -C
ct -D -s fd00::bc -d fd00:1::4 -p udp --sport 23217 --dport 80
ct -A -s 10.0.1.108 -d 192.168.7.3 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 543 -t 3851 -u ASSURED -m 1
ct -D -p 2
ct -D -w 12 -o save 2>/dev/null | sort | sed 's/^-D/-I -t 700/; s/ -t [0-9]* / /2; s/-w [0-9]*/-w 17/' | ct -R -
ct -L -o save | sort | ct -R -
ct -F
ct -I -s 10.0.0.38 -d 192.168.7.3 -p udp --sport 62212 --dport 22 -t 1386
ct -L -p gre
ct -U -s 10.0.0.64 -p 2 -m 0x3/0xf
ct -D -w 12 -o save 2>/dev/null | sort | sed 's/^-D/-I -t 700/; s/ -t [0-9]* / /2; s/-w [0-9]*/-w 16/' | ct -R -
printf '%s\n' '-I -p udp -t 800 -s 10.5.0.201 -d 10.6.0.1 --sport 201 --dport 53' '' '# nothing' '-U -p udp -s 10.5.0.201 -m 77' | ct -R -
ct -I -s 10.0.1.117 -d 192.168.7.1 -p udp --sport 47212 --dport 80 -t 5181 -u FIXED_TIMEOUT -m 0x20
ct -A -s fd00::4a -d fd00:1::5 -p udp --sport 24316 --dport 22 -t 1156 -u SEEN_REPLY
ct -I -s 10.0.0.96 -d 192.168.7.4 -p udp --sport 27998 --dport 80 -t 3147 -u SEEN_REPLY,ASSURED -m 0x20
ct -I -s fd00::64 -d fd00:1::8 -p tcp --sport 26985 --dport 22 --state LISTEN -t 5604 -g fd00:9::3 -u SEEN_REPLY,ASSURED -m 1
ct -G -s 10.0.1.15 -d 192.168.7.7 -p tcp --sport 48450 --dport 53
ct -L -p tcp --dport 443 | wc -l
ct -U -s 10.0.1.1 -p 2 -m 9
ct -L -p tcp -o save 2>/dev/null | sort | sed 's/^-A /-A -w 12 /; s/ -w [0-9]* -/ -/2; /orig-zone/d; /reply-zone/d' | ct -R -
ct -L -p tcp --dport 80 | wc -l
ct -L expect
ct -A -s fd00::ac -d fd00:1::2 -p tcp --sport 27635 --dport 53 --state CLOSE -t 2868 -u SEEN_REPLY,ASSURED -m 0x20
ct -I -s 10.0.1.51 -d 192.168.7.7 -p udp --sport 27329 --dport 53 -t 5080 -u SEEN_REPLY,ASSURED -m 1
ct -I -s 10.0.1.15 -d 192.168.7.8 -p 2 -t 2933 --reply-zone 4 -u FIXED_TIMEOUT -m 0x20
ct -L -p 2 -o save 2>/dev/null | sort | sed 's/^-A /-A -w 11 /; s/ -w [0-9]* -/ -/2; /orig-zone/d; /reply-zone/d' | ct -R -
ct -L -p udp
ct -U -s 10.0.0.193 -d 192.168.7.6 -p sctp --sport 22279 --dport 22 -t 681
ct -A -s 10.0.0.108 -d 192.168.7.6 -p tcp --sport 7237 --dport 53 --state FIN_WAIT -t 8919 -w 4 -n 203.0.113.1 -u SEEN_REPLY,ASSURED -m 0x20
ct -I -s 10.0.1.148 -d 192.168.7.6 -p tcp --sport 38190 --dport 443 --state ESTABLISHED -t 5623 -g 203.0.113.1 -u FIXED_TIMEOUT
ct -L -p tcp --dport 80 | wc -l
ct -G -s 10.0.0.189 -d 192.168.7.1 -p udp --sport 1435 --dport 53
ct -I -s 10.0.0.164 -d 192.168.7.7 -p gre --srckey 14 --dstkey 64 -t 1332 -u SEEN_REPLY -m 0x20
ct -I -s 10.0.1.85 -d 192.168.7.7 -p 2 -t 756 -u SEEN_REPLY -m 1
ct -I -s fd00::4e -d fd00:1::6 -p udp --sport 53674 --dport 443 -t 8725 -m 1
ct -L -p udp & ct -L -p tcp -o extended; wait $!
ct -I -s 10.0.1.77 -d 192.168.7.5 -p tcp --sport 7243 --dport 53 --state CLOSE -t 4457 -u FIXED_TIMEOUT -m 1
ct -U -s 10.0.0.57 -d 192.168.7.8 -p udp --sport 61401 --dport 22 -t 715
ct -U -s 10.0.1.197 -d 192.168.7.7 -p tcp --sport 40486 --dport 80 -t 668
ct -D -w 13 -o save 2>/dev/null | sort | sed 's/^-D/-I -t 700/; s/ -t [0-9]* / /2; s/-w [0-9]*/-w 15/' | ct -R -
ct -A -s 10.0.1.39 -d 192.168.7.2 -p sctp --sport 4252 --dport 22 --state ESTABLISHED --orig-vtag 2 --reply-vtag 2 -t 7496 -u ASSURED -m 0x20
ct -L -p udp & ct -L -p tcp -o extended; wait $!
ct -I -s 10.0.2.188 -d 192.168.7.5 -p tcp --sport 3045 --dport 443 --state TIME_WAIT -t 7742 -u ASSURED -m 1
ct -I -s 10.0.0.58 -d 192.168.7.3 -p sctp --sport 2096 --dport 80 --state ESTABLISHED --orig-vtag 8 --reply-vtag 3 -t 1168 --orig-zone 3 -n 203.0.113.4 -m 1
ct -I -s 10.0.0.40 -d 192.168.7.4 -p 2 -t 2168 -u ASSURED
ct -L -p tcp -o save 2>/dev/null | sort | sed 's/^-A /-A -w 10 /; s/ -w [0-9]* -/ -/2; /orig-zone/d; /reply-zone/d' | ct -R -
ct -A -s 10.0.1.93 -d 192.168.7.6 -p sctp --sport 44142 --dport 80 --state ESTABLISHED --orig-vtag 1 --reply-vtag 1 -t 4246 -n 203.0.113.3 -u SEEN_REPLY,ASSURED -m 1
ct -I -s 10.0.0.166 -d 192.168.7.8 -p tcp --sport 30308 --dport 53 --state FIN_WAIT -t 3109 -n 203.0.113.2:2682 -u SEEN_REPLY -m 0x20
ct -U -s 10.0.0.36 -d 192.168.7.3 -p udp --sport 54708 --dport 22 -t 837
ct -I -s 10.0.2.2 -d 192.168.7.8 -p udp --sport 47662 --dport 53 -t 3328 -u SEEN_REPLY -m 1
ct -I -s fd00::37 -d fd00:1::3 -p tcp --sport 64139 --dport 53 --state SYN_SENT -t 7861 -w 3 -u SEEN_REPLY,ASSURED
ct -I -s 10.0.1.158 -d 192.168.7.6 -p udp --sport 12783 --dport 80 -t 8296 -u SEEN_REPLY
ct -I -s 10.0.0.175 -d 192.168.7.4 -p gre --srckey 51 --dstkey 97 -t 6983
ct -U -s 10.0.0.141 -p sctp -m 7
ct -L -p udp & ct -L -p tcp -o extended; wait $!
ct -I -s 10.0.2.39 -d 192.168.7.5 -p udp --sport 24563 --dport 80 -t 8183 -w 2 -u SEEN_REPLY,ASSURED -m 1
ct -A -s 10.0.1.66 -d 192.168.7.1 -p tcp --sport 45916 --dport 80 --state CLOSE -t 5170 -u ASSURED -m 0x20
ct -G -s 10.0.0.96 -d 192.168.7.4 -p udp --sport 27998 --dport 80
ct -L -u SEEN_REPLY
ct -A -s 10.0.1.110 -d 192.168.7.6 -p tcp --sport 51819 --dport 443 --state FIN_WAIT -t 7243 -w 2 -u SEEN_REPLY,ASSURED -m 0x20
ct -U -s 10.0.2.180 -p tcp -m 0x3/0xf
printf '%s\n' '-I -p udp -t 800 -s 10.5.0.1 -d 10.6.0.1 --sport 251 --dport 53' '' '# nothing' '-U -p udp -s 10.5.0.1 -m 77' | ct -R -
ct -A -s 10.0.2.89 -d 192.168.7.4 -p gre --srckey 30 --dstkey 23 -t 5218 -w 2 -u FIXED_TIMEOUT -m 1
ct -G -s 10.0.2.42 -d 192.168.7.4 -p gre --srckey 17 --dstkey 12
ct -L -p udp & ct -L -p tcp -o extended; wait $!
ct -U -s 10.0.2.89 -d 192.168.7.4 -p gre --srckey 30 --dstkey 23 -t 808
ct -U -s fd00::38 -p tcp -m 9
ct -G -s 10.0.1.1 -d 192.168.7.7 -p 2
ct -U -s 10.0.0.124 -p 2 -m 9
ct -L -p gre -o save 2>/dev/null | sort | sed 's/^-A /-A -w 12 /; s/ -w [0-9]* -/ -/2; /orig-zone/d; /reply-zone/d' | ct -R -
ct -G -s fd00::c1 -d fd00:1::2 -p udp --sport 41050 --dport 22
ct -A -s 10.0.2.91 -d 192.168.7.2 -p sctp --sport 1438 --dport 443 --state COOKIE_WAIT --orig-vtag 6 --reply-vtag 1 -t 4971 --orig-zone 2 -n 203.0.113.4 -u FIXED_TIMEOUT -m 0x20
ct -L -u SEEN_REPLY
ct -U -s 10.0.0.38 -d 192.168.7.3 -p udp --sport 62212 --dport 22 -t 709
printf '%s\n' '-I -p udp -t 800 -s 10.5.0.14 -d 10.6.0.1 --sport 264 --dport 53' '' '# nothing' '-U -p udp -s 10.5.0.14 -m 77' | ct -R -
ct -I -s 10.0.0.33 -d 192.168.7.6 -p 2 -t 5394 -u SEEN_REPLY -m 0x20
ct -G -s 10.0.1.90 -d 192.168.7.5 -p 2
ct -L -n
ct -I -s 10.0.2.160 -d 192.168.7.4 -p tcp --sport 39924 --dport 22 --state LISTEN -t 5967 -u SEEN_REPLY,ASSURED -m 0x20
ct -L -g
ct -I -s 10.0.0.173 -d 192.168.7.8 -p tcp --sport 57447 --dport 22 --state FIN_WAIT -t 5824 -u SEEN_REPLY -m 1
ct -I -s fd00::24 -d fd00:1::7 -p sctp --sport 34375 --dport 22 --state CLOSED --orig-vtag 2 --reply-vtag 5 -t 2109 --orig-zone 4 -n fd00:9::4 -m 0x20
ct -L -u SEEN_REPLY
ct -A -s 10.0.0.60 -d 192.168.7.2 -p udp --sport 54358 --dport 80 -t 6110 -g 203.0.113.1 -u SEEN_REPLY,ASSURED -m 0x20
ct -C
ct -U -m 1
ct -D -s 10.0.1.106
ct -L -g
ct -I -s 10.0.1.13 -d 192.168.7.6 -p tcp --sport 46185 --dport 443 --state TIME_WAIT -t 7477 -u SEEN_REPLY -m 1
ct -C
ct -I -s 10.0.2.199 -d 192.168.7.5 -p tcp --sport 2327 --dport 443 --state SYN_RECV -t 4054 -g 203.0.113.2:2253 -u ASSURED -m 1
ct -I -s 10.0.2.193 -d 192.168.7.6 -p sctp --sport 64475 --dport 22 --state COOKIE_WAIT --orig-vtag 1 --reply-vtag 4 -t 5381 -g 203.0.113.4 -u SEEN_REPLY
ct -L -p tcp
ct -I -s 10.0.1.9 -d 192.168.7.5 -p tcp --sport 61238 --dport 443 --state SYN_SENT -t 7100 -u SEEN_REPLY
ct -L -p tcp --dport 22 | wc -l
ct -A -s fd00::39 -d fd00:1::1 -p tcp --sport 54067 --dport 443 --state SYN_RECV -t 5687 -w 4 -u FIXED_TIMEOUT -m 1
ct -D -p udp --dport 53 -u UNREPLIED
ct -I -s 10.0.0.184 -d 192.168.7.7 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 355 -t 4875 -u ASSURED -m 1
ct -A -s 10.0.1.13 -d 192.168.7.2 -p udp --sport 16386 --dport 22 -t 1692 -g 203.0.113.2 -u SEEN_REPLY
ct -D -p udp --dport 53 -u UNREPLIED
ct -I -s 10.0.0.11 -d 192.168.7.2 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 391 -t 3700 -u SEEN_REPLY,ASSURED
ct -U -s 10.0.0.72 -p 2 -m 9
ct -C
ct -U -s 10.0.2.89 -d 192.168.7.4 -p gre --srckey 30 --dstkey 23 -t 817
ct -A -s 10.0.0.97 -d 192.168.7.1 -p tcp --sport 33971 --dport 53 --state SYN_RECV -t 1505 -u SEEN_REPLY
printf '%s\n' '-I -p udp -t 800 -s 10.5.0.45 -d 10.6.0.1 --sport 295 --dport 53' '' '# nothing' '-U -p udp -s 10.5.0.45 -m 77' | ct -R -
ct -L -w 3
ct -A -s 10.0.2.176 -d 192.168.7.1 -p gre --srckey 38 --dstkey 32 -t 4864
ct -U -s 10.0.0.72 -d 192.168.7.2 -p 2 -t 616
ct -G -s fd00::c1 -d fd00:1::2 -p udp --sport 41050 --dport 22
