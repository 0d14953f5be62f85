#include "sequence.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <thread>

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

}  // namespace

Result<Recording> run_kernel(const Sequence& sequence) {
  auto box = KernelBox::create(sequence.sysctls);
  if (!box) return box.error();
  Recording recording;
  recording.outputs_differ = sequence.outputs_differ;
  for (const std::string& text : sequence.steps) {
    Result<Step> step = parse_step(text);
    if (!step) return step.error();
    if (step->wait_ms != 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(step->wait_ms));
      continue;
    }
    Record& record = recording.records.emplace_back();
    record.side = step->side;
    record.packet = std::move(step->packet);
    if (Status status = (*box)->inject(record); !status.ok()) return status.error();
  }
  if (Status status = (*box)->finish(recording); !status.ok()) return status.error();
  return recording;
}

Result<Recording> run_engine(const Sequence& sequence, const Recording& kernel, size_t at_once) {
  auto box = EngineBox::create(sequence.sysctls);
  if (!box) return box.error();
  Recording recording;
  recording.end_time = kernel.end_time;
  for (const Record& original : kernel.records)
    recording.records.push_back(
        {original.side, original.time, original.tick_crossed, original.packet, {}, {}, {}});
  std::span<Record> rest = recording.records;
  while (!rest.empty()) {
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
  if (!engine) return engine.error();
  std::vector<Difference> differences = compare(*kernel, *engine);
  if (!differences.empty()) return differences;
  const auto batched = run_engine(sequence, *kernel, kBatch);
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
  size_t next = 0;
  for (const std::string& step : sequence.steps) {
    text += step + "\n";
    if (step.starts_with("wait")) continue;
    const Record& record = recording.records[next++];
    if (record.outputs.empty()) text += "    nothing left\n";
    for (const std::string& line : record.logs) text += "    log: " + line + "\n";
    for (const MessageBytes& event : record.events) text += "    " + message_text(event) + "\n";
  }
  for (const MessageBytes& entry : recording.table) text += "  " + message_text(entry) + "\n";
  text += "  counters";
  for (const auto& [type, value] : recording.counters)
    if (value != 0) text += fmt::format(" #{}={}", type, value);
  return text + "\n";
}

}  // namespace ctwin::test
