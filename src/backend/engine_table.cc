#include "backend/engine_table.h"

#include <cerrno>

namespace ctwin::backend {

namespace {

Result<io::Checksums> checksums_of(const std::string& word) {
  if (word == "auto") return io::Checksums::kAuto;
  if (word == "verify") return io::Checksums::kVerify;
  if (word == "ignore") return io::Checksums::kIgnore;
  return Error{EINVAL, "--checksum '" + word + "' is none of auto, verify, ignore"};
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

/// The engine that the options describe.
Result<engine::Engine::Options> engine_options(const TableOptions& options) {
  engine::Engine::Options engine;
  engine.seed = options.seed;
  if (!options.setups.empty()) {
    setup::Setup setup;
    for (const std::string& capture : options.captures)
      if (const auto device = io::split_capture(capture).first)
        setup.router.interfaces().find_or_add(*device);
    for (const std::string& file : options.setups)
      if (Status read = setup::read_setup(file, setup); !read) return read.error();
    engine.settings = setup.settings;
    engine.setup = std::move(setup);
  }
  for (const std::string& assignment : options.sysctls)
    if (Status applied = apply_sysctl(assignment, engine.settings); !applied)
      return applied.error();
  return engine;
}

}  // namespace

EngineTable::EngineTable(const TableOptions& options, engine::Engine::Options engine,
                         const io::CaptureFeed::Options& feed)
    : options_(options),
      engine_(std::move(engine)),
      responder_(engine_.tracker(), engine_.nat()),
      source_(local_source(responder_)),
      captures_(engine_, feed),
      has_captures_(!options.captures.empty()) {
  if (!options.trace) return;
  tracer_.emplace(engine_, engine::Tracer::Options{options.trace_json, options.trace_only_invalid},
                  options.trace_to);
  engine_.observe(*tracer_);
}

Result<std::unique_ptr<EngineTable>> EngineTable::open(const TableOptions& options) {
  auto engine = engine_options(options);
  if (!engine) return engine.error();
  const auto checksums = checksums_of(options.checksums);
  if (!checksums) return checksums.error();
  const io::CaptureFeed::Options feed{*checksums, options.run_out};
  std::unique_ptr<EngineTable> table(new EngineTable(options, std::move(*engine), feed));
  for (const std::string& capture : options.captures)
    if (Status added = table->captures_.add(capture); !added) return Error{EIO, added.error().text};
  if (Status opened = table->open_files(); !opened) return opened.error();
  return table;
}

Status EngineTable::open_files() {
  engine::Box* box = engine_.box();
  if (!box) return {};
  files_.emplace(*box);
  for (const std::string& capture : options_.captures_out)
    if (Status opened = files_->write_packets(capture); !opened) return opened;
  if (!options_.captures_out.empty())
    engine_.on_output([this](const engine::Departure& departure) { files_->depart(departure); });
  files_->print_log(options_.log_to);
  if (!options_.log.empty())
    if (Status opened = files_->write_log(options_.log); !opened) return opened;
  box->set_log(&*files_);
  return {};
}

bool EngineTable::step() {
  const bool more = captures_.step();
  if (captures_.offloaded() != 0 && !said_offloaded_ && options_.remark) {
    said_offloaded_ = true;
    options_.remark(
        "the capture was taken where checksums are offloaded: unfinished ones count as "
        "right (--checksum=verify checks them)");
  }
  return more;
}

Status EngineTable::finish() {
  if (!files_) return {};
  Status finished = files_->finish();
  if (!finished || options_.iptables_save.empty()) return finished;
  return save_rules(*engine_.box(), options_.iptables_save, options_.trace_to);
}

}  // namespace ctwin::backend
