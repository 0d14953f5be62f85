#include "backend/engine_table.h"

#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <vector>

#include "base/posix.h"
#include "io/live_capture.h"

namespace ctwin::backend {

namespace {

Result<io::CaptureFeed::Options> feed_options(const EngineTableOptions& options) {
  io::CaptureFeed::Options feed;
  feed.run_out = options.run_out;
  feed.remark = options.remark;
  if (options.checksums == "verify")
    feed.checksums = io::Checksums::kVerify;
  else if (options.checksums == "ignore")
    feed.checksums = io::Checksums::kIgnore;
  else if (options.checksums != "auto")
    return Error{EINVAL, "--checksum '" + options.checksums + "' is none of auto, verify, ignore"};
  return feed;
}

Status apply_sysctl(const std::string& assignment, conntrack::Settings& settings) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos)
    return Error{EINVAL, "--sysctl '" + assignment + "' is not of the form NAME=VALUE"};
  Status status =
      conntrack::set_sysctl(settings, assignment.substr(0, equals), assignment.substr(equals + 1));
  if (status.ok()) return status;
  return Error{EINVAL, "--sysctl '" + assignment + "': " + status.error().text};
}

Status apply_sysctls(const EngineTableOptions& options, conntrack::Settings& settings) {
  for (const std::string& assignment : options.sysctls)
    if (Status applied = apply_sysctl(assignment, settings); !applied) return applied;
  return {};
}

/// The router that the options describe. It begins with the devices and settings that are known.
Result<setup::Setup> new_setup(const EngineTableOptions& options,
                               const conntrack::Settings& settings,
                               std::span<const std::string> known_devices) {
  setup::Setup setup;
  setup.settings = settings;
  router::Interfaces& devices = setup.router.interfaces();
  for (const std::string& device : known_devices) devices.find_or_add(device);
  for (const std::string& capture : options.captures)
    if (const auto device = io::split_capture(capture).first) devices.find_or_add(*device);
  for (const auto* names : {&options.tuns, &options.live_captures})
    for (const std::string& device : *names) devices.find_or_add(device);
  for (const std::string& file : options.setups)
    if (Status read = setup::read_setup(file, setup); !read) return read.error();
  return setup;
}

Result<setup::Setup> new_setup(const EngineTableOptions& options, const state::KeptState* kept) {
  return kept ? new_setup(options, kept->settings(), kept->devices()) : new_setup(options, {}, {});
}

/// The engine that the options describe, or that was kept and is changed by them.
Result<engine::Engine::Options> engine_options(const EngineTableOptions& options,
                                               const state::KeptState* kept = nullptr) {
  constexpr uint64_t kUsualSeed = 1;
  engine::Engine::Options engine;
  engine.seed = options.seed.value_or(kept ? kept->seed() : kUsualSeed);
  if (kept) engine.settings = kept->settings();
  if (!options.setups.empty() || (kept && kept->is_router())) {
    auto setup = options.setups.empty() ? kept->setup() : new_setup(options, kept);
    if (!setup) return setup.error();
    engine.settings = setup->settings;
    engine.setup = std::move(*setup);
  }
  if (Status applied = apply_sysctls(options, engine.settings); !applied) return applied.error();
  return engine;
}

/// Segments that are yet to be cut fit everywhere, or nowhere: nobody here has to cut them.
bool has_one_mtu(const router::Interfaces& interfaces) {
  uint32_t mtu = 0;
  for (uint32_t i = router::kLoopback + 1; i < interfaces.end(); ++i) {
    if (mtu != 0 && interfaces[i].mtu != mtu) return false;
    mtu = interfaces[i].mtu;
  }
  return true;
}

}  // namespace

EngineTable::EngineTable(const EngineTableOptions& options, engine::Engine::Options engine,
                         const io::CaptureFeed::Options& feed)
    : options_(options),
      engine_(std::move(engine)),
      responder_(engine_.tracker(), engine_.nat()),
      source_(local_source(responder_)),
      checksums_(feed.checksums),
      captures_(engine_, feed) {
  if (!options.trace) return;
  tracer_.emplace(engine_, engine::Tracer::Options{options.trace_json, options.trace_only_invalid},
                  options.trace_to);
  engine_.observe(*tracer_);
}

