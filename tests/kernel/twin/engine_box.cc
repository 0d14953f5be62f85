#include "engine_box.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "backend/local.h"
#include "conntrack/proto.h"
#include "conntrack/settings.h"
#include "ctnetlink/uapi.h"
#include "draws.h"
#include "engine/engine.h"
#include "engine/responder.h"
#include "nflog.h"
#include "rules/command.h"
#include "setup/setup_file.h"

namespace ctwin::test {

namespace {

constexpr uint32_t kCapacity = 1 << 20;

engine::Engine::Options options_of(const setup::Setup& setup, bool routes) {
  engine::Engine::Options options;
  options.settings = setup.settings;
  options.capacity = kCapacity;
  if (routes) options.setup = setup;
  return options;
}

setup::Setup empty_setup() {
  setup::Setup setup;
  for (const char* device : {"tl", "tr"}) setup.router.interfaces().find_or_add(device);
  return setup;
}

/// What the kernel would log, where nothing is routed.
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

/// What rules and conntrack log of packets on their way through the router.
class RouterLog final : public rules::LogSink {
 public:
  explicit RouterLog(const router::Interfaces& interfaces) : interfaces_(interfaces) {}

  void log(const rules::LogEntry& entry) override {
    const bool nflog = entry.kind == rules::LogEntry::Kind::kNflog;
    // The kernel's LOG writes to the kernel log whatever the logger of its namespace is.
    if (entry.kind == rules::LogEntry::Kind::kLog || (nflog && entry.group != 0)) return;
    const packet::Packet& packet = entry.skb->packet;
    lines.push_back(
        log_text({std::string(entry.prefix), name_of(entry.in), name_of(entry.out), entry.skb->mark,
                  Packet(entry.skb->data, entry.skb->data + packet.captured)}));
    if (nflog) lines.back() += kMayBeCut;
  }

  std::vector<std::string> lines;

 private:
  std::string name_of(uint32_t device) const {
    return device == 0 ? std::string() : interfaces_.name(device);
  }
  const router::Interfaces& interfaces_;
};

}  // namespace

struct EngineBox::Parts {
  Parts(const setup::Setup& setup, bool routes)
      : engine(options_of(setup, routes)),
        responder(engine.tracker(), engine.nat()),
        log(setup.settings.log_invalid),
        draws(setup.v4, setup.v6),
        devices{engine.device("tl"), engine.device("tr")} {
    if (routes) {
      router_log = std::make_unique<RouterLog>(engine.box()->interfaces());
      engine.box()->set_log(router_log.get());
    } else if (setup.settings.log_invalid != 0) {
      engine.tracker().take_notes(&log);
    }
    engine.on_output([this](const engine::Departure& departure) {
      const bool returns = side && departure.device == devices[*side == Side::kLeft ? 0 : 1];
      (returns ? returned : outputs).emplace_back(departure.bytes.begin(), departure.bytes.end());
    });
  }

