#include "ctnetlink/stats_codec.h"

#include <doctest/doctest.h>

#include "ctnetlink/uapi.h"
#include "support/messages.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

Bytes cpu_message(uint16_t cpu, const std::vector<std::pair<uint16_t, uint32_t>>& counters) {
  netlink::MessageWriter writer(1024);
  netlink::AttrWriter attrs = writer.begin(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS_CPU, 0, 0,
                                           AF_UNSPEC, NFNETLINK_V0, cpu);
  for (const auto& [type, value] : counters) attrs.put(type, value);
  REQUIRE(writer.end(attrs));
  return {writer.bytes().begin(), writer.bytes().end()};
}

}  // namespace

TEST_CASE("a CPU's counters keep the order of the message") {
  const std::vector<std::pair<uint16_t, uint32_t>> counters{
      {CTA_STATS_INVALID, 7}, {CTA_STATS_FOUND, UINT32_MAX}, {99, 1}};
  const auto stats = ctnetlink::decode_cpu_stats(message_of(cpu_message(259, counters)));
  CHECK_EQ(stats.cpu, 259);
  CHECK(stats.counters == counters);
}

TEST_CASE("a message without counters is a CPU without counters") {
  const auto stats = ctnetlink::decode_cpu_stats(message_of(cpu_message(0, {})));
  CHECK_EQ(stats.cpu, 0);
  CHECK(stats.counters.empty());
}

TEST_CASE("the number of entries is read, and the limit where it is told") {
  const auto decoded = [](bool limit) {
    const Bytes bytes = build_message(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS, 0, AF_UNSPEC,
                                      [&](netlink::AttrWriter& attrs) {
                                        attrs.put(CTA_STATS_GLOBAL_ENTRIES, uint32_t{123456});
                                        if (limit)
                                          attrs.put(CTA_STATS_GLOBAL_MAX_ENTRIES, uint32_t{262144});
                                      });
    return ctnetlink::decode_global_stats(message_of(bytes));
  };
  CHECK_EQ(decoded(true).entries, 123456);
  CHECK_EQ(decoded(true).max_entries.value(), 262144);
  CHECK_FALSE(decoded(false).max_entries.has_value());
}
