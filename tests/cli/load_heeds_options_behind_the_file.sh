#!/bin/sh
. "${0%/*}/lib.sh"

# Options that conntrack does not have count in front of -R and behind its file: nothing is done to
# another table than the one that they name, and nothing that --dry-run was to prevent. Everything
# else behind the file is ignored, as by conntrack.
export CTWIN_BACKEND="engine:$work/table"
create_udp 1
echo '-D' >"$work/commands"
ctwin -R "$work/commands" --dry-run
expect_refusal "--dry-run goes with -D and -U"
ctwin -R "$work/commands" -L --filter 'port 9'
expect_refusal "--filter does not go with -R; a line of the file may have one"
ctwin -R "$work/commands" --backend
expect_refusal "option \`--backend' requires an argument"
ctwin -R "$work/commands" --netns=nosuch --backend kernel
expect_code 1
ctwin -R "$work/commands" --backend "engine:$work/another"
expect_code 0
[ "$(count)" = 1 ] || fail "a flow of another table is gone"

# A line cannot choose a table of its own.
for option in '--netns nosuch' '--backend kernel' '--trace'; do
  echo "-D -p udp $option" >"$work/line"
  ctwin -R "$work/line"
  expect_refusal "$work/line:1: ${option%% *} holds for a whole file: it stands in front of -R"
done
echo '-D --dry-run' >"$work/line"
ctwin -R "$work/line"
expect_code 0
expect_out_line 'udp .* sport=1 dport=53 .*'
[ "$(count)" = 1 ] || fail "--dry-run has deleted"

ctwin -R "$work/commands" -L --bogus words
expect_code 0
[ "$(count)" = 0 ] || fail "the file was not carried out"
