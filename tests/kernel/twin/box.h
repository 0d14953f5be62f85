// A box that routes between a left and a right device and tracks connections while it does so: the
// kernel in a namespace of its own, or an engine.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ctwin/backend.h"
#include "ctwin/result.h"
#include "record.h"

namespace ctwin::test {

/// Names such as "nf_conntrack_tcp_loose" and their values, as they are written to /proc.
using Sysctls = std::vector<std::pair<std::string, std::string>>;

/// The lines of a setup file (src/setup/setup_file.h). They make the box a router with rules, on
/// devices tl and tr; without any it lets everything pass, and only tracks.
using SetupLines = std::vector<std::string>;

class Box {
 public:
  virtual ~Box() = default;
  /// Puts the packet in; `record` has side, packet and, for an engine, time, and gets the rest.
  virtual Status inject(Record& record) = 0;
  /// One more line of setup takes effect.
  virtual Status change(const std::string& line) = 0;
  /// One more conversation with the box's table.
  virtual Result<std::unique_ptr<Backend>> connect() = 0;
  /// Adds table, counters, rules and the last events.
  virtual Status finish(Recording& recording) = 0;
};

/// Everything that a dump of the table answers, and the counters, asked of `backend`.
Status read_table(Backend& backend, std::vector<MessageBytes>& table);
Status read_counters(Backend& backend, CounterSums& counters);

/// All event messages that wait at `backend`, which must not block.
Status read_events(Backend& backend, std::vector<MessageBytes>& events);

}  // namespace ctwin::test
