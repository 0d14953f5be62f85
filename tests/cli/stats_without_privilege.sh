#!/bin/sh
. "${0%/*}/lib.sh"

# -S answers from /proc where netlink is not permitted, and that is a success.
[ -r /proc/net/stat/nf_conntrack ] || skip "no nf_conntrack in /proc/net/stat"
ctwin_without_privilege -S
expect_code 0
expect_err
[ "$(wc -l <"$work/out")" = "$(($(wc -l </proc/net/stat/nf_conntrack) - 1))" ] ||
  fail "not one line a CPU"
expect_out_line "cpu=0   $(printf '\t')entries=[0-9]* .*search_restart=[0-9]* "
