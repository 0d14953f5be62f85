#include "backend/open.h"

#include <cerrno>

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

 private:
  std::unique_ptr<BackendSource> source_ = kernel_source();
};

/// An engine, who answers for it, and what is fed to it.
class EngineTable final : public Table, public Feed {
 public:
  EngineTable(const TableOptions& options, const engine::Engine::Options& engine,
              const io::CaptureFeed::Options& feed)
      : engine_(engine),
        responder_(engine_.tracker()),
        source_(local_source(responder_)),
        captures_(engine_, feed),
        has_captures_(!options.captures.empty()),
        remark_(options.remark) {
    if (!options.trace) return;
    tracer_.emplace(engine_,
                    engine::Tracer::Options{options.trace_json, options.trace_only_invalid},
                    options.trace_to);
    engine_.observe(&*tracer_);
    engine_.tracker().take_notes(&*tracer_);
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

 private:
  engine::Engine engine_;
  engine::Responder responder_;
  std::unique_ptr<BackendSource> source_;
  io::CaptureFeed captures_;
  std::optional<engine::Tracer> tracer_;
  bool has_captures_;
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
  for (const std::string& assignment : options.sysctls)
    if (Status applied = apply_sysctl(assignment, engine.settings); !applied)
      return applied.error();
  const auto checksums = checksums_of(options.checksums);
  if (!checksums) return checksums.error();
  auto table = std::make_unique<EngineTable>(options, engine,
                                             io::CaptureFeed::Options{*checksums, options.run_out});
  for (const std::string& capture : options.captures)
    if (Status added = table->add(capture); !added) return Error{EIO, added.error().text};
  return std::unique_ptr<Table>(std::move(table));
}

}  // namespace ctwin::backend