Result<std::unique_ptr<EngineTable>> EngineTable::open(const EngineTableOptions& options) {
  const auto feed = feed_options(options);
  if (!feed) return feed.error();
  std::unique_ptr<EngineTable> table;
  if (!options.state.empty()) {
    auto kept = open_kept(options, *feed);
    if (!kept) return kept.error();
    table = std::move(*kept);
  } else {
    auto engine = engine_options(options);
    if (!engine) return engine.error();
    table.reset(new EngineTable(options, std::move(*engine), *feed));
  }
  if (Status begun = table->begin(); !begun) return begun.error();
  return table;
}

/// An engine from its file. Time has gone on since it was written, on the wall as in the engine;
/// captures bring their own time.
Result<std::unique_ptr<EngineTable>> EngineTable::open_kept(const EngineTableOptions& options,
                                                            const io::CaptureFeed::Options& feed) {
  using Access = state::StateFile::Access;
  auto file = state::StateFile::open(
      options.state, options.changes ? Access::kWrite : Access::kRead, options.wait_ms);
  if (!file) return Error{EIO, file.error().text};
  const auto bytes = file->read();
  if (!bytes) return Error{EIO, bytes.error().text};
  std::optional<state::KeptState> kept;
  const auto refuse = [&](const Error& why) {
    return Error{EIO, "cannot use the state file " + file->path() + ": " + why.text +
                          "; name another file, or remove this one to begin with an empty table"};
  };
  if (!bytes->empty()) {
    auto read = state::KeptState::read(*bytes);
    if (!read) return refuse(read.error());
    kept = std::move(*read);
  }
  auto engine = engine_options(options, kept ? &*kept : nullptr);
  if (!engine) return engine.error();
  std::unique_ptr<EngineTable> table(new EngineTable(options, std::move(*engine), feed));
  const uint64_t wall = wall_clock_ns();
  uint64_t now = wall;
  if (kept) {
    if (Status restored = kept->restore(table->engine_, options.setups.empty()); !restored)
      return refuse(restored.error());
    if (options.seed) table->engine_.tracker().random() = Random(*options.seed);
    now = kept->engine_ns() + (wall > kept->wall_ns() ? wall - kept->wall_ns() : 0);
  }
  if (options.captures.empty()) table->engine_.advance(now);
  table->state_ = std::move(*file);
  return table;
}

/// Opens what is read and written beside the engine.
Status EngineTable::begin() {
  for (const std::string& capture : options_.captures)
    if (Status added = captures_.add(capture); !added) return Error{EIO, added.error().text};
  if (Status opened = open_files(); !opened) return opened;
  if (Status alive = come_alive(); !alive) return alive;
  connect_output();
  return {};
}

Status EngineTable::open_files() {
  engine::Box* box = engine_.box();
  if (!box) return {};
  files_.emplace(*box);
  for (const std::string& capture : options_.captures_out)
    if (Status opened = files_->write_packets(capture); !opened) return opened;
  files_->print_log(options_.log_to);
  if (!options_.log.empty())
    if (Status opened = files_->write_log(options_.log); !opened) return opened;
  box->set_log(&*files_);
  return {};
}

/// What the engine lives by, where it does.
Status EngineTable::come_alive() {
  if (options_.tuns.empty() && options_.live_captures.empty() && !options_.serve) return {};
  // What a queue has taken while its reader lagged behind goes back to the system when it is freed;
  // without this, ever larger blocks would come to be kept.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  auto loop = live::Loop::make();
  if (!loop) return loop.error();
  loop_ = std::move(*loop);
  live_.emplace(*loop_, engine_,
                live::LiveFeed::Options{checksums_, options_.interrupted, options_.before_wait,
                                        [this] { reload_if_wanted(); }, options_.remark});
  if (Status opened = open_devices(); !opened) return opened;
  if (!options_.captures.empty()) live_->pass_captures(&captures_);
  if (options_.ends_with_output) live_->end_with_reader_of(STDOUT_FILENO);
  return options_.serve ? serve(*options_.serve) : Status();
}