  engine::Engine engine;
  engine::Responder responder;
  Log log;
  std::unique_ptr<RouterLog> router_log;
  Draws draws;
  uint32_t devices[2];
  /// From where the packet came that is worked on, where it is only one and may go back.
  std::optional<Side> side;
  std::unique_ptr<Backend> listener;
  std::unique_ptr<Backend> client;
  std::vector<Packet> outputs;
  std::vector<Packet> returned;
};

EngineBox::EngineBox(std::unique_ptr<Parts> parts, std::string setup)
    : parts_(std::move(parts)), setup_(std::move(setup)) {}
EngineBox::~EngineBox() = default;

Result<std::unique_ptr<EngineBox>> EngineBox::create(const Sysctls& sysctls,
                                                     const SetupLines& lines) {
  setup::Setup setup = empty_setup();
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  if (Status status = setup::read_setup_text("setup", text, setup); !status.ok())
    return status.error();
  for (const auto& [name, value] : sysctls)
    if (Status status = conntrack::set_sysctl(setup.settings, "net.netfilter." + name, value);
        !status.ok())
      return status.error();
  auto parts = make_parts(setup, !lines.empty());
  if (!parts) return parts.error();
  return std::unique_ptr<EngineBox>(new EngineBox(std::move(*parts), std::move(text)));
}

Result<std::unique_ptr<EngineBox::Parts>> EngineBox::make_parts(const setup::Setup& setup,
                                                                bool routes) {
  auto parts = std::make_unique<Parts>(setup, routes);
  const auto source = backend::local_source(parts->responder);
  for (std::unique_ptr<Backend>* end : {&parts->listener, &parts->client}) {
    auto opened = source->open();
    if (!opened) return opened.error();
    *end = std::move(*opened);
  }
  if (Status status = parts->listener->join(ctnetlink::kConntrackGroups); !status.ok())
    return status.error();
  return parts;
}

Result<std::unique_ptr<Backend>> EngineBox::connect() {
  return backend::local_source(parts_->responder)->open();
}

Status EngineBox::restart() {
  engine::Engine& engine = parts_->engine;
  if (engine.incomplete() != 0) return {};
  const std::vector<uint8_t> bytes = state::write_state(engine, 0);
  const auto kept = state::KeptState::read(bytes);
  if (!kept) return kept.error();
  const auto setup = kept->setup();
  if (!setup) return setup.error();
  return go_on_with(*setup, *kept);
}

Status EngineBox::go_on_with(const setup::Setup& setup, const state::KeptState& kept) {
  auto parts = make_parts(setup, kept.is_router());
  if (!parts) return parts.error();
  if (Status restored = kept.restore((*parts)->engine, true); !restored) return restored;
  parts_ = std::move(*parts);
  return {};
}

Status EngineBox::change(const std::string& line) {
  setup_ += line + "\n";
  setup::Setup setup = empty_setup();
  if (Status status = setup::read_setup_text("setup", setup_, setup); !status) return status;
  setup.settings = parts_->engine.settings();
  const std::vector<uint8_t> bytes = state::write_state(parts_->engine, 0);
  const auto kept = state::KeptState::read(bytes);
  if (!kept) return kept.error();
  return go_on_with(setup, *kept);
}

bool EngineBox::draw_as(const Record& kernel) {
  return parts_->draws.steer(kernel, parts_->engine.tracker().random());
}

void EngineBox::expect_table(const std::vector<MessageBytes>& table) {
  parts_->draws.read_table(table);
}

Status EngineBox::inject(Record& record) { return inject_together(std::span(&record, 1)); }

Status EngineBox::inject_together(std::span<Record> records) {
  std::vector<engine::RawPacket> packets;
  for (const Record& record : records) {
    engine::RawPacket& packet = packets.emplace_back();
    packet.bytes = record.packet;
    packet.wire_length = static_cast<uint32_t>(record.packet.size());
    packet.device = parts_->devices[record.side == Side::kLeft ? 0 : 1];
    packet.time = record.time;
    packet.outbound = record.outbound;
  }
  Record& last = records.back();
  parts_->side = {};
  if (parts_->engine.box() && !mixes_devices_) parts_->side = last.side;
  parts_->engine.process(packets);
  last.outputs = std::exchange(parts_->outputs, {});
  last.returned = std::exchange(parts_->returned, {});
  last.logs = std::exchange(parts_->router_log ? parts_->router_log->lines : parts_->log.lines, {});
  return read_events(*parts_->listener, last.events);
}

Status EngineBox::finish(Recording& recording) {
  parts_->engine.advance(recording.end_time);
  if (const engine::Box* box = parts_->engine.box())
    recording.rules = rules::save(box->rules(AF_INET)) + rules::save(box->rules(AF_INET6));
  if (Status status = read_table(*parts_->client, recording.table); !status.ok()) return status;
  if (Status status = read_counters(*parts_->client, recording.counters); !status.ok())
    return status;
  return read_events(*parts_->listener, recording.late_events);
}

}  // namespace ctwin::test
