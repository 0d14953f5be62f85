#!/bin/sh
# Shows ctwin at work on real flows: two network namespaces of its own, joined by a veth pair, an
# HTTP request and a DNS-like datagram across it, and the server's view of them as ctwin lists and
# watches it. Leaves nothing behind. Needs root.
#
#   usage: flows.sh [path of ctwin]
set -eu

ctwin=${1:-build/src/ctwin}
client=; server=; watcher=; resolver=
work=$(mktemp -d)

clean_up() {
  for pid in $watcher $resolver $client $server; do kill "$pid" 2>/dev/null || :; done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

fail() { echo "flows.sh: $*" >&2; exit 1; }

# Waits up to ten seconds until a command succeeds.
await() {
  for _ in $(seq 200); do
    if "$@" >"$work/await" 2>&1; then return 0; fi
    sleep 0.05
  done
  fail "still failing after 10 s: $*: $(cat "$work/await")"
}

in_client() { nsenter --net="/proc/$client/ns/net" "$@"; }
in_server() { nsenter --net="/proc/$server/ns/net" "$@"; }
is_namespace_of_its_own() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
listens() { in_server ss -Hln "$1" "sport = :$2" | grep -q .; }
# The kernel counts a listener's groups in the fourth column of /proc/net/netlink.
watches() { in_server cat /proc/net/netlink | awk '$2 == 12 && $4 != "00000000"' | grep -q .; }
has_seen() { grep -q "$@" "$work/events"; }

show() {
  printf '\n$ ctwin --netns %s %s\n' "$server" "$*"
  "$ctwin" --netns "$server" "$@"
}

[ -x "$ctwin" ] || fail "no program at $ctwin: build it first, or give its path"
if [ "$(id -u)" != 0 ]; then
  echo "flows.sh: making network namespaces needs root: try sudo $0 $ctwin" >&2
  exit 77
fi

unshare --net sleep 600 & client=$!
unshare --net sleep 600 & server=$!
await is_namespace_of_its_own "$client"
await is_namespace_of_its_own "$server"
in_client ip link add to-server type veth peer name to-client netns "$server"
in_client ip addr add 10.0.0.1/24 dev to-server
in_server ip addr add 10.0.0.2/24 dev to-client
in_client ip link set to-server up
in_server ip link set to-client up
# A namespace tracks connections once a rule asks for them; port 8080 is sent to the web server.
in_server iptables-legacy -t nat -A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 80
in_server sysctl -qw net.netfilter.nf_conntrack_acct=1

"$ctwin" --netns "$server" -E -o timestamp >"$work/events" 2>"$work/events.summary" & watcher=$!
await watches

printf 'HTTP/1.1 200 OK\r\nContent-Length: 22\r\nConnection: close\r\n\r\nhello from the server\n' |
  in_server nc -l -N 80 >"$work/request" &
await listens -t 80
echo answer |
  nsenter --net="/proc/$server/ns/net" nc -u -l 53 >"$work/question" & resolver=$!
await listens -u 53
in_client curl -sS --max-time 10 http://10.0.0.2:8080/
echo question | in_client nc -u -W 1 -w 10 10.0.0.2 53
await has_seen 'TIME_WAIT\|CLOSE '
await has_seen 'UPDATE. udp'

show -L
show -L -p tcp -o extended,id
show -L -o json
show -L --dst-nat
show -C

kill -INT "$watcher"
wait "$watcher" || fail "the watcher ended with $?"
watcher=
printf '\n$ ctwin --netns %s -E -o timestamp     (since before the first packet)\n' "$server"
cat "$work/events" "$work/events.summary"
