// What a kernel or an engine did with a sequence of packets, and the comparison of two such
// recordings.
//
// Messages are kept as they came off the wire and compared byte by byte: types, flags, the order
// and the padding of attributes included. Beforehand the few places where two tables cannot agree
// are blanked: sequence number and port of the netlink header, time stamps, and ids, which are
// counted by their first appearance instead. Seconds left are taken out and compared as numbers.
//
// A DESTROY that says nothing of time left was caused by time, not by a packet. The kernel reaps at
// its leisure, so these are compared as a set at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "step.h"

namespace ctwin::test {

using MessageBytes = std::vector<std::byte>;

/// A packet that went in, and what came of it before the next one.
struct Record {
  Side side = Side::kLeft;
  uint64_t time = 0;          ///< ns since the epoch, a whole number of jiffies
  bool tick_crossed = false;  ///< a jiffy passed while the packet was handled
  Packet packet;
  bool outbound = false;         ///< the box itself sends it, which counts as from the left
  std::string setup_before;      ///< a line of setup that took effect before it
  std::vector<Packet> outputs;   ///< by the other device
  std::vector<Packet> returned;  ///< by the device that it had come by
  std::vector<MessageBytes> events;
  /// Why it is INVALID or ignored, where log_invalid is set; of a router what its rules log, too,
  /// with the packets (log_text).
  std::vector<std::string> logs;
};

using CounterSums = std::map<uint16_t, uint64_t>;  ///< by CTA_STATS_* number, summed over CPUs

struct Recording {
  std::vector<Record> records;
  std::vector<MessageBytes> late_events;  ///< those that came with the final dump
  std::vector<MessageBytes> table;
  CounterSums counters;
  std::string rules;  ///< of a router, as iptables-save -c prints them, without comments
  bool routes = false;
  bool draws = false;     ///< a port or id was drawn: how often others were found in use is chance
  uint64_t end_time = 0;  ///< of the dump
  bool exact_ticks = true;      ///< Record::time is the kernel's own jiffy
  bool outputs_differ = false;  ///< a router would drop what conntrack lets pass
};

struct Difference {
  size_t number = 0;  ///< of the packet, from 1; 0 when it is about the end
  std::string text;   ///< both sides, decoded
};

/// What the recordings do not agree in, in order, at most `limit` of them. After the first one the
/// others may be its consequences.
std::vector<Difference> compare(const Recording& kernel, const Recording& engine, size_t limit = 5);

}  // namespace ctwin::test
