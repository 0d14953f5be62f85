// The counters of ctnetlink: per CPU (CTNL_MSG_*_GET_STATS_CPU) and global (GET_STATS).
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "netlink/message.h"

namespace ctwin::ctnetlink {

/// The counters of one CPU, in the order of the message: attribute number and value.
struct CpuStats {
  uint16_t cpu = 0;
  std::vector<std::pair<uint16_t, uint32_t>> counters;
};

struct GlobalStats {
  uint32_t entries = 0;
  std::optional<uint32_t> max_entries;
};

CpuStats decode_cpu_stats(const netlink::Message& message);
GlobalStats decode_global_stats(const netlink::Message& message);

}  // namespace ctwin::ctnetlink
