// A table that is full: what the kernel and the engine then do with packets.
//
// How many entries there may be cannot be said in a namespace, so that the kernel's private table
// is filled by ctnetlink to what holds for all of them, and the engine's to the same. Which entries
// make room is up to the hash on both sides; how many packets passed, and what was counted, is not.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>

#include "ctnetlink/client.h"
#include "ctnetlink/uapi.h"
#include "engine_box.h"
#include "kernel_box.h"
#include "sequence.h"
#include "support/messages.h"

namespace ctwin::test {
namespace {

uint32_t kernels_maximum() {
  uint32_t entries = 0;
  std::ifstream("/proc/sys/net/netfilter/nf_conntrack_max") >> entries;
  return entries;
}

/// Of a client in 172.16.0.0/12, a port of its own each.
Flow numbered_flow(uint32_t number, uint32_t status) {
  const std::string client =
      fmt::format("172.{}.{}.{}", 16 + (number >> 24), number >> 16 & 255, number >> 8 & 255);
  Flow flow;
  flow.orig = port_tuple(IPPROTO_UDP, client, static_cast<uint16_t>(1024 + number % 256),
                         "198.51.100.1", 53);
  flow.reply = mirrored(flow.orig);
  flow.fields.add(FlowField::kOrig);
  flow.fields.add(FlowField::kReply);
  flow.set_status(status);
  flow.set_timeout(600);
  return flow;
}

/// More than this is no table that a test should fill.
constexpr uint32_t kMostEntries = 600'000;

bool is_too_large() {
  const uint32_t most = kernels_maximum();
  if (most > kMostEntries) MESSAGE("left out: the kernel's table holds ", most, " entries");
  return most > kMostEntries;
}

Status fill(Box& box, uint32_t count, uint32_t status) {
  auto backend = box.connect();
  if (!backend) return backend.error();
  ctnetlink::Client client(std::move(*backend));
  size_t refused = 0;
  const auto run = [&] {
    return client.run_batch([&](size_t, int code, const Flow*) { refused += code != 0; });
  };
  for (uint32_t number = 0; number < count; ++number) {
    const Flow flow = numbered_flow(number, status);
    if (client.add(ctnetlink::Operation::kCreate, flow)) continue;
    if (const Status ran = run(); !ran) return ran;
    REQUIRE(client.add(ctnetlink::Operation::kCreate, flow));
  }
  const Status ran = run();
  CHECK(refused == 0);
  return ran;
}

struct Outcome {
  std::vector<size_t> passed;  ///< of each packet: how often it came out
  CounterSums counters;
  uint32_t entries = 0;
};

/// The packets at a table that holds as many entries as there may be, all with this status.
Result<Outcome> run_full(Box& box, uint32_t status, std::initializer_list<const char*> steps) {
  if (const Status filled = fill(box, kernels_maximum(), status); !filled) return filled.error();
  Outcome outcome;
  Recording recording;
  for (const char* text : steps) {
    const Result<Step> step = parse_step(text);
    REQUIRE(step.ok());
    Record record;
    record.side = step->side;
    record.packet = step->packet;
    if (const Status status_now = box.inject(record); !status_now) return status_now.error();
    outcome.passed.push_back(record.outputs.size());
  }
  auto backend = box.connect();
  if (!backend) return backend.error();
  ctnetlink::Client client(std::move(*backend));
  const auto stats = client.global_stats();
  if (!stats) return stats.error();
  outcome.entries = stats->entries;
  if (const Status read = read_counters(client.backend(), outcome.counters); !read)
    return read.error();
  return outcome;
}

struct Pair {
  Outcome kernel, engine;
};

Pair run_both(const SetupLines& rules, uint32_t status, std::initializer_list<const char*> steps) {
  Sequence sequence;
  // Without events: a million would have to be heard.
  sequence.sysctls = {{"nf_conntrack_events", "0"}};
  sequence.setup = rules;
  auto kernel = KernelBox::create(sequence.sysctls, whole_setup(sequence));
  REQUIRE_MESSAGE(kernel.ok(), kernel.error().text);
  sequence.sysctls.emplace_back("nf_conntrack_max", std::to_string(kernels_maximum()));
  auto engine = EngineBox::create(sequence.sysctls, whole_setup(sequence));
  REQUIRE_MESSAGE(engine.ok(), engine.error().text);
  auto theirs = run_full(**kernel, status, steps);
  REQUIRE_MESSAGE(theirs.ok(), theirs.error().text);
  auto ours = run_full(**engine, status, steps);
  REQUIRE_MESSAGE(ours.ok(), ours.error().text);
  return {std::move(*theirs), std::move(*ours)};
}

const SetupLines kNoRules;
const SetupLines kRules = {
    "iptables -t nat -A POSTROUTING -o tr -j SNAT --to-source 10.2.0.1",
    "iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED,NEW -j ACCEPT",
    "iptables -P FORWARD DROP",
};

}  // namespace

TEST_CASE("a full table of entries that stay drops what would begin, and nothing else") {
  if (is_too_large()) return;
  for (const SetupLines& rules : {kNoRules, kRules}) {
    CAPTURE(rules.size());
    const auto [kernel, engine] =
        run_both(rules, kConfirmed | kSeenReply | kAssured,
                 {"> udp l2:1 r2:2", "> udp l2:3 r2:4", "> tcp l2:1 r2:80 S",
                  "> udp 172.16.0.0:1024 198.51.100.1:53"});
    CHECK(kernel.passed == std::vector<size_t>{0, 0, 0, 1});
    CHECK(engine.passed == kernel.passed);
    CHECK(kernel.counters.at(CTA_STATS_DROP) == 3);
    CHECK(engine.counters == kernel.counters);
    CHECK(kernel.entries == kernels_maximum());
    CHECK(engine.entries == kernel.entries);
  }
}

TEST_CASE("a full table of entries that nobody answered makes room, and counts what had to go") {
  if (is_too_large()) return;
  for (const SetupLines& rules : {kNoRules, kRules}) {
    CAPTURE(rules.size());
    const auto [kernel, engine] =
        run_both(rules, kConfirmed, {"> udp l2:1 r2:2", "> udp l2:1 r2:2", "> tcp l2:1 r2:80 S"});
    for (const Outcome& outcome : {kernel, engine}) {
      CHECK(outcome.passed == std::vector<size_t>{1, 1, 1});
      CHECK(outcome.counters.at(CTA_STATS_DROP) == 0);
      const uint64_t dropped = outcome.counters.at(CTA_STATS_EARLY_DROP);
      CHECK(dropped >= 1);
      CHECK(outcome.entries == kernels_maximum() + 2 - dropped);
      CHECK(outcome.counters.at(CTA_STATS_INSERT) == kernels_maximum());
    }
  }
}

}  // namespace ctwin::test
