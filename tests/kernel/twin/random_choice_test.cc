// What rules leave to chance: nobody can say what comes out, only between which bounds, and that no
// two flows get the same. The bounds are so wide that the kernel, which draws anew each time, stays
// within them.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>

#include "ctnetlink/client.h"
#include "engine_box.h"
#include "kernel_box.h"
#include "sequence.h"

namespace ctwin::test {
namespace {

using Work = std::function<void(Box&)>;

void on_kernel(const SetupLines& rules, const Work& work) {
  Sequence sequence;
  sequence.setup = rules;
  auto kernel = KernelBox::create({}, whole_setup(sequence));
  REQUIRE_MESSAGE(kernel.ok(), kernel.error().text);
  work(**kernel);
}

void on_engine(const SetupLines& rules, const Work& work) {
  Sequence sequence;
  sequence.setup = rules;
  auto engine = EngineBox::create({}, whole_setup(sequence));
  REQUIRE_MESSAGE(engine.ok(), engine.error().text);
  work(**engine);
}

/// Has the kernel and the engine go through the same, each by itself.
void for_both(const SetupLines& rules, const Work& work) {
  {
    INFO("the kernel");
    on_kernel(rules, work);
  }
  INFO("the engine");
  on_engine(rules, work);
}

Record inject(Box& box, const std::string& text) {
  const Result<Step> step = parse_step(text);
  REQUIRE_MESSAGE(step.ok(), step.error().text);
  Record record;
  record.side = step->side;
  record.packet = step->packet;
  record.time = kJiffyNs;  // the kernel's own is put down instead
  const Status injected = box.inject(record);
  REQUIRE_MESSAGE(injected.ok(), injected.error().text);
  return record;
}

/// How many packets left the box for this one, and how many went back.
size_t pass(Box& box, const std::string& text) { return inject(box, text).outputs.size(); }
size_t errors_for(Box& box, const std::string& text) { return inject(box, text).returned.size(); }

std::vector<Flow> table_of(Box& box) {
  auto backend = box.connect();
  REQUIRE(backend.ok());
  ctnetlink::Client client(std::move(*backend));
  std::vector<Flow> flows;
  const Status dumped = client.dump(ctnetlink::DumpKind::kTable, nullptr, [&](const Flow& flow) {
    flows.push_back(flow);
    return true;
  });
  REQUIRE(dumped.ok());
  return flows;
}

/// All different, within [first, last], and not handed out one after the other.
void check_drawn(std::vector<uint16_t> ports, uint16_t first, uint16_t last) {
  const std::set<uint16_t> different(ports.begin(), ports.end());
  CHECK(different.size() == ports.size());
  CHECK(*different.begin() >= first);
  CHECK(*different.rbegin() <= last);
  CHECK(*different.rbegin() - *different.begin() >= static_cast<int>(ports.size()));
}

constexpr int kFlows = 64;

/// Flows from one port to many servers: once all of these are one, their answers must differ by it.
void begin_flows(Box& box) {
  for (int i = 0; i < kFlows; ++i) pass(box, fmt::format("> udp l2:1000 198.51.100.{}:53", 1 + i));
}

}  // namespace

TEST_CASE("who sends on without a route is told five times at once") {
  // The kernel's limit is there; where it is set, a namespace does not reach.
  const SetupLines no_route = {"ip route del default via 10.2.0.2"};
  SetupLines limited = no_route;
  limited.push_back("sysctl -w net.ipv4.route.error_cost=250");
  const auto told = [](Box& box) {
    size_t count = 0;
    for (int i = 0; i < 9; ++i) count += errors_for(box, "> udp l2:1 192.0.2.1:1");
    return count;
  };
  size_t kernel = 0, engine = 0, unlimited = 0;
  on_kernel(no_route, [&](Box& box) { kernel = told(box); });
  on_engine(limited, [&](Box& box) { engine = told(box); });
  on_engine(no_route, [&](Box& box) { unlimited = told(box); });
  // A second that passes meanwhile buys the kernel another one.
  CHECK(kernel >= 5);
  CHECK(kernel < 9);
  CHECK(engine == 5);
  CHECK(unlimited == 9);
}

TEST_CASE("DNAT --random draws another port of the range for each flow") {
  for_both({"iptables -t nat -A PREROUTING -p udp -j DNAT --to-destination 10.2.0.9:3000-3999 "
            "--random"},
           [](Box& box) {
             begin_flows(box);
             std::vector<uint16_t> ports;
             for (const Flow& flow : table_of(box)) {
               CHECK(flow.reply.src.bytes[3] == 9);
               ports.push_back(flow.reply.sport);
             }
             REQUIRE(ports.size() == kFlows);
             check_drawn(ports, 3000, 3999);
           });
}

TEST_CASE("REDIRECT --random does so, to the box itself") {
  for_both({"iptables -t nat -A PREROUTING -p udp -j REDIRECT --to-ports 4000-4999 --random"},
           [](Box& box) {
             begin_flows(box);
             std::vector<uint16_t> ports;
             for (const Flow& flow : table_of(box)) {
               CHECK(flow.reply.src.bytes[1] == 1);
               CHECK(flow.reply.src.bytes[3] == 1);
               ports.push_back(flow.reply.sport);
             }
             REQUIRE(ports.size() == kFlows);
             check_drawn(ports, 4000, 4999);
           });
}

TEST_CASE("without --random ports are tried in their order") {
  for_both({"iptables -t nat -A PREROUTING -p udp -j DNAT --to-destination 10.2.0.9:3000-3999"},
           [](Box& box) {
             begin_flows(box);
             std::set<uint16_t> ports;
             for (const Flow& flow : table_of(box)) ports.insert(flow.reply.sport);
             REQUIRE(ports.size() == kFlows);
             CHECK(*ports.begin() == 3000);
             CHECK(*ports.rbegin() == 3000 + kFlows - 1);
           });
}

TEST_CASE("statistic --mode random holds about as often as it says") {
  constexpr size_t kPackets = 4000;
  for_both({"iptables -A FORWARD -m statistic --mode random --probability 0.25 -j DROP"},
           [](Box& box) {
             size_t passed = 0;
             for (size_t i = 0; i < kPackets; ++i) passed += pass(box, "> udp l2:1000 r2:53");
             // Nine standard deviations to either side.
             CHECK(passed > 2750);
             CHECK(passed < 3250);
           });
}

}  // namespace ctwin::test
