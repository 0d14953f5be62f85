#include "engine_box.h"

#include <fmt/format.h>

#include <utility>

#include "backend/local.h"
#include "conntrack/proto.h"
#include "conntrack/settings.h"
#include "ctnetlink/uapi.h"
#include "engine/engine.h"
#include "engine/responder.h"

namespace ctwin::test {

namespace {

constexpr uint32_t kCapacity = 1 << 20;

engine::Engine::Options options_of(const conntrack::Settings& settings) {
  engine::Engine::Options options;
  options.settings = settings;
  options.capacity = kCapacity;
  return options;
}

/// What the kernel would log.
class Log final : public conntrack::NoteSink {
 public:
  explicit Log(uint8_t protocol) : protocol_(protocol) {}

  void note(conntrack::TrackNote note) override {
    if (note.kernel_logs && (protocol_ == kEvery || protocol_ == note.proto))
      lines.push_back(fmt::format("nf_ct_proto_{}: {}", note.proto, note.text));
  }
  void timeout(conntrack::Tick, const char*) override {}

  std::vector<std::string> lines;

 private:
  static constexpr uint8_t kEvery = 255;
  uint8_t protocol_;
};

}  // namespace

struct EngineBox::Parts {
  explicit Parts(const conntrack::Settings& settings)
      : engine(options_of(settings)),
        responder(engine.tracker(), engine.nat()),
        log(settings.log_invalid),
        devices{engine.device("tl"), engine.device("tr")} {
    if (settings.log_invalid != 0) engine.tracker().take_notes(&log);
    engine.on_output([this](const engine::Departure& departure) {
      outputs.emplace_back(departure.bytes.begin(), departure.bytes.end());
    });
  }

  engine::Engine engine;
  engine::Responder responder;
  Log log;
  uint32_t devices[2];
  std::unique_ptr<Backend> listener;
  std::unique_ptr<Backend> client;
  std::vector<Packet> outputs;
};

EngineBox::EngineBox(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
EngineBox::~EngineBox() = default;

Result<std::unique_ptr<EngineBox>> EngineBox::create(const Sysctls& sysctls) {
  conntrack::Settings settings;
  for (const auto& [name, value] : sysctls)
    if (Status status = conntrack::set_sysctl(settings, "net.netfilter." + name, value);
        !status.ok())
      return status.error();
  auto parts = std::make_unique<Parts>(settings);
  const auto source = backend::local_source(parts->responder);
  for (std::unique_ptr<Backend>* end : {&parts->listener, &parts->client}) {
    auto opened = source->open();
    if (!opened) return opened.error();
    *end = std::move(*opened);
  }
  if (Status status = parts->listener->join(ctnetlink::kConntrackGroups); !status.ok())
    return status.error();
  return std::unique_ptr<EngineBox>(new EngineBox(std::move(parts)));
}

Status EngineBox::inject(Record& record) { return inject_together(std::span(&record, 1)); }

Status EngineBox::inject_together(std::span<Record> records) {
  std::vector<engine::RawPacket> packets;
  for (const Record& record : records)
    packets.push_back({.bytes = record.packet,
                       .wire_length = static_cast<uint32_t>(record.packet.size()),
                       .device = parts_->devices[record.side == Side::kLeft ? 0 : 1],
                       .time = record.time});
  parts_->engine.process(packets);
  records.back().outputs = std::exchange(parts_->outputs, {});
  records.back().logs = std::exchange(parts_->log.lines, {});
  return read_events(*parts_->listener, records.back().events);
}

Status EngineBox::finish(Recording& recording) {
  parts_->engine.advance(recording.end_time);
  if (Status status = read_table(*parts_->client, recording.table); !status.ok()) return status;
  if (Status status = read_counters(*parts_->client, recording.counters); !status.ok())
    return status;
  return read_events(*parts_->listener, recording.late_events);
}

}  // namespace ctwin::test
