#!/bin/sh
. "${0%/*}/lib.sh"

# ctwin as a translating gateway between two namespaces that know nothing of it: what people do
# through a gateway works, the table has it, and connections outlive the gateway's restart.
# CTWIN_MEGABYTES says how much is downloaded.
needs ip curl python3 iperf3 ping traceroute nc sha256sum
in_private_namespaces "$@"
make_namespaces inside outside
write_setup
socket=$work/socket
start_gateway --backend "engine:$work/state" --serve "$socket" -E
await test -S "$socket"

say() { echo "== $*"; }
ctwin_there() { ctwin --backend "unix:$socket" "$@"; }
run_inside() { run ip netns exec inside "$@"; }
has_line() { grep -q -- "$2" "$1"; }

say "ping, IPv4 and IPv6"
for address in 192.0.2.2 fd00:2::2; do
  run_inside ping -c 3 -i 0.2 -W 5 "$address"
  expect_code 0
done
ctwin_there -L -f ipv4 -p icmp
expect_out_line 'icmp .* src=10.1.0.2 dst=192.0.2.2 .* packets=3 bytes=252 src=192.0.2.2 dst=192.0.2.1 .*'
ctwin_there -L -f ipv6 -p icmpv6
expect_out_line 'icmpv6 .* src=fd00:1::2 dst=fd00:2::2 .* src=fd00:2::2 dst=fd00:2::1 .*'

say "traceroute shows the gateway"
run_inside traceroute -n -q 1 -w 5 192.0.2.2
expect_out_line ' 1  10.1.0.1 .*'
expect_out_line ' 2  192.0.2.2 .*'

say "a download"
mkdir "$work/www"
head -c "${CTWIN_MEGABYTES:-50}M" /dev/urandom >"$work/www/file"
ip netns exec outside python3 -m http.server --bind :: --directory "$work/www" 8000 >/dev/null 2>&1 &
background="$background $!"
await within outside curl -sfo /dev/null http://192.0.2.2:8000/
for server in 192.0.2.2 '[fd00:2::2]'; do
  run_inside curl -sf -o "$work/copy" "http://$server:8000/file"
  expect_code 0
  [ "$(sha256sum <"$work/copy")" = "$(sha256sum <"$work/www/file")" ] || fail "the download differs"
  rm "$work/copy"
done

say "iperf3, both ways"
ip netns exec outside iperf3 -s >/dev/null 2>&1 &
background="$background $!"
for direction in '' -R; do
  # Until the server has come up, and is done with the client before.
  # shellcheck disable=SC2086
  await within inside iperf3 -c 192.0.2.2 -t 1 $direction
done

say "a forwarded port"
ip netns exec inside python3 -m http.server --directory "$work/www" 80 >"$work/inside.log" 2>&1 &
background="$background $!"
await within inside curl -sfo /dev/null http://10.1.0.2/
run ip netns exec outside curl -sf -o "$work/copy" http://192.0.2.1:8080/file
expect_code 0
cmp -s "$work/copy" "$work/www/file" || fail "what came by the forwarded port differs"
rm "$work/copy"
ctwin_there -L --dst-nat
expect_out_line 'tcp .* src=192.0.2.2 dst=192.0.2.1 .* dport=8080 .* src=10.1.0.2 dst=192.0.2.2 sport=80 .*'
run ip netns exec outside curl -s http://10.1.0.2/
[ "$code" = 7 ] || fail "what is not forwarded is not refused either: curl ended with $code"

say "another one, and a smaller link, after SIGHUP"
cat >>"$work/gw.setup" <<'SETUP'
ip link set ta mtu 1400
iptables -t nat -A PREROUTING -i tb -p tcp --dport 8081 -j DNAT --to-destination 10.1.0.2:80
SETUP
kill -HUP "$gateway"
await has_line "$work/gateway.err" 'the setup has been read again'
for port in 8080 8081; do
  run ip netns exec outside curl -sf -o "$work/copy" "http://192.0.2.1:$port/file"
  expect_code 0
  cmp -s "$work/copy" "$work/www/file" || fail "what came by port $port differs"
  rm "$work/copy"
done
run_inside curl -sf -o "$work/copy" http://192.0.2.2:8000/file
expect_code 0
cmp -s "$work/copy" "$work/www/file" || fail "the download by the smaller link differs"
rm "$work/copy"
within outside ip route get 192.0.2.1 | grep -q 'mtu 1400' || fail "nobody was told of the smaller link"

say "somebody watches the outer device"
"$CTWIN" --netns outside --capture tb --capture-filter icmp -E >"$work/watched" 2>"$work/watched.err" &
watcher=$!
background="$background $watcher"
echo_is_seen() {
  within inside ping -c 1 -W 5 192.0.2.2 && has_line "$work/watched" '\[UPDATE\] icmp .*src=192.0.2.1'
}
await echo_is_seen
kill -INT "$watcher"
wait "$watcher" || fail "the watcher ended with $?: $(cat "$work/watched.err")"
has_line "$work/watched" '\[NEW\] icmp .*src=192.0.2.1 dst=192.0.2.2 .*\[UNREPLIED\]' ||
  fail "the watcher saw no new flow"
has_line "$work/watched.err" ': [0-9]* flow events have been shown' || fail "no summary"
# Nobody knows since when it watches.
echo_is_listed() {
  "$CTWIN" --netns outside --capture any -L >"$work/listed" 2>"$work/listed.err" &
  lister=$!
  within inside ping -c 3 -i 0.2 -W 5 192.0.2.2
  kill -TERM "$lister"
  wait "$lister" && has_line "$work/listed" 'icmp .*src=192.0.2.1 dst=192.0.2.2'
}
await echo_is_listed
has_line "$work/listed.err" ': [0-9]* flow entries have been shown' || fail "no summary"

say "a connection outlives a restart of the gateway"
mkfifo "$work/to_inside" "$work/to_outside"
ip netns exec outside nc -l -p 7000 <"$work/to_inside" >"$work/outside.got" &
background="$background $!"
exec 8>"$work/to_inside"
is_listening() { within outside ss -ltn | grep -q :7000; }
await is_listening
ip netns exec inside nc 192.0.2.2 7000 <"$work/to_outside" >"$work/inside.got" &
background="$background $!"
exec 9>"$work/to_outside"
echo 'from inside, before' >&9
await has_line "$work/outside.got" 'from inside, before'
echo 'from outside, before' >&8
await has_line "$work/inside.got" 'from outside, before'
ctwin_there -L -p tcp --dport 7000 -o id
expect_out_line '.*ESTABLISHED.*dport=7000.*ASSURED.*'
id=$(grep -o ' id=[0-9]*' "$work/out")
stop_gateway TERM
[ ! -e "$socket" ] || fail "the socket is still there"
start_gateway --backend "engine:$work/state" --serve "$socket" -E
await test -S "$socket"
echo 'from inside, after' >&9
await has_line "$work/outside.got" 'from inside, after'
echo 'from outside, after' >&8
await has_line "$work/inside.got" 'from outside, after'
ctwin_there -L -p tcp --dport 7000 -o id
expect_out_line ".*ESTABLISHED.*dport=7000.*ASSURED.*$id"
exec 8>&- 9>&-
[ "$(grep -c '\[NEW\] tcp .*dport=7000' "$work/gateway.out")" = 1 ] || fail "there was a second flow"

say "the end"
stop_gateway INT
has_line "$work/gateway.err" ': [0-9]* flow events have been shown' || fail "no summary"
