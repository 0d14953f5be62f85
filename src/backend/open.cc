#include "backend/open.h"

#include <cerrno>

#include "backend/box_files.h"
#include "backend/kernel.h"
#include "backend/local.h"
#include "engine/responder.h"
#include "engine/trace.h"
#include "io/feed.h"

namespace ctwin::backend {

namespace {

class KernelTable final : public Table {
 public:
  BackendSource& source() override { return *source_; }
  Feed* feed() override { return nullptr; }
  Status finish() override { return {}; }

 private:
  std::unique_ptr<BackendSource> source_ = kernel_source();
};

/// An engine, who answers for it, and what is fed to it.
class EngineTable final : public Table, public Feed {
 public:
  EngineTable(const TableOptions& options, engine::Engine::Options engine,
              const io::CaptureFeed::Options& feed)
      : engine_(std::move(engine)),
        responder_(engine_.tracker(), engine_.nat()),
        source_(local_source(responder_)),
        captures_(engine_, feed),
        has_captures_(!options.captures.empty()),
        iptables_save_(options.iptables_save),
        print_(options.trace_to),
        remark_(options.remark) {
    if (!options.trace) return;
    tracer_.emplace(engine_,
                    engine::Tracer::Options{options.trace_json, options.trace_only_invalid},
                    options.trace_to);
    engine_.observe(*tracer_);
  }

  /// The files of a router.
  Status open_files(const TableOptions& options) {
    engine::Box* box = engine_.box();
    if (!box) return {};
    files_.emplace(*box);
    for (const std::string& capture : options.captures_out)
      if (Status opened = files_->write_packets(capture); !opened) return opened;
    if (!options.captures_out.empty())
      engine_.on_output([this](const engine::Departure& departure) { files_->depart(departure); });
    files_->print_log(options.log_to);
    if (!options.log.empty())
      if (Status opened = files_->write_log(options.log); !opened) return opened;
    box->set_log(&*files_);
    return {};
  }

  Status add(const std::string& capture) { return captures_.add(capture); }

  BackendSource& source() override { return *source_; }
  Feed* feed() override { return has_captures_ ? this : nullptr; }

  bool step() override {
    const bool more = captures_.step();
    if (captures_.offloaded() != 0 && !said_offloaded_ && remark_) {
      said_offloaded_ = true;
      remark_(
          "the capture was taken where checksums are offloaded: unfinished ones count as "
          "right (--checksum=verify checks them)");
    }
    return more;
  }
  Progress progress() const override { return captures_.progress(); }
  Status status() const override { return captures_.status(); }

  Status finish() override {
    if (!files_) return {};
    Status finished = files_->finish();
    if (!finished || iptables_save_.empty()) return finished;
    return save_rules(*engine_.box(), iptables_save_, print_);
  }

 private:
  engine::Engine engine_;
  engine::Responder responder_;
  std::unique_ptr<BackendSource> source_;
  io::CaptureFeed captures_;
  std::optional<engine::Tracer> tracer_;
  std::optional<BoxFiles> files_;
  bool has_captures_;
  std::string iptables_save_;
  std::function<void(std::string_view)> print_;
  bool said_offloaded_ = false;
  std::function<void(std::string_view)> remark_;
};

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

}  // namespace

Result<std::unique_ptr<Table>> open_table(const TableOptions& options) {
  if (!options.engine) return std::unique_ptr<Table>(std::make_unique<KernelTable>());
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
  const auto checksums = checksums_of(options.checksums);
  if (!checksums) return checksums.error();
  auto table = std::make_unique<EngineTable>(options, std::move(engine),
                                             io::CaptureFeed::Options{*checksums, options.run_out});
  for (const std::string& capture : options.captures)
    if (Status added = table->add(capture); !added) return Error{EIO, added.error().text};
  if (Status opened = table->open_files(options); !opened) return opened.error();
  return std::unique_ptr<Table>(std::move(table));
}

}  // namespace ctwin::backend
