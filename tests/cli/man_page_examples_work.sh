#!/bin/sh
. "${0%/*}/lib.sh"

# Every command under EXAMPLES in the manual page succeeds on a table that has what it speaks of.
page=$(cd "${0%/*}/../../man" && pwd)/ctwin.8
in_own_namespace "$@"

"$CTWIN" -I -p tcp -t 300 --state ESTABLISHED -s 10.0.1.2 -d 10.0.2.2 --sport 1 --dport 8080 \
  -n 192.0.2.1 2>/dev/null || fail "cannot create a flow"
"$CTWIN" -I -p udp -t 300 -s 10.0.1.2 -d 10.0.2.53 --sport 1 --dport 53 2>/dev/null ||
  fail "cannot create a flow"
mkdir "$work/bin"
ln -s "$CTWIN" "$work/bin/ctwin"
cd "$work" || exit 1
PATH=$work/bin:$PATH
ctwin -L -o json
sed 's/^{/{"event":"new","time":"2026-11-21T09:00:00.000000Z",/' out >events.json

sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/s/^\.Dl //p' "$page" | sed "s/ 4711$/ $$/" >examples
[ "$(wc -l <examples)" -ge 10 ] || fail "only $(wc -l <examples) examples were found"
while read -r example; do
  case $example in
    *'| jq '*)
      command -v jq >/dev/null || { echo "not run, without jq: $example"; continue; }
      run sh -c "$example"
      [ -s out ] || { show; fail "$example"; } ;;
    *' --watch '*)
      : >out
      sh -c "exec $example" >out 2>err &
      background=$!
      await test -s out
      kill -TERM "$background"
      wait "$background"
      code=$? ;;
    *' -E '*)
      sh -c "exec $example" >out 2>err &
      background=$!
      await someone_listens
      kill -TERM "$background"
      wait "$background"
      code=$? ;;
    *) run sh -c "$example" ;;
  esac
  [ "$code" = 0 ] || { show; fail "$example"; }
  ! grep -q ' 0 flow entries' err || { show; fail "nothing to show for: $example"; }
done <examples
