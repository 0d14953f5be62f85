#include "ctnetlink/stats_codec.h"

#include "ctnetlink/uapi.h"

namespace ctwin::ctnetlink {

CpuStats decode_cpu_stats(const netlink::Message& message) {
  CpuStats stats;
  stats.cpu = netlink::big_endian(message.nfgen().res_id);
  netlink::AttrReader reader(message.attributes());
  for (netlink::Attr attr; reader.next(attr);)
    stats.counters.emplace_back(attr.type, attr.be<uint32_t>());
  return stats;
}

GlobalStats decode_global_stats(const netlink::Message& message) {
  GlobalStats stats;
  netlink::AttrReader reader(message.attributes());
  for (netlink::Attr attr; reader.next(attr);) {
    if (attr.type == CTA_STATS_GLOBAL_ENTRIES) stats.entries = attr.be<uint32_t>();
    if (attr.type == CTA_STATS_GLOBAL_MAX_ENTRIES) stats.max_entries = attr.be<uint32_t>();
  }
  return stats;
}

}  // namespace ctwin::ctnetlink
