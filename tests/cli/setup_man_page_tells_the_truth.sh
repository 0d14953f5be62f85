#!/bin/sh
. "${0%/*}/lib.sh"

# What ctwin-setup(5) shows is taken: each example that holds commands, and each sysctl by its name.
page=${0%/*}/../../man/ctwin-setup.5

# The literal blocks of the page, in files of their own.
awk -v dir="$work" '
  /^\.Bd -literal/ { file = sprintf("%s/block%d", dir, ++count); next }
  /^\.Ed/ { file = ""; next }
  file != "" { gsub(/\\&/, ""); gsub(/\\-/, "-"); print > file }' "$page"

loaded=0
for block in "$work"/block*; do
  grep -Eq '^(ip |sysctl |iptables|\*)' "$block" || continue
  # This one is for a shell prompt.
  grep -q '^ctwin ' "$block" && continue
  ctwin --setup "$block" -C
  expect_code 0
  loaded=$((loaded + 1))
done
[ "$loaded" -ge 4 ] || fail "only $loaded examples of the page are setup files"

# The mistake that the page shows is what is said.
printf 'ip addr add 192.168.42.1/24 dev eth0\n\nip route add default via 192.168.43.254\n' \
  >"$work/fw.setup"
ctwin --setup "$work/fw.setup" -C
expect_code 2
message=$(sed -n 's/^fw\.setup:/fw.setup:/p' "$page")
[ -n "$message" ] || fail "the page shows no mistake"
grep -Fq "$message" "$work/err" || { show; fail "expected $message"; }

takes() {
  echo "sysctl -w $1" >"$work/sysctl.setup"
  ctwin --setup "$work/sysctl.setup" -C
  expect_code 0
}

# Those with a line of their own, and those in lists under the beginning of their names.
sed -n '/^\.Sh SYSCTLS/,/^\.Sh RULES/p' "$page" >"$work/sysctls"
sed -n 's/^\.It \(net\.ipv[46].*\..*\)$/\1/p' "$work/sysctls" |
  sed 's/ Ns Ar device Ns /all/; s/conf\. /conf./; s/ //g' | grep -v '\.all$' |
  grep -v 'Ar' >"$work/single"
[ -s "$work/single" ] || fail "the page names no sysctl by itself"
while read -r name; do
  takes "$name=1"
done <"$work/single"
awk '/no effect, since/ { lists = 1 }
  lists && /^\.It / { prefix = $2; if (/Ar device/) prefix = prefix "all"; next }
  lists && !/^\./ { gsub(/,/, ""); for (i = 1; i <= NF; ++i) print prefix, $i }' "$work/sysctls" |
  sed '/^ /d; s/ nf_log\.\*/ nf_log.2/; s/\.\{0,1\} /./' >"$work/names"
[ "$(wc -l <"$work/names")" -ge 25 ] || { cat "$work/names"; fail "too few names in the lists"; }
while read -r name; do
  takes "$name=1"
done <"$work/names"
