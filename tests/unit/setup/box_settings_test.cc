#include "setup/box_settings.h"

#include "setup_box.h"

using namespace ctwin;
using namespace ctwin::test;
using setup::BoxSettings;

namespace {

struct Sysctls {
  BoxSettings box;
  router::Router router;

  int set(std::string_view name, std::string_view value) {
    return set_box_sysctl(box, router, name, value).error().code;
  }
};

}  // namespace

TEST_CASE("a box forwards and limits nothing unless it is told to") {
  const BoxSettings box;
  const router::InputRules rules = box.input_rules(7);
  CHECK(rules.forwards_v4);
  CHECK(rules.forwards_v6);
  CHECK_EQ(rules.rp_filter, 0);
  CHECK_FALSE(rules.send_redirects);
  CHECK_EQ(box.rates.icmp_ratelimit, 0);
  CHECK_EQ(box.rates.icmp_msgs_per_sec, 0);
}

TEST_CASE("names have dots or slashes") {
  Sysctls sysctls;
  sysctls.router.interfaces().find_or_add("eth0.5");
  CHECK_EQ(sysctls.set("net.ipv4.ip_default_ttl", "70"), 0);
  CHECK_EQ(sysctls.router.own_packets().ttl, 70);
  CHECK_EQ(sysctls.set("net/ipv4/ip_default_ttl", "71"), 0);
  CHECK_EQ(sysctls.router.own_packets().ttl, 71);
  CHECK_EQ(sysctls.set("net.ipv4.conf.eth0/5.rp_filter", "2"), 0);
  CHECK_EQ(sysctls.set("net/ipv4/conf/eth0.5/accept_local", "1"), 0);
  CHECK_EQ(sysctls.box.input_rules(2).rp_filter, 2);
  CHECK(sysctls.box.input_rules(2).accept_local);
  CHECK_EQ(sysctls.set("net.ipv4.conf.eth0.5.rp_filter", "2"), ENOENT);
}

TEST_CASE("`all` counts for every device: the stricter filter, either's permission") {
  Sysctls sysctls;
  const uint32_t a = sysctls.router.interfaces().find_or_add("a");
  CHECK_EQ(sysctls.set("net.ipv4.conf.all.rp_filter", "1"), 0);
  CHECK_EQ(sysctls.box.input_rules(a).rp_filter, 1);
  CHECK_EQ(sysctls.set("net.ipv4.conf.a.rp_filter", "2"), 0);
  CHECK_EQ(sysctls.box.input_rules(a).rp_filter, 2);
  CHECK_EQ(sysctls.set("net.ipv4.conf.all.send_redirects", "1"), 0);
  CHECK_EQ(sysctls.set("net.ipv4.conf.a.send_redirects", "0"), 0);
  CHECK(sysctls.box.input_rules(a).send_redirects);
  CHECK_EQ(sysctls.set("net.ipv4.conf.a.route_localnet", "1"), 0);
  CHECK(sysctls.box.input_rules(a).route_localnet);
  CHECK_FALSE(sysctls.box.input_rules(a + 1).route_localnet);
}

TEST_CASE("forwarding is set everywhere by `all` and ip_forward, and then by device") {
  Sysctls sysctls;
  const uint32_t a = sysctls.router.interfaces().find_or_add("a");
  CHECK_EQ(sysctls.set("net.ipv4.ip_forward", "0"), 0);
  CHECK_FALSE(sysctls.box.input_rules(a).forwards_v4);
  CHECK(sysctls.box.input_rules(a).forwards_v6);
  CHECK_EQ(sysctls.set("net.ipv4.conf.a.forwarding", "1"), 0);
  CHECK(sysctls.box.input_rules(a).forwards_v4);
  CHECK_FALSE(sysctls.box.input_rules(a + 1).forwards_v4);
  CHECK_EQ(sysctls.set("net.ipv4.conf.all.forwarding", "0"), 0);
  CHECK_FALSE(sysctls.box.input_rules(a).forwards_v4);
  CHECK_EQ(sysctls.set("net.ipv6.conf.all.forwarding", "0"), 0);
  CHECK_FALSE(sysctls.box.input_rules(a).forwards_v6);
}

TEST_CASE("`default` is for devices that are made later") {
  SetupBox box;
  CHECK_EQ(box.read("ip link set old up\nsysctl -w net.ipv4.conf.default.rp_filter=1\n"
                    "ip link add new type dummy"),
           "");
  const auto filter = [&](const char* name) {
    return box.setup.box.input_rules(box.setup.router.interfaces().find(name)).rp_filter;
  };
  CHECK_EQ(filter("old"), 0);
  CHECK_EQ(filter("new"), 1);
}

TEST_CASE("the rates of errors are kept as they are said") {
  Sysctls sysctls;
  CHECK_EQ(sysctls.set("net.ipv4.icmp_ratelimit", "1000"), 0);
  CHECK_EQ(sysctls.set("net.ipv4.icmp_ratemask", "0x1800"), 0);
  CHECK_EQ(sysctls.set("net.ipv4.icmp_msgs_per_sec", "10000"), 0);
  CHECK_EQ(sysctls.set("net.ipv4.icmp_msgs_burst", "60"), 0);
  CHECK_EQ(sysctls.set("net.ipv6.icmp.ratelimit", "500"), 0);
  CHECK_EQ(sysctls.box.rates.icmp_ratelimit, 1000);
  CHECK_EQ(sysctls.box.rates.icmp_ratemask, 0x1800);
  CHECK_EQ(sysctls.box.rates.icmp_msgs_per_sec, 10000);
  CHECK_EQ(sysctls.box.rates.icmp_msgs_burst, 60);
  CHECK_EQ(sysctls.box.rates.icmpv6_ratelimit, 500);
}

TEST_CASE("what concerns sockets and neighbours is taken without effect") {
  Sysctls sysctls;
  CHECK_EQ(sysctls.set("net.ipv6.conf.all.addr_gen_mode", "1"), 0);
  CHECK_EQ(sysctls.set("net.ipv6.conf.default.accept_ra", "0"), 0);
  CHECK_EQ(sysctls.set("net.ipv4.ip_local_port_range", "1024 65000"), 0);
  CHECK_EQ(sysctls.set("net.ipv4.tcp_syncookies", "1"), 0);
  CHECK_EQ(sysctls.set("net.netfilter.nf_log.2", "nfnetlink_log"), 0);
}

TEST_CASE("unknown names, unknown devices and values out of range are refused") {
  Sysctls sysctls;
  CHECK_EQ(sysctls.set("net.ipv4.no_such_thing", "1"), ENOENT);
  CHECK_EQ(sysctls.set("net.ipv4.conf.all", "1"), ENOENT);
  CHECK_EQ(sysctls.set("net.ipv4.conf.all.rp_filter.more", "1"), ENOENT);
  CHECK_EQ(sysctls.set("", "1"), ENOENT);
  CHECK_EQ(sysctls.set("net.ipv4.conf.eth9.rp_filter", "1"), ENOENT);
  CHECK_EQ(sysctls.set("net.ipv4.conf.all.rp_filter", "3"), EINVAL);
  CHECK_EQ(sysctls.set("net.ipv4.conf.all.rp_filter", "on"), EINVAL);
  CHECK_EQ(sysctls.set("net.ipv4.conf.all.rp_filter", ""), EINVAL);
  CHECK_EQ(sysctls.set("net.ipv4.conf.all.accept_source_route", "1"), EINVAL);
  CHECK_EQ(sysctls.set("net.ipv6.conf.all.disable_ipv6", "1"), EINVAL);
}
