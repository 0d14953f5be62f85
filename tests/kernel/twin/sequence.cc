#include "sequence.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <thread>

#include "answers.h"
#include "engine_box.h"
#include "kernel_box.h"
#include "message_text.h"

namespace ctwin::test {

namespace {

constexpr size_t kBatch = 32;

/// Puts down to each `count`th packet, and to the last, what came of those before it.
void put_together(Recording& recording, size_t count) {
  std::vector<Record>& records = recording.records;
  for (size_t i = 0; i + 1 < records.size(); ++i) {
    if ((i + 1) % count == 0) continue;
    Record& next = records[i + 1];
    next.outputs.insert(next.outputs.begin(), records[i].outputs.begin(), records[i].outputs.end());
    next.events.insert(next.events.begin(), records[i].events.begin(), records[i].events.end());
    next.logs.insert(next.logs.begin(), records[i].logs.begin(), records[i].logs.end());
    records[i].outputs.clear();
    records[i].events.clear();
    records[i].logs.clear();
  }
}

std::string text_of(const char* where, const std::vector<Packet>& packets) {
  std::string text;
  for (const Packet& packet : packets)
    text += fmt::format("    {} {:02x}\n", where, fmt::join(packet, ""));
  return text;
}

}  // namespace

SetupLines whole_setup(const Sequence& sequence) {
  if (sequence.setup.empty()) return {};
  SetupLines lines = {
      "ip addr add 10.1.0.1/24 dev tl",         "ip addr add 10.2.0.1/24 dev tr",
      "ip route add default via 10.2.0.2",      "ip -6 addr add fd01::1/64 dev tl nodad",
      "ip -6 addr add fd02::1/64 dev tr nodad", "ip -6 route add default dev tr"};
  lines.insert(lines.end(), sequence.setup.begin(), sequence.setup.end());
  for (const char* program : {"iptables", "ip6tables"})
    lines.push_back(
        fmt::format("{} -t security -A FORWARD -m conntrack --ctstate INVALID", program));
  return lines;
}

Result<Recording> run_kernel(const Sequence& sequence) {
  auto box = KernelBox::create(sequence.sysctls, whole_setup(sequence));
  if (!box) return box.error();
  Recording recording;
  recording.outputs_differ = sequence.outputs_differ;
  recording.routes = !sequence.setup.empty();
  Answers answers;
  std::string changed;
  for (const std::string& text : sequence.steps) {
    Result<Step> step = parse_step(recording.routes ? answers.as_seen(text) : text);
    if (!step) return step.error();
    if (step->wait_ms != 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(step->wait_ms));
      continue;
    }
    if (!step->setup.empty()) {
      if (Status status = (*box)->change(step->setup); !status.ok()) return status.error();
      changed += step->setup + "\n";
      continue;
    }
    Record& record = recording.records.emplace_back();
    record.side = step->side;
    record.outbound = step->outbound;
    record.setup_before = std::exchange(changed, {});
    record.packet = std::move(step->packet);
    if (Status status = (*box)->inject(record); !status.ok()) return status.error();
    if (recording.routes) answers.learn(text, record);
  }
  if (Status status = (*box)->finish(recording); !status.ok()) return status.error();
  return recording;
}

Result<Recording> run_engine(const Sequence& sequence, const Recording& kernel, size_t at_once,
                             Drawing drawing) {
  auto box = EngineBox::create(sequence.sysctls, whole_setup(sequence));
  if (!box) return box.error();
  if (drawing == Drawing::kItsOwn)
    (*box)->mix_devices();
  else
    (*box)->expect_table(kernel.table);
  Recording recording;
  recording.end_time = kernel.end_time;
  recording.routes = kernel.routes;
  for (const Record& original : kernel.records) {
    Record& record = recording.records.emplace_back();
    record.side = original.side;
    record.time = original.time;
    record.tick_crossed = original.tick_crossed;
    record.packet = original.packet;
    record.outbound = original.outbound;
    record.setup_before = original.setup_before;
  }
  std::span<Record> rest = recording.records;
  while (!rest.empty()) {
    if (drawing == Drawing::kAsKernel && recording.routes)
      recording.draws |= (*box)->draw_as(kernel.records[kernel.records.size() - rest.size()]);
    if (const std::string& line = rest.front().setup_before; !line.empty())
      if (Status status = (*box)->change(line); !status.ok()) return status.error();
    const size_t count = std::min(at_once, rest.size());
    if (Status status = (*box)->inject_together(rest.first(count)); !status.ok())
      return status.error();
    rest = rest.subspan(count);
  }
  if (Status status = (*box)->finish(recording); !status.ok()) return status.error();
  return recording;
}

Result<std::vector<Difference>> find_differences(const Sequence& sequence) {
  const auto kernel = run_kernel(sequence);
  if (!kernel) return kernel.error();
  auto engine = run_engine(sequence, *kernel);
  if (!engine && !sequence.setup.empty())
    return std::vector<Difference>{{0, "  setup\n    engine  " + engine.error().text + "\n"}};
  if (!engine) return engine.error();
  std::vector<Difference> differences = compare(*kernel, *engine);
  const bool changes = std::ranges::any_of(
      kernel->records, [](const Record& record) { return !record.setup_before.empty(); });
  if (!differences.empty() || changes) return differences;
  // Several at once cannot be made to draw what the kernel drew for each.
  if (engine->routes) engine = run_engine(sequence, *kernel, 1, Drawing::kItsOwn);
  if (!engine) return engine.error();
  const auto batched = run_engine(sequence, *kernel, kBatch, Drawing::kItsOwn);
  if (!batched) return batched.error();
  put_together(*engine, kBatch);
  differences = compare(*engine, *batched);
  for (Difference& difference : differences)
    difference.text.insert(0, "  one by one (kernel) and many at once (engine)\n");
  return differences;
}

std::string show(const Sequence& sequence, const Recording& recording) {
  std::string text = fmt::format("# {}\n", sequence.name);
  for (const auto& [name, value] : sequence.sysctls)
    text += fmt::format("# {} = {}\n", name, value);
  for (const std::string& line : sequence.setup) text += "# " + line + "\n";
  size_t next = 0;
  for (const std::string& step : sequence.steps) {
    text += step + "\n";
    if (!has_packet(step)) continue;
    const Record& record = recording.records[next++];
    if (record.outputs.empty() && record.returned.empty()) text += "    nothing left\n";
    if (recording.routes)
      text += text_of("left", record.outputs) + text_of("returned", record.returned);
    for (const std::string& line : record.logs) text += "    log: " + line + "\n";
    for (const MessageBytes& event : record.events) text += "    " + message_text(event) + "\n";
  }
  for (const MessageBytes& entry : recording.table) text += "  " + message_text(entry) + "\n";
  text += "  counters";
  for (const auto& [type, value] : recording.counters)
    if (value != 0) text += fmt::format(" #{}={}", type, value);
  return text + "\n" + recording.rules;
}

}  // namespace ctwin::test
