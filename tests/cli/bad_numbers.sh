#!/bin/sh
. "${0%/*}/lib.sh"

# A word that is no number in range is refused with the option and the word.
refused() {
  option=$1
  word=$2
  shift 2
  ctwin "$@" "$option" "$word"
  expect_code 2
  expect_out
  [ "$(wc -l <"$work/err")" = 2 ] || { show; fail "not one line and the hint"; }
  head -n 1 "$work/err" | grep -qF -- "'$word'" || { show; fail "the word is not named"; }
  case $option in
    --*) name=$option ;;
    *) name="\\($option\\|--[a-z-]*\\)" ;;
  esac
  head -n 1 "$work/err" | grep -q -- "$name" || { show; fail "the option is not named"; }
}
for word in abc 65536 80-90 -1 '' 1x; do
  refused --sport "$word" -D -p tcp
  refused --dport "$word" -L -p udp
  refused --reply-port-src "$word" -L -p sctp
done
for word in abc 256 -1; do
  refused --icmp-type "$word" -D -p icmp
  refused --icmpv6-code "$word" -D -p icmpv6
done
for word in abc 4294967296 1x; do
  refused -m "$word" -L
  refused -i "$word" -D
  refused -c "$word" -L
  refused -t "$word" -D
done
for word in abc 65536 1x; do
  refused -w "$word" -L
  refused --srckey "$word" -D -p gre
done
refused -m 1/x -L
refused -b abc -E
