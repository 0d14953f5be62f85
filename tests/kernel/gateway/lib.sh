# Common to what runs ctwin as a gateway between two network namespaces, "inside" and "outside": a
# TUN device leads from each of them to ctwin, which runs in a third.
#
#   inside  10.1.0.2 ta ---- 10.1.0.1 (ctwin) 192.0.2.1 ---- tb 192.0.2.2  outside
#         fd00:1::2           fd00:1::1       fd00:2::1         fd00:2::2

. "${0%/*}/../../cli/lib.sh"

# Starts the script again where namespaces and devices of any name are its own.
in_private_namespaces() {
  [ "$(id -u)" = 0 ] || skip "needs root, for network namespaces of its own"
  if [ -z "${CTWIN_TEST_NAMESPACE-}" ]; then
    unshare --net --mount true 2>/dev/null || skip "not permitted to make a network namespace"
    CTWIN_TEST_NAMESPACE=1 exec unshare --net --mount sh "$0" "$@"
  fi
  mkdir -p /run/netns
  mount -t tmpfs none /run/netns 2>/dev/null || skip "not permitted to mount a file system"
  ip tuntap add dev probe mode tun 2>/dev/null || skip "not permitted to make a TUN device"
  ip link del probe
}

needs() {
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "needs $program"
  done
}

# Not for what runs in the background: that would be the child of a shell, which is what is killed.
within() {
  namespace=$1
  shift
  ip netns exec "$namespace" "$@"
}

make_namespaces() {
  for name in "$@"; do
    ip netns add "$name" || fail "cannot make a network namespace"
    ip -n "$name" link set lo up
  done
}

# Gives both ends of the gateway's devices to their namespaces, with addresses and routes.
attach_devices() {
  ip link set ta netns inside
  ip link set tb netns outside
  ip -n inside addr add 10.1.0.2/24 dev ta
  ip -n inside -6 addr add fd00:1::2/64 dev ta nodad
  ip -n inside link set ta up
  ip -n inside route add default dev ta
  ip -n inside -6 route add default dev ta
  ip -n outside addr add 192.0.2.2/24 dev tb
  ip -n outside -6 addr add fd00:2::2/64 dev tb nodad
  ip -n outside link set tb up
  ip -n outside route add 10.1.0.0/24 dev tb
}

device_is_here() { ip link show "$1"; }

write_setup() {
  cat >"$work/gw.setup" <<'SETUP'
ip addr add 10.1.0.1/24 dev ta
ip addr add 192.0.2.1/24 dev tb
ip -6 addr add fd00:1::1/64 dev ta
ip -6 addr add fd00:2::1/64 dev tb
sysctl -w net.ipv4.ip_forward=1
sysctl -w net.ipv6.conf.all.forwarding=1
sysctl -w net.netfilter.nf_conntrack_acct=1
sysctl -w net.netfilter.nf_conntrack_tcp_loose=0
iptables -t nat -A PREROUTING -i tb -p tcp --dport 8080 -j DNAT --to-destination 10.1.0.2:80
iptables -t nat -A POSTROUTING -o tb -j MASQUERADE
ip6tables -t nat -A POSTROUTING -o tb -j MASQUERADE
iptables -P FORWARD DROP
iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED,DNAT -j ACCEPT
iptables -A FORWARD -i ta -j ACCEPT
iptables -A FORWARD -p tcp -j REJECT --reject-with tcp-reset
SETUP
}

# Starts ctwin with the setup and its devices; its pid is then in $gateway. Options can be given.
start_gateway() {
  "$CTWIN" --setup "$work/gw.setup" --tun ta --tun tb "$@" \
    >>"$work/gateway.out" 2>>"$work/gateway.err" </dev/null &
  gateway=$!
  background="$background $gateway"
  await device_is_here ta
  await device_is_here tb
  attach_devices
}

has_ended() { ! kill -0 "$1" 2>/dev/null; }

stop_gateway() {
  kill "-$1" "$gateway"
  wait "$gateway" || fail "the gateway ended with $?: $(cat "$work/gateway.err")"
}
