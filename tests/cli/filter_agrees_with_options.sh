#!/bin/sh
. "${0%/*}/lib.sh"

# On the kernel's table: an expression selects what the options select that say the same, and what
# part of it goes down to the kernel makes no difference.
in_own_namespace "$@"
sysctl -qw net.netfilter.nf_conntrack_timestamp=1 net.netfilter.nf_conntrack_acct=1

make() { "$CTWIN" -I -t 300 "$@" 2>"$work/err" || fail "-I $*: $(cat "$work/err")"; }
for host in 1 2 3; do
  for port in 53 123 443; do
    make -p udp -s "10.0.$host.1" -d 10.9.0.1 --sport 4000 --dport $port -m $host
    make -p tcp -s "10.0.$host.1" -d 10.9.0.$host --sport 4000 --dport $port --state ESTABLISHED \
      -u ASSURED,SEEN_REPLY -m $port
    make -p tcp -s "fd00::$host" -d fd00::99 --sport 4000 --dport $port --state TIME_WAIT
  done
  make -p udp -s "10.0.$host.1" -d 10.9.0.1 --sport 5000 --dport 53 -n "192.0.2.1:600$host"
  make -p udp -s "10.0.$host.1" -d 10.9.0.1 --sport 5001 --dport 53 -w 7
  make -p icmp -s "10.0.$host.1" -d 10.9.0.1 --icmp-type 8 --icmp-code 0 --icmp-id "$host"
done
total=$(count)

without_times() { sed 's/ [0-9]* \([A-Z_]* *\)src=/ \1src=/; s/ delta-time=[0-9]*//' | sort; }

# same EXPRESSION OPTION...: both list the same, and something, and not everything.
same() {
  expression=$1
  shift
  "$CTWIN" -L -o id "$@" 2>/dev/null | without_times >"$work/by-options"
  "$CTWIN" -L -o id --filter "$expression" 2>/dev/null | without_times >"$work/by-filter"
  cmp -s "$work/by-options" "$work/by-filter" || {
    diff "$work/by-options" "$work/by-filter"
    fail "$* and $expression"
  }
  listed=$(wc -l <"$work/by-filter")
  [ "$listed" -gt 0 ] || fail "nothing was listed: $expression"
  [ "$listed" -lt "$total" ] || fail "everything was listed: $expression"
  [ "$("$CTWIN" -C --filter "$expression")" = "$listed" ] || fail "-C counts others: $expression"
  [ "$("$CTWIN" -C --filter "not ($expression)")" = $((total - listed)) ] || fail "not $expression"
}
same 'tcp' -p tcp
same 'tcp dst port 443' -p tcp --dport 443
same 'udp and dport = 53 and sport 4000' -p udp --sport 4000 --dport 53
same 'src net 10.0.2.0/24' -s 10.0.2.0/24
same 'src fd00::2 and dst fd00::99' -s fd00::2 -d fd00::99
same 'ip6' -f ipv6
same 'reply dst host 192.0.2.1' -q 192.0.2.1
same 'snat' -n
same 'snat and reply dport 6002' -n 192.0.2.1:6002
same 'mark 2' -m 2
same 'mark 1/1' -m 1/1
same 'zone 7' -w 7
same 'zone 7 and udp and src 10.0.1.1' -w 7 -p udp -s 10.0.1.1
same 'assured' -u ASSURED
same 'status seen_reply and not unreplied' -u SEEN_REPLY
same 'unreplied and ip' -u UNREPLIED -f ipv4
same 'tcp state time_wait' -p tcp --state TIME_WAIT
same 'icmp type 8 and icmp id 2' -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 2

# What no option says.
counts() { [ "$("$CTWIN" -C --filter "$1")" = "$2" ] || fail "not $2 of: $1"; }
counts 'any host 192.0.2.1 or any host fd00::3' 6
counts 'port {53, 123} and not udp' 12
counts 'tcp and (src 10.0.1.1 or src fd00::1) and dport 100-500' 4
counts 'age < 1h' "$total"
counts 'age > 1h or bytes > 0 or packets > 0' 0
counts 'timeout > 100 and timeout <= 5m' "$total"

# The id leads to one entry, and -D deletes that one.
id=$("$CTWIN" -L -p icmp -o id 2>/dev/null | sed -n '1s/.* id=//p')
ctwin -D --filter "id $id"
expect_code 0
expect_err "$prefix 1 flow entries have been deleted."
[ "$(count)" = $((total - 1)) ] || fail "more than one entry is gone"
