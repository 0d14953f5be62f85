#!/bin/sh
. "$(dirname "$0")/lib.sh"

# Whenever a run is killed, the state is the one from before it or the one from behind it. 200 runs
# are killed at random moments; what a run that ended well has created is there for good.
command -v python3 >/dev/null || skip "python3 is not installed"
CTWIN_BACKEND=engine:$work/state
export CTWIN_BACKEND
create_many 3000
python3 - <<'END' || fail "see above"
import os, random, subprocess, sys, time

seed = int.from_bytes(os.urandom(4), "big")
print("seed", seed)
dice = random.Random(seed)
ctwin = os.environ["CTWIN"]


def create(port):
    words = f"-I -p tcp -t 3000 -s 10.9.9.9 -d 10.8.8.8 --sport {port} --dport 9 --state CLOSE"
    return subprocess.Popen([ctwin] + words.split(), stderr=subprocess.PIPE)


def table():
    shown = subprocess.run([ctwin, "-L"], capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    ports = {int(line.split("sport=")[1].split()[0])
             for line in shown.stdout.splitlines() if line.startswith("tcp")}
    return ports, len(shown.stdout.splitlines())


begun = time.monotonic()
assert create(1).wait() == 0
usual = time.monotonic() - begun
committed, killed = {1}, set()
for port in range(2, 202):
    run = create(port)
    time.sleep(dice.uniform(0, 1.5 * usual))
    run.kill()
    if run.wait() == 0:
        committed.add(port)
    else:
        assert run.returncode == -9, run.stderr.read()
        killed.add(port)
    if port % 10 == 0:
        ports, count = table()
        assert committed <= ports, f"lost: {sorted(committed - ports)}"
        assert ports <= committed | killed, f"nobody created {sorted(ports - committed - killed)}"
        assert count == 3000 + len(ports), f"{count} entries"
ports, _ = table()
print(f"{len(killed)} were killed, {len(ports & killed)} of them behind the moment that counts")
assert committed <= ports and killed, "nothing was killed" if not killed else "lost"
END
ctwin -F
expect_code 0
left=$(find "$work" -name '*.ctwin-new')
[ -z "$left" ] || fail "$left is still there"
