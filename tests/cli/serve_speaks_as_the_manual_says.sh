#!/bin/sh
. "${0%/*}/lib.sh"

# A client that is written from the manual alone is understood: message types and fields are read
# from the page.
command -v python3 >/dev/null || skip "no python3 to write another client in"
serve
cat >"$work/client.py" <<'PYTHON'
import re, socket, struct, subprocess, sys, os

page, path, ctwin = sys.argv[1:]
table = re.search(r"^nlmsg_type   payload\n(.*?)^\.Ed", open(page).read(), re.S | re.M).group(1)
rows = re.findall(r"^(\S+) +([A-Z]+) +((?:\S+:u\d+\s+)+)", table, re.M)
kinds = {name: int(number, 0) for number, name, fields in rows}
forms = {name: "=" + "".join({"u32": "I", "u64": "Q"}[f.split(":")[1]] for f in fields.split())
         for number, name, fields in rows}
names = {name: [f.split(":")[0] for f in fields.split()] for number, name, fields in rows}
assert len(kinds) == 6, kinds
ERROR = 2

def message(kind, *values, sequence=7):
    payload = struct.pack(forms[kind], *values)
    return struct.pack("=IHHII", 16 + len(payload), kinds[kind], 1, sequence, 0) + payload

def header(datagram):
    return struct.unpack("=IHHII", datagram[:16])

def dial():
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.settimeout(20)
    client.connect(path)
    return client

def error_of(client, datagram):
    client.send(datagram)
    answer = client.recv(65536)
    assert header(answer)[1] == ERROR, answer
    return -struct.unpack("=i", answer[16:20])[0]

def greeted():
    client = dial()
    client.send(message("HELLO", 0x6e777463, 1, 5000, 0, sequence=42))
    answer = client.recv(65536)
    assert header(answer)[1] == kinds["WELCOME"] and header(answer)[3] == 42, answer
    return client, dict(zip(names["WELCOME"], struct.unpack(forms["WELCOME"], answer[16:])))

client, welcome = greeted()
assert welcome["magic"] == 0x6e777463 and welcome["version"] == 1, welcome
assert welcome["port-id"] == os.getpid(), welcome
assert welcome["largest-request"] == 65536 and welcome["largest-answer"] == 5000, welcome
assert welcome["room"] == 1 << 20 and welcome["most-room"] == 64 << 20, welcome
assert error_of(client, message("HELLO", 1, 1, 0, 0)) == 71       # EPROTO
assert error_of(client, message("HELLO", 0x6e777463, 2, 0, 0)) == 93  # EPROTONOSUPPORT
assert error_of(client, message("JOIN", 7)[:16].replace(b"\x14", b"\x10", 1)) == 22  # EINVAL
assert error_of(client, b"\0" * 70000) == 90                      # EMSGSIZE

create = [ctwin, "-I", "-p", "udp", "-t", "9", "-s", "1.1.1.1", "-d", "2.2.2.2", "--sport", "1",
          "--dport", "1"]
remove = [ctwin, "-D", "-p", "udp", "-s", "1.1.1.1"]
def run(words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

assert error_of(client, message("JOIN", 1)) == 0  # NFNLGRP_CONNTRACK_NEW is 1, DESTROY is 3
run(create)
assert header(client.recv(65536))[1] == 0x0100
run(remove)
assert error_of(client, message("LEAVE", 1)) == 0  # the end of the flow was not told
assert error_of(client, message("JOIN", 1 << 2)) == 0
assert error_of(client, message("ROOM", 10)) == 0
run(create)
run(remove)
overrun = client.recv(65536)
assert header(overrun)[1] == kinds["OVERRUN"], overrun
assert struct.unpack(forms["OVERRUN"], overrun[16:]) == (1,), overrun
client.send(b"")
assert client.recv(65536) == b""
PYTHON
run python3 "$work/client.py" "${0%/*}/../../man/ctwin-engine.8" "$work/engine" "$CTWIN"
expect_code 0
expect_err
ctwin -C
expect_out 0
