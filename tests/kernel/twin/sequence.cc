#include "sequence.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "engine_box.h"
#include "kernel_box.h"
#include "message_text.h"

namespace ctwin::test {

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

Result<Recording> run_engine(const Sequence& sequence, const Recording& kernel) {
  auto box = EngineBox::create(sequence.sysctls);
  if (!box) return box.error();
  Recording recording;
  recording.end_time = kernel.end_time;
  for (const Record& original : kernel.records) {
    Record& record = recording.records.emplace_back();
    record.side = original.side;
    record.time = original.time;
    record.packet = original.packet;
    if (Status status = (*box)->inject(record); !status.ok()) return status.error();
  }
  if (Status status = (*box)->finish(recording); !status.ok()) return status.error();
  return recording;
}

Result<std::vector<Difference>> find_differences(const Sequence& sequence) {
  const auto kernel = run_kernel(sequence);
  if (!kernel) return kernel.error();
  const auto engine = run_engine(sequence, *kernel);
  if (!engine) return engine.error();
  return compare(*kernel, *engine);
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
    for (const MessageBytes& event : record.events) text += "    " + message_text(event) + "\n";
  }
  for (const MessageBytes& entry : recording.table) text += "  " + message_text(entry) + "\n";
  text += "  counters";
  for (const auto& [type, value] : recording.counters)
    if (value != 0) text += fmt::format(" #{}={}", type, value);
  return text + "\n";
}

}  // namespace ctwin::test
