// --nat-usage: ports in use and free, destinations that crowd, and the bound of memory.
#include "cli/nat_usage.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/address.h"
#include "unit/cli/sums.h"

using namespace ctwin;
using namespace ctwin::cli;
using nlohmann::json;
using test::objects;
using test::table;

namespace {

/// A flow from 10.0.0.1 to `dst`:443 that the outside sees as 203.0.113.1:`port`.
Flow translated(uint16_t port, const char* dst = "192.0.2.80", uint8_t proto = IPPROTO_TCP) {
  Flow flow;
  flow.orig.src = parse_address("10.0.0.1");
  flow.orig.dst = flow.reply.src = parse_address(dst);
  flow.reply.dst = parse_address("203.0.113.1");
  flow.orig.proto = flow.reply.proto = proto;
  if (is_icmp(proto)) {
    flow.orig.icmp_id = 5;
    flow.reply.icmp_id = port;
  } else {
    flow.orig.sport = 4000;
    flow.orig.dport = flow.reply.sport = 443;
    flow.reply.dport = port;
  }
  flow.set_status(kSrcNat | kSrcNatDone | kDstNatDone);
  return flow;
}

}  // namespace

TEST_CASE("a set of ports counts any range of them as a plain set does") {
  std::mt19937 random(3);
  PortSet ports;
  std::set<uint32_t> expected;
  for (int i = 0; i < 3000; ++i) {
    const auto port = static_cast<uint16_t>(random());
    ports.insert(port);
    expected.insert(port);
  }
  for (const uint16_t edge : {0, 1, 63, 64, 1023, 1024, 65535}) {
    ports.insert(edge);
    expected.insert(edge);
  }
  for (int i = 0; i < 2000; ++i) {
    const uint32_t a = random() % 65536, b = random() % 65536;
    const auto [first, last] = std::minmax(a, b);
    const size_t count =
        static_cast<size_t>(std::distance(expected.lower_bound(first), expected.upper_bound(last)));
    REQUIRE_EQ(ports.count(first, last), count);
  }
  CHECK_EQ(ports.count(0, 65535), expected.size());
}

TEST_CASE("a port that serves several destinations is in use once") {
  NatUsage usage;
  for (uint16_t port = 2000; port < 2010; ++port) {
    usage.add(translated(port));
    usage.add(translated(port, "192.0.2.81"));
  }
  usage.add(translated(2010));
  usage.add(translated(700));
  usage.add(translated(5));
  const json tcp = objects(usage)[0];
  CHECK_EQ(tcp["address"], "203.0.113.1");
  CHECK_EQ(tcp["proto"], "tcp");
  CHECK_EQ(tcp["flows"], 23);
  CHECK_EQ(tcp["ports"], json::parse(R"([{"range":"1024-65535","used":11,"free":64501},
                                         {"range":"600-1023","used":1,"free":423},
                                         {"range":"1-511","used":1,"free":510}])"));
  CHECK_EQ(tcp["destinations"], json::parse(R"([{"dst":"192.0.2.80","dport":443,"flows":13},
                           {"dst":"192.0.2.81","dport":443,"flows":10}])"));
  CHECK_EQ(table(usage, 1),
           "address      proto  flows  ports   free  full  600-1023  1-511\n"
           "203.0.113.1  tcp       23     11  64501  0.0%         1      1\n"
           "\n"
           "address      proto  destination     flows  full\n"
           "203.0.113.1  tcp    192.0.2.80:443     13  0.0%\n");
}

TEST_CASE("flows whose source is not translated do not count") {
  NatUsage usage;
  Flow flow = translated(4000);
  flow.reply.dst = flow.orig.src;
  usage.add(flow);
  CHECK_EQ(usage.flows(), 0);
  CHECK(objects(usage).empty());
}

TEST_CASE("the ids of pings are counted, and protocols without numbers have flows only") {
  NatUsage usage;
  usage.add(translated(0, "192.0.2.80", IPPROTO_ICMP));
  usage.add(translated(7, "192.0.2.80", IPPROTO_ICMP));
  usage.add(translated(0, "192.0.2.80", 50));
  const std::vector<json> all = objects(usage);
  REQUIRE_EQ(all.size(), 2);
  CHECK_EQ(all[0]["ports"], json::parse(R"([{"range":"0-65535","used":2,"free":65534}])"));
  CHECK_EQ(all[0]["destinations"], json::parse(R"([{"dst":"192.0.2.80","dport":null,"flows":2}])"));
  CHECK(all[1]["proto"].is_null());
  CHECK_EQ(all[1]["protonum"], 50);
  CHECK(all[1]["ports"].empty());
}

TEST_CASE("destinations past the bound are counted with their address only") {
  NatUsage usage(2);
  for (const char* dst : {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.3", "192.0.2.1"})
    usage.add(translated(2000, dst));
  CHECK_EQ(usage.flows(), 5);
  CHECK_EQ(usage.rest(), 2);
  CHECK_EQ(objects(usage)[0]["flows"], 5);
  CHECK_EQ(objects(usage)[0]["destinations"].size(), 2);
}
