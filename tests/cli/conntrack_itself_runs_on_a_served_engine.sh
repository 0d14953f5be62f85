#!/bin/sh
. "${0%/*}/lib.sh"

# The original program, with the shim preloaded, takes a served engine for the kernel.
# Should the shim not be loaded, no harm is done.
[ "$(id -u)" != 0 ] || in_own_namespace "$@"
conntrack=/usr/sbin/conntrack
[ -x "$conntrack" ] || skip "there is no $conntrack"
[ -f "${CTWIN_SHIM-}" ] || skip "no shim was built"
serve --sysctl net.netfilter.nf_conntrack_acct=1
original() { run env "LD_PRELOAD=$CTWIN_SHIM" "CTWIN_SHIM_SOCKET=$work/engine" "$conntrack" "$@"; }
"$conntrack" -V >"$work/v" 2>/dev/null || skip "$conntrack does not run"
env "LD_PRELOAD=$CTWIN_SHIM" "CTWIN_SHIM_SOCKET=$work/engine" "$conntrack" -E >"$work/events" 2>/dev/null &
background="$background $!"
listening() {
  create_udp 1
  "$CTWIN" -D >/dev/null 2>&1
  [ -s "$work/events" ]
}
await listening
original -I -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 7 --dport 80 -t 100 --state ESTABLISHED \
  -u SEEN_REPLY,ASSURED
expect_code 0
original -L
expect_out_line 'tcp      6 [0-9]* ESTABLISHED src=10.0.0.1 .* \[ASSURED\] mark=0 use=1'
ctwin -C
expect_out 1
original -U -f ipv4 -p tcp -m 9
expect_code 0
original -C
expect_out 1
original -S
expect_out_line 'cpu=0 .*'
original -D -m 9
expect_code 0
await grep -q 'DESTROY.*sport=7 dport=80 .*mark=9' "$work/events"
await grep -q 'UPDATE.*sport=7 dport=80 .*mark=9' "$work/events"
original -F
expect_code 0
run env "LD_PRELOAD=$CTWIN_SHIM" "CTWIN_SHIM_SOCKET=$work/none" "$conntrack" -L
[ "$code" != 0 ] || fail "listed an engine that is not there"
expect_err_line "netfilter_shim: nobody serves on $work/none: .*"
