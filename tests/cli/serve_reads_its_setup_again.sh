#!/bin/sh
. "${0%/*}/lib.sh"

# SIGHUP puts the setup as its files are now in the place of the old one, or changes nothing when
# there is a mistake; the flows stay.
setup=$work/box.setup
cat >"$setup" <<'SETUP'
ip addr add 10.0.0.1/24 dev eth0
sysctl -w net.netfilter.nf_conntrack_max=5
SETUP
serve --setup "$setup"
said() { grep -qxF "$prefix $1" "$work/said"; }
create_udp 1
create_udp 2
sed -i 's/max=5/max=2/' "$setup"
kill -HUP "$server"
await said "the setup has been read again: $setup"
run "$CTWIN" -I -p udp -t 9 -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 1
expect_code 1
expect_err "$prefix Operation failed: not enough memory"
ctwin -C
expect_out 2
sed -i 's/max=2/max=7/' "$setup"
echo 'iptables -A FORWARD -j NOWHERE' >>"$setup"
kill -HUP "$server"
await grep -q "^$prefix $setup:3:.*NOWHERE.*; the setup stays as it was" "$work/said"
run "$CTWIN" -I -p udp -t 9 -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 1
expect_code 1
ctwin -C
expect_out 2
end_serving
expect_code 0
rm -f "$work/engine"
serve
kill -HUP "$server"
await said "SIGHUP: there is no --setup FILE to be read again"
