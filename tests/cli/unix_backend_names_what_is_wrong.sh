#!/bin/sh
. "${0%/*}/lib.sh"

# What cannot be asked is refused with the path, the reason and a remedy.
start="\`ctwin --serve PATH' starts an engine"
refused() {
  ctwin --backend "unix:$1" -L
  expect_code 1
  expect_out
  expect_err "$prefix $2"
}
refused "$work/none" "nobody serves on $work/none: there is no such socket; $start"
echo text >"$work/file"
refused "$work/file" "nobody serves on $work/file: it is no socket; $start"
long=$work/$(printf '%0120d' 0)
refused "$long" "'$long' cannot be a socket: its path would have 1 to 107 bytes"
command -v python3 >/dev/null || skip "no python3 to be another program with"
cat >"$work/other.py" <<'PYTHON'
import socket, sys
kind = getattr(socket, sys.argv[2])
server = socket.socket(socket.AF_UNIX, kind)
server.bind(sys.argv[1])
server.listen()
while True:
    peer = server.accept()[0]
    if peer.recv(1000):
        peer.send(bytes.fromhex(sys.argv[3]))
    peer.close()
PYTHON
other() {
  python3 "$work/other.py" "$work/$1" "$2" "$3" &
  background="$background $!"
  await test -S "$work/$1"
}
other stream SOCK_STREAM 00
refused "$work/stream" "$work/stream is the socket of another program, no engine's"
other nonsense SOCK_SEQPACKET 00112233445566778899aabbccddeeff00112233
refused "$work/nonsense" "what serves on $work/nonsense is no ctwin engine"
# An error message with -EPROTONOSUPPORT: an engine of another version.
other later SOCK_SEQPACKET 24000000020000000000000000000000a3ffffff00000000000000000000000000000000
refused "$work/later" "the engine on $work/later speaks another version of the protocol than 1; use the same ctwin for both"
ctwin --backend "unix:$work/none" --setup "$work/file" -L
expect_code 2
