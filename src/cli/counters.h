// The counters that -S shows: read from ctnetlink, or from /proc where that is not permitted, and
// what they mean.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ctnetlink/client.h"

namespace ctwin::cli {

struct Counter {
  std::string name;
  uint32_t value = 0;
};

/// The counters of one CPU, in the order in which they were told.
struct CpuCounters {
  unsigned cpu = 0;
  std::vector<Counter> counters;
};

/// Fails as ctnetlink did when /proc cannot be read either.
Result<std::vector<CpuCounters>> read_counters(ctnetlink::Client& client, bool expectations);

/// What the counters have grown by from `before` to `now`; /proc's number of entries stays as it
/// is.
std::vector<CpuCounters> growth(const std::vector<CpuCounters>& before,
                                const std::vector<CpuCounters>& now);

/// One line, as conntrack prints it.
void print_counters(const CpuCounters& cpu, fmt::memory_buffer& out);

/// For each counter that is not 0 on all CPUs together a line: its sum, what it means, and what
/// usually helps.
void explain_counters(const std::vector<CpuCounters>& cpus, fmt::memory_buffer& out);

}  // namespace ctwin::cli
