#!/bin/sh
. "${0%/*}/lib.sh"

# A setup file and the captures of both sides: the connection's whole life, in conntrack's lines,
# with the gateway's address where the answers go; the rule was asked once; what leaves is
# translated both ways.
data="${0%/*}/../data"
gateway() {
  ctwin --setup "$data/gateway.setup" --pcap eth0="$data/gateway-inside.pcap" \
    --pcap eth1="$data/gateway-outside.pcap" "$@"
  expect_code 0
}

ends='src=192.168.2.55 dst=217.254.1.76 sport=38922 dport=443'
answers='src=217.254.1.76 dst=193.157.56.3 sport=443 dport=38922'
gateway --run-out -E
expect_out "    [NEW] tcp      6 120 SYN_SENT $ends [UNREPLIED] $answers
 [UPDATE] tcp      6 60 SYN_RECV $ends $answers
 [UPDATE] tcp      6 432000 ESTABLISHED $ends $answers [ASSURED]
 [UPDATE] tcp      6 120 FIN_WAIT $ends $answers [ASSURED]
 [UPDATE] tcp      6 60 CLOSE_WAIT $ends $answers [ASSURED]
 [UPDATE] tcp      6 30 LAST_ACK $ends $answers [ASSURED]
 [UPDATE] tcp      6 120 TIME_WAIT $ends $answers [ASSURED]
[DESTROY] tcp      6 TIME_WAIT $ends $answers [ASSURED]"

gateway --src-nat -L
expect_out_line "tcp      6 .* TIME_WAIT $ends $answers .*"

gateway --iptables-save -
expect_out_line '\[1:52\] -A POSTROUTING -s 192.168.2.0/24 -o eth1 -p tcp -m tcp --dport 443 -j SNAT --to-source 193.157.56.3'
expect_out_line '\[10:[0-9]*\] -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'
expect_out_line '\[1:40\] -A INPUT -i eth1 -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j REJECT --reject-with tcp-reset'

gateway --pcap-out "$work/all.pcapng" --pcap-out eth1="$work/outside.pcapng"
ctwin --pcap "$work/outside.pcapng" --trace
expect_out_line '#1 .* eth1 IP TCP 193.157.56.3.38922 > 217.254.1.76.443 SYN seq=1000 .*'
expect_out_line '#7 .* eth1 IP TCP 193.157.56.3.22 > 203.0.113.9.4444 RST,ACK .*'
ctwin --pcap "$work/all.pcapng" --trace
expect_out_line '#2 .* eth0 IP TCP 217.254.1.76.443 > 192.168.2.55.38922 SYN,ACK .*'
