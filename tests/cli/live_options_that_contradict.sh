#!/bin/sh
. "${0%/*}/lib.sh"

# Live devices need what they work with, and captures have a clock of their own.
setup=${0%/*}/../data/gateway.setup
capture=${0%/*}/../data/ping.pcap
ctwin --tun t0 -L
expect_refusal "--tun is for a router: give --setup FILE with its addresses and routes"
ctwin --capture-filter icmp -L
expect_refusal "--capture-filter is for --capture IFACE"
for device in '--capture lo' "--setup $setup --tun t0"; do
  # shellcheck disable=SC2086
  ctwin $device --pcap "$capture" -L
  expect_refusal "--pcap has a clock of its own: it cannot be together with --tun or --capture"
  # shellcheck disable=SC2086
  ctwin $device --run-out -L
  expect_refusal "--run-out needs an end of the packets: not with --serve, --tun or --capture"
done
for name in '' averyveryverylongname a/b a%d; do
  ctwin --setup "$setup" --tun "$name" -L
  expect_code 1
  expect_out
  expect_err "$prefix --tun $name: this is no name for a device"
done
