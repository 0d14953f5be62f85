#!/bin/sh
. "${0%/*}/lib.sh"

# Every example of ctwin-engine(8) and ctwin-setup(5) does something with files of the names that it
# has; /run and /tmp are a place of the test's own, and the gateway that ssh leads to is a capture.
pages=$(cd "${0%/*}/../../man" && pwd)
data=$(cd "${0%/*}/../data" && pwd)
in_own_namespace "$@"
ip link add eth0 type veth peer name other || skip "not permitted to make a device"
ip link set eth0 up

mkdir "$work/bin"
ln -s "$CTWIN" "$work/bin/ctwin"
# shellcheck disable=SC2016 # the script's own variable
printf '#!/bin/sh\n[ "$1 $2" = "gateway tcpdump" ] && cat "%s"\n' "$data/http.pcap" >"$work/bin/ssh"
chmod +x "$work/bin/ssh"
cd "$work" || exit 1
PATH=$work/bin:$PATH
for name in eth0 lan wan; do cp "$data/injected.pcap" $name.pcap; done
cp "$data/gateway.setup" gw.setup
cp "$data/gateway-inside.pcap" in.pcap
cp "$data/gateway-inside.pcap" inside.pcap
cp "$data/gateway-outside.pcap" out.pcap
grep '^ip\|^sysctl' gw.setup >box.setup
printf '*filter\n:FORWARD DROP [0:0]\nCOMMIT\n' >fw.rules
# The setup of the page's own example.
awk '/^\.Sh EXAMPLES/ { here = 1 } /^\.Ed/ { here = 0 } here && !/^\.|^A gateway/' \
  "$pages/ctwin-setup.5" >gateway.setup

{
  sed -n 's/^\.Dl //p' "$pages/ctwin-engine.8"
  sed -n 's/^\.Dl //; /^ctwin /p' "$pages/ctwin-setup.5"
} | grep -v '^iptables ' | sed 's,/run/,,g; s,/tmp/,,g' >examples
[ "$(wc -l <examples)" -ge 17 ] || fail "only $(wc -l <examples) examples were found"

# Begins one that ends when it is told to.
begin() {
  sh -c "exec $1" >out 2>err &
  background="$background $!"
  last=$!
}
end() {
  kill -TERM "$last"
  wait "$last"
  code=$?
}

while read -r example; do
  case $example in
    export*) eval "$example" ; continue ;;
    *' --serve '*)
      begin "$example"
      await test -S table.sock
      continue ;;
    *unix:*' -E' | *' --capture '*)
      begin "$example"
      catches() { grep -q 'SigCgt:.*[4-7c-f]...$' "/proc/$last/status"; } # SIGTERM
      await catches
      end ;;
    *) run sh -c "$example" ;;
  esac
  [ "$code" = 0 ] || { show; fail "$example"; }
  case $example in
    *' -I '* | *' --capture '* | *unix:*) ;;
    *) [ -s out ] || { show; fail "nothing to show for: $example"; } ;;
  esac
  case $example in '--backend'* | *' -L') unset CTWIN_BACKEND ;; esac
done <examples
[ -s sent.pcapng ] || fail "no packets were written"
