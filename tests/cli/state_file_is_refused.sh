#!/bin/sh
. "$(dirname "$0")/lib.sh"

# A file that is no state, or a damaged one, is refused by name and stays as it is.
remedy="; name another file, or remove this one to begin with an empty table"
refuse() {
  cp "$1" "$work/before"
  for command in -L -F "-I -p udp -t 9 -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2"; do
    # shellcheck disable=SC2086 # words
    ctwin --backend "engine:$1" $command
    expect_code 1
    expect_out
    expect_err "$prefix cannot use the state file $1: $2$remedy"
    cmp -s "$1" "$work/before" || fail "$1 was changed by $command"
  done
}

echo "something of mine" >"$work/mine"
refuse "$work/mine" "it is no state file of ctwin"

"$CTWIN" --backend "engine:$work/state" -I -p udp -t 900 -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 \
  2>/dev/null || fail "cannot make a state"
size=$(wc -c <"$work/state")

head -c 20 "$work/state" >"$work/short"
refuse "$work/short" "it is damaged: it ends within its head"
head -c $((size - 1)) "$work/state" >"$work/cut"
refuse "$work/cut" "it is damaged: it holds $((size - 25)) bytes where its head says $((size - 24))"
cp "$work/state" "$work/bent"
printf '\377' | dd of="$work/bent" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
refuse "$work/bent" "it is damaged: its checksum is wrong"
cp "$work/state" "$work/newer"
printf '\011' | dd of="$work/newer" bs=1 seek=8 conv=notrunc 2>/dev/null
refuse "$work/newer" \
  "its format is version 9, of which this ctwin knows nothing; it reads version 2"

ctwin --backend "engine:$work" -L
expect_code 1
expect_err "$prefix cannot keep state in $work: it is no regular file"
ctwin --backend "engine:$work/none/state" -F
expect_code 1
expect_err "$prefix cannot open the state file $work/none/state: No such file or directory"
[ -z "$(find "$work" -name '*.ctwin-new')" ] || fail "something was left behind"
