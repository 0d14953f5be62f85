# Common to the tests of the command line. Each test is one file and shows one behaviour; it is run
# with the program's path in $CTWIN, and ends with 0, or with 77 and a reason where it cannot run.

set -u
LC_ALL=C
export LC_ALL

skip() {
  echo "skipped: $*"
  exit 77
}

fail() {
  echo "FAILED: $*"
  exit 1
}

[ -n "${CTWIN-}" ] || fail "CTWIN does not hold the path of the program"

# Starts the test again in a network namespace of its own, and loads rules there that make the
# kernel track connections and translate addresses.
in_own_namespace() {
  [ "$(id -u)" = 0 ] || skip "needs root, for a network namespace of its own"
  if [ -z "${CTWIN_TEST_NAMESPACE-}" ]; then
    unshare --net --mount true 2>/dev/null || skip "not permitted to make a network namespace"
    CTWIN_TEST_NAMESPACE=1 exec unshare --net --mount sh "$0" "$@"
  fi
  ip link set lo up
  iptables-legacy -t nat -A PREROUTING -j ACCEPT || skip "iptables-legacy cannot load a rule"
  ip6tables-legacy -t nat -A PREROUTING -j ACCEPT || skip "ip6tables-legacy cannot load a rule"
}

work=$(mktemp -d)
background=
clean_up() {
  for pid in $background; do kill "$pid" 2>/dev/null; done
  rm -rf "$work"
}
trap clean_up EXIT

# Runs a command; what it says is then in $work/out and $work/err, its exit status in $code.
run() {
  "$@" >"$work/out" 2>"$work/err" </dev/null
  code=$?
}

ctwin() { run "$CTWIN" "$@"; }

# The same without any capability, as a user who owns nothing.
ctwin_without_privilege() {
  chmod 755 "$work"
  cp "$CTWIN" "$work/ctwin"
  if [ "$(id -u)" = 0 ]; then
    run setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all \
      "$work/ctwin" "$@"
  else
    run "$work/ctwin" "$@"
  fi
}

show() {
  echo "exit status $code, standard output:"
  head -c 3000 "$work/out"
  echo "standard error:"
  head -c 3000 "$work/err"
}

expect_code() {
  [ "$code" = "$1" ] || { show; fail "expected exit status $1"; }
}

# The whole of a stream; without an argument, nothing.
expect_out() {
  [ "$(cat "$work/out")" = "${1-}" ] || { show; fail "expected on standard output: ${1-nothing}"; }
}
expect_err() {
  [ "$(cat "$work/err")" = "${1-}" ] || { show; fail "expected on standard error: ${1-nothing}"; }
}

# A line that matches a basic regular expression from end to end.
expect_out_line() {
  grep -qx -- "$1" "$work/out" || { show; fail "no line on standard output is: $1"; }
}
expect_err_line() {
  grep -qx -- "$1" "$work/err" || { show; fail "no line on standard error is: $1"; }
}

version=$("$CTWIN" -V | sed 's/^ctwin v//')
prefix="ctwin v$version:"
hint="Try \`ctwin -h' or 'ctwin --help' for more information."

# A refused command line: exit status 2, nothing on standard output, one line and the hint.
expect_refusal() {
  expect_code 2
  expect_out
  expect_err "$prefix $1
$hint"
}

# Waits up to ten seconds until a command succeeds.
await() {
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || fail "still failing after 10 s: $*"
    sleep 0.05
  done
}

# Whether anyone in this network namespace listens to connection tracking events.
someone_listens() { awk '$2 == 12 && $4 != "00000000"' /proc/net/netlink | grep -q .; }

# Creates a UDP flow from 10.0.0.1 to 10.0.0.2 port 53; more options can be given.
create_udp() {
  port=$1
  shift
  "$CTWIN" -I -p udp -t 300 -s 10.0.0.1 -d 10.0.0.2 --sport "$port" --dport 53 "$@" 2>/dev/null ||
    fail "cannot create a flow: $("$CTWIN" -I -p udp -t 300 -s 10.0.0.1 -d 10.0.0.2 \
      --sport "$port" --dport 53 "$@" 2>&1)"
}

# Creates $1 flows at once.
create_many() {
  seq "$1" | awk '{ printf "-I -p udp -t 300 -s 10.%d.%d.%d -d 10.0.0.2 --sport 4000 --dport 53\n",
    $1 / 65536 + 1, $1 / 256 % 256, $1 % 256 }' >"$work/many"
  "$CTWIN" -R "$work/many" || fail "cannot create $1 flows"
}

# Serves an engine on $work/engine until the test ends; more options can be given. Commands work on
# it from then on.
serve() {
  "$CTWIN" --backend engine --serve "$work/engine" "$@" \
    >"$work/served" 2>"$work/said" </dev/null &
  server=$!
  background="$background $server"
  await test -S "$work/engine"
  CTWIN_BACKEND=unix:$work/engine
  export CTWIN_BACKEND
}

# Ends the engine; its exit status is in $code.
end_serving() {
  kill "${1:--TERM}" "$server"
  wait "$server"
  code=$?
}

count() { "$CTWIN" -C; }
