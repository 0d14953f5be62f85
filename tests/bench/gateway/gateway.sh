#!/bin/sh
# ctwin as a NAT gateway beside the kernel's own NAT, over the same path: packets cross one TUN pair
# with one process in the middle.
#
#   ctwin    inside - ta (ctwin, MASQUERADE) tb - outside
#   kernel   inside - ta (tun_wire) tr - router, MASQUERADE by iptables - veth - outside
#   wire     inside - ta (tun_wire) tb - outside: no NAT at all, the floor
#
# sh tests/bench/gateway/gateway.sh BUILD [ROUNDS] [SECONDS]; needs root. The rounds take turns, so
# that what else the machine does falls on all alike; the best of each is compared.
CTWIN=${1:?usage: gateway.sh BUILD [ROUNDS] [SECONDS]}/src/ctwin
wire=$1/tests/bench/tun_wire
rounds=${2:-3}
seconds=${3:-5}
export CTWIN

. "${0%/*}/../../kernel/gateway/lib.sh"
needs ip iperf3 jq ping iptables-legacy
in_private_namespaces "$@"

address_outside() {
  ip -n outside addr add 192.0.2.2/24 dev "$1"
  ip -n outside link set "$1" up
}

address_inside() {
  ip link set ta netns inside
  ip -n inside addr add 10.1.0.2/24 dev ta
  ip -n inside link set ta up
  ip -n inside route add default dev ta
}

start_wire() {
  "$wire" ta "$1" &
  middle=$!
  background="$background $middle"
  await device_is_here ta
  await device_is_here "$1"
}

set_up_ctwin() {
  write_setup
  start_gateway
  middle=$gateway
}

set_up_wire() {
  start_wire tb
  address_inside
  ip link set tb netns outside
  address_outside tb
  ip -n outside route add 10.1.0.0/24 dev tb
}

set_up_kernel() {
  start_wire tr
  address_inside
  make_namespaces router
  ip link set tr netns router
  ip -n router addr add 10.1.0.1/24 dev tr
  ip -n router link set tr up
  ip -n router link add vr type veth peer name vo netns outside
  ip -n router addr add 192.0.2.1/24 dev vr
  ip -n router link set vr up
  within router sysctl -qw net.ipv4.ip_forward=1
  within router iptables-legacy -t nat -A POSTROUTING -o vr -j MASQUERADE
  address_outside vo
}

# CPU seconds that the process in the middle has used.
cpu_of() { awk '{ sub(/.*\) /, ""); print ($12 + $13) / 100 }' "/proc/$1/stat"; }

measure() {
  make_namespaces inside outside
  "set_up_$1"
  ip netns exec outside iperf3 -s >/dev/null 2>&1 &
  server=$!
  background="$background $server"
  await within inside ping -c 1 -W 1 192.0.2.2
  await within inside iperf3 -c 192.0.2.2 -n 1
  before=$(cpu_of "$middle")
  up=$(within inside iperf3 -J -t "$seconds" -c 192.0.2.2 | jq .end.sum_received.bits_per_second/1e6)
  down=$(within inside iperf3 -J -R -t "$seconds" -c 192.0.2.2 | jq .end.sum_received.bits_per_second/1e6)
  used=$(cpu_of "$middle")
  trip=$(within inside ping -q -c 500 -i 0.002 192.0.2.2 | awk -F/ '/^rtt/ { print $5 * 1000 }')
  echo "$1 $up $down $trip $before $used" >>"$work/results"
  kill "$server" "$middle"
  wait "$server" "$middle" 2>/dev/null
  for name in inside outside router; do ip netns del "$name" 2>/dev/null; done
}

for round in $(seq "$rounds"); do
  for path in wire kernel ctwin; do measure "$path"; done
done

awk '{
  n = $1
  if ($2 > up[n]) up[n] = $2
  if ($3 > down[n]) down[n] = $3
  if (!(n in trip) || $4 < trip[n]) trip[n] = $4
  cpu[n] += $6 - $5; bits[n] += ($2 + $3) / 2
} END {
  printf "%-8s %14s %14s %12s %16s\n", "", "up Mbit/s", "down Mbit/s", "ping us", "CPU s/Gbit"
  for (i = split("wire kernel ctwin", order); i > 0; --i) {
    n = order[i]
    printf "%-8s %14.0f %14.0f %12.0f %16.3f\n", n, up[n], down[n], trip[n],
      cpu[n] / (bits[n] * 2 * seconds / 1000)
  }
  printf "ctwin / kernel: up %.2f, down %.2f, ping %.2f\n", up["ctwin"] / up["kernel"],
    down["ctwin"] / down["kernel"], trip["ctwin"] / trip["kernel"]
}' seconds="$seconds" "$work/results"