Status EngineTable::open_devices() {
  if (!options_.tuns.empty() && !engine_.box())
    return Error{EINVAL, "--tun is for a router, and the engine of " + options_.state +
                             " is none: give --setup FILE"};
  for (const std::string& name : options_.tuns) {
    auto device = io::TunDevice::open(name);
    if (!device) return device.error();
    tuns_.push_back(device->get());
    if (Status added = live_->add(std::move(*device)); !added) return added;
  }
  if (Status chosen = choose_segments(); !chosen) return chosen;
  for (const std::string& name : options_.live_captures) {
    auto capture = io::LiveCapture::open(name, options_.capture_filter);
    if (!capture) return capture.error();
    if (Status added = live_->add(std::move(*capture)); !added) return added;
  }
  return {};
}

Status EngineTable::choose_segments() {
  for (io::TunDevice* device : tuns_)
    if (Status chosen = device->give_large(has_one_mtu(engine_.box()->interfaces())); !chosen)
      return chosen;
  return {};
}

Status EngineTable::serve(const EngineTableOptions::Serve& where) {
  auto listener = live::Listener::open({where.path, where.mode, where.group});
  if (!listener) return Error{EIO, listener.error().text};
  clients_.emplace(*loop_, responder_);
  if (Status listening = clients_->listen(std::move(*listener)); !listening) return listening;
  live_->serve([this] { clients_->tend(); });
  if (options_.remark) options_.remark("serving on " + where.path);
  return {};
}

/// Reads the setup files again: all of them are right, or everything stays as it was.
void EngineTable::reload_if_wanted() {
  if (!options_.take_reload || !options_.take_reload()) return;
  const auto say = [this](const std::string& text) {
    if (options_.remark) options_.remark(text);
  };
  if (options_.setups.empty()) return say("SIGHUP: there is no --setup FILE to be read again");
  std::vector<std::string> devices;
  for (uint32_t device = 1; device < engine_.devices_end(); ++device)
    devices.push_back(engine_.device_name(device));
  auto setup = new_setup(options_, state_ ? engine_.settings() : conntrack::Settings{}, devices);
  if (!setup) return say(setup.error().text + "; the setup stays as it was");
  if (Status applied = apply_sysctls(options_, setup->settings); !applied)
    return say(applied.error().text);
  engine_.replace_setup(std::move(*setup));
  if (Status chosen = choose_segments(); !chosen) say(chosen.error().text);
  std::string names;
  for (const std::string& file : options_.setups) names += " " + file;
  say("the setup has been read again:" + names);
}

void EngineTable::connect_output() {
  const bool writes = !options_.captures_out.empty();
  if (!engine_.box() || (!writes && !live_)) return;
  engine_.on_output([this, writes](const engine::Departure& departure) {
    if (writes) files_->depart(departure);
    if (live_) live_->depart(departure);
  });
}

Feed* EngineTable::feed() {
  if (live_) return &*live_;
  return options_.captures.empty() ? nullptr : &captures_;
}

Status EngineTable::finish() {
  Status finished;
  constexpr int kPatience = 1000;  // ms for clients to take what waits
  if (clients_) clients_->drain(kPatience);
  if (live_) live_->say_last_words();
  if (files_) finished = files_->finish();
  if (finished.ok() && !options_.iptables_save.empty()) {
    if (engine_.box())
      finished = save_rules(*engine_.box(), options_.iptables_save, options_.trace_to);
    else
      finished = Error{EINVAL, "--iptables-save: the engine of " + options_.state +
                                   " is no router and has no rules"};
  }
  if (!state_ || !options_.changes) return finished;
  const Status kept = state_->replace(state::write_state(engine_, wall_clock_ns()));
  return finished.ok() ? kept : finished;
}

}  // namespace ctwin::backend
