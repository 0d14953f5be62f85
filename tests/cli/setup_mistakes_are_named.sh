#!/bin/sh
. "${0%/*}/lib.sh"

# What a setup file says and the engine does not understand is refused with file, line and column,
# in one line; nothing is loaded.
refuses() {
  printf '%s\n' "$1" >"$work/box.setup"
  ctwin --setup "$work/box.setup" -L
  expect_code 2
  expect_out
  [ "$(wc -l <"$work/err")" = 2 ] || { show; fail "expected one line and the hint"; }
  grep -q "box.setup:$2: .*$3" "$work/err" || { show; fail "expected $2 and: $3"; }
}

refuses 'ip addr add 10.0.0.300/24 dev eth0' 1:13 10.0.0.300
refuses 'tc qdisc add dev eth0 root fq' 1:1 tc
refuses 'ip addr add 10.0.0.1/24 dev eth0
iptables -A FORWARD -p tcp --dport 99999 -j ACCEPT' 2:36 99999
refuses 'iptables -A FORWARD -j NOWHERE' 1:24 NOWHERE
refuses 'iptables -t nat -A PREROUTING -j MASQUERADE' 1:34 MASQUERADE
refuses 'sysctl -w net.netfilter.nf_conntrack_nothing=1' 1:11 nf_conntrack_nothing
refuses 'iptables -N A
iptables -N B
iptables -A A -j B
iptables -A B -j A
iptables -A FORWARD -j A' 4:1 'lead back to "A"'

ctwin --setup "$work/none.setup" -L
expect_code 1
expect_err_line "$prefix cannot open .*/none.setup: No such file or directory"
ctwin --pcap-out "$work/out.pcapng" -L
expect_code 2
