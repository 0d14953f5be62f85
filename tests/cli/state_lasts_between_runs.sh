#!/bin/sh
. "$(dirname "$0")/lib.sh"

# With --backend engine:FILE every command works on the table that the one before left behind.
state=$work/state
CTWIN_BACKEND=engine:$state
export CTWIN_BACKEND

ctwin -C
expect_code 0
expect_out 0
[ ! -e "$state" ] || fail "looking alone made a file"

ctwin -I -p tcp -t 1000 -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 2 --state ESTABLISHED -u ASSURED,SEEN_REPLY -m 5
expect_code 0
ctwin -I -p tcp -t 1000 -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 2 --state ESTABLISHED
expect_code 1
expect_err "$prefix Operation failed: Such conntrack exists, try -U to update"
ctwin -I -p udp -t 1000 -s 10.0.0.3 -d 10.0.0.4 --sport 1 --dport 2 -n 192.0.2.1 -w 7
expect_code 0
ctwin -U -p tcp -s 10.0.0.1 -m 6
expect_code 0

# Time goes on meanwhile, on the wall's clock.
ctwin -L
expect_out_line 'tcp      6 99[0-9] ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 \[ASSURED\] mark=6 use=1'
expect_out_line 'udp      17 99[0-9] src=10.0.0.3 dst=10.0.0.4 sport=1 dport=2 \[UNREPLIED\] src=10.0.0.4 dst=192.0.2.1 sport=2 dport=1 mark=0 zone=7 use=1'
expect_err "$prefix 2 flow entries have been shown."
ctwin -S
expect_out_line 'cpu=0 .* insert=2 .*'

# A pipe between two of them: neither waits for the other.
"$CTWIN" -L -o save 2>/dev/null | sed 's/-A /-A -w 9 /; s/-w 7//' | "$CTWIN" -R - ||
  fail "the pipe ended with $?"
"$CTWIN" -D -w 9 -o save 2>/dev/null | sed 's/-D /-A /; s/-w 9/-w 10/' | "$CTWIN" -R - ||
  fail "the second pipe ended with $?"
ctwin -L -w 9
expect_err "$prefix 0 flow entries have been shown."

ctwin -D -p tcp
expect_code 0
ctwin -F
expect_code 0
ctwin -C
expect_out 0

# Nobody would ever tell of events.
ctwin -E
expect_refusal "-E: a state file tells nobody of changes; give packets (--pcap), or have an engine \
serve the file (--serve PATH) and watch that (--backend unix:PATH)"
