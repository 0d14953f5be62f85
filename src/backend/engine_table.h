// An engine as a table: the engine, who answers for it, what is fed to it and what it writes.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backend/box_files.h"
#include "backend/local.h"
#include "backend/open.h"
#include "engine/engine.h"
#include "engine/responder.h"
#include "engine/trace.h"
#include "io/feed.h"
#include "state/engine_state.h"
#include "state/state_file.h"

namespace ctwin::backend {

class EngineTable final : public Table, public Feed {
 public:
  static Result<std::unique_ptr<EngineTable>> open(const TableOptions& options);

  BackendSource& source() override { return *source_; }
  Feed* feed() override { return has_captures_ ? this : nullptr; }
  Status finish() override;

  // ---- Feed ----
  bool step() override;
  Progress progress() const override { return captures_.progress(); }
  Status status() const override { return captures_.status(); }

 private:
  EngineTable(const TableOptions& options, engine::Engine::Options engine,
              const io::CaptureFeed::Options& feed);
  static Result<std::unique_ptr<EngineTable>> open_kept(const TableOptions& options,
                                                        const io::CaptureFeed::Options& feed);
  Status begin();
  Status open_files();

  TableOptions options_;
  std::optional<state::StateFile> state_;
  engine::Engine engine_;
  engine::Responder responder_;
  std::unique_ptr<BackendSource> source_;
  io::CaptureFeed captures_;
  std::optional<engine::Tracer> tracer_;
  std::optional<BoxFiles> files_;
  bool has_captures_;
  bool said_offloaded_ = false;
};

}  // namespace ctwin::backend
