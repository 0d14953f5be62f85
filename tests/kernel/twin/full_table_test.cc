// A table that is full: what the kernel and the engine then do with packets.
//
// How many entries there may be cannot be said in a namespace, so that the kernel's private table
// is filled by ctnetlink to what holds for all of them, and the engine's to the same. Which entries
// make room is up to the hash on both sides; how many packets passed, and what was counted, is not.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <thread>

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
Flow numbered_flow(uint32_t number, uint32_t status, uint8_t proto = IPPROTO_UDP) {
  const std::string client =
      fmt::format("172.{}.{}.{}", 16 + (number >> 24), number >> 16 & 255, number >> 8 & 255);
  Flow flow;
  flow.orig =
      port_tuple(proto, client, static_cast<uint16_t>(1024 + number % 256), "198.51.100.1", 53);
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

Status fill(Box& box, uint32_t count, const std::function<Flow(uint32_t)>& numbered) {
  auto backend = box.connect();
  if (!backend) return backend.error();
  ctnetlink::Client client(std::move(*backend));
  size_t refused = 0;
  const auto run = [&] {
    return client.run_batch([&](size_t, int code, const Flow*) { refused += code != 0; });
  };
  for (uint32_t number = 0; number < count; ++number) {
    const Flow flow = numbered(number);
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
  const auto numbered = [status](uint32_t number) { return numbered_flow(number, status); };
  if (const Status filled = fill(box, kernels_maximum(), numbered); !filled) return filled.error();
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

constexpr uint32_t kAnswered = kConfirmed | kSeenReply | kAssured;

/// A tenth of the table are connections that are being closed, the others are not.
Flow lasting_or_closing(uint32_t number) {
  if (number % 10 != 0) return numbered_flow(number, kAnswered);
  constexpr uint8_t kTimeWait = 7;
  Flow flow = numbered_flow(number, kAnswered, IPPROTO_TCP);
  flow.tcp_state = kTimeWait;
  flow.fields.add(FlowField::kTcpState);
  return flow;
}

uint32_t count_entries(Box& box) {
  auto backend = box.connect();
  REQUIRE(backend.ok());
  const auto stats = ctnetlink::Client(std::move(*backend)).global_stats();
  REQUIRE(stats.ok());
  return stats->entries;
}

uint32_t count_of_protocol(Box& box, uint8_t proto) {
  auto backend = box.connect();
  REQUIRE(backend.ok());
  ctnetlink::Client client(std::move(*backend));
  uint32_t count = 0;
  REQUIRE(client
              .dump(ctnetlink::DumpKind::kTable, nullptr,
                    [&](const Flow& flow) {
                      count += flow.orig.proto == proto;
                      return true;
                    })
              .ok());
  return count;
}

/// How often the packet came out, at this time where the box's clock is not the one on the wall.
size_t inject(Box& box, const char* text, uint64_t time_ns) {
  const Result<Step> step = parse_step(text);
  REQUIRE(step.ok());
  Record record;
  record.side = step->side;
  record.packet = step->packet;
  record.time = time_ns;
  REQUIRE(box.inject(record).ok());
  return record.outputs.size();
}

struct Pair {
  Outcome kernel, engine;
};

struct Boxes {
  explicit Boxes(const SetupLines& rules) {
    Sequence sequence;
    // Without events: a million would have to be heard.
    sequence.sysctls = {{"nf_conntrack_events", "0"}};
    sequence.setup = rules;
    auto theirs = KernelBox::create(sequence.sysctls, whole_setup(sequence));
    REQUIRE_MESSAGE(theirs.ok(), theirs.error().text);
    kernel = std::move(*theirs);
    sequence.sysctls.emplace_back("nf_conntrack_max", std::to_string(kernels_maximum()));
    auto ours = EngineBox::create(sequence.sysctls, whole_setup(sequence));
    REQUIRE_MESSAGE(ours.ok(), ours.error().text);
    engine = std::move(*ours);
  }
  std::unique_ptr<KernelBox> kernel;
  std::unique_ptr<EngineBox> engine;
};

Pair run_both(const SetupLines& rules, uint32_t status, std::initializer_list<const char*> steps) {
  const Boxes boxes(rules);
  auto theirs = run_full(*boxes.kernel, status, steps);
  REQUIRE_MESSAGE(theirs.ok(), theirs.error().text);
  auto ours = run_full(*boxes.engine, status, steps);
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
        run_both(rules, kAnswered,
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

TEST_CASE("a full table that can make no room is relieved of connections that are being closed") {
  if (is_too_large()) return;
  const Boxes boxes(kNoRules);
  Box& kernel = *boxes.kernel;
  Box& engine = *boxes.engine;
  const uint32_t most = kernels_maximum();
  const uint32_t lasting = most - (most + 9) / 10;
  // Of as many as the collector takes at once, or down to 95 %.
  const uint32_t relieved = std::max(most - 257, most / 100 * 95 - 1);
  constexpr uint64_t kBegin = 1'000'000'000'000;
  constexpr uint64_t kMinute = 60'000'000'000;
  constexpr const char* kNewcomer = "> udp l2:1 r2:2";
  for (Box* box : {&kernel, &engine}) {
    REQUIRE(inject(*box, "> tcp l2:1 r2:80 SA", kBegin) == 1);  // begins nothing but the time
    REQUIRE(fill(*box, most, lasting_or_closing).ok());
    REQUIRE(inject(*box, kNewcomer, kBegin) == 0);
    CHECK(count_entries(*box) == most);
  }

  // The kernel's collector comes by when it likes, but at least once a minute.
  using namespace std::chrono;
  const auto limit = steady_clock::now() + seconds(90);
  while (count_entries(kernel) != relieved && steady_clock::now() < limit)
    std::this_thread::sleep_for(milliseconds(200));
  CHECK(inject(kernel, kNewcomer, 0) == 1);
  CHECK(inject(engine, kNewcomer, kBegin + kMinute) == 1);
  for (Box* box : {&kernel, &engine}) {
    CHECK(count_entries(*box) == relieved + 1);
    CHECK(count_of_protocol(*box, IPPROTO_UDP) == lasting + 1);
    CounterSums counters;
    auto backend = box->connect();
    REQUIRE(backend.ok());
    REQUIRE(read_counters(**backend, counters).ok());
    CHECK(counters.at(CTA_STATS_DROP) == 1);
    CHECK(counters.at(CTA_STATS_EARLY_DROP) == 0);
  }
}

}  // namespace ctwin::test
