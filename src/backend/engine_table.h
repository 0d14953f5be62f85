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
#include "io/tun.h"
#include "live/clients.h"
#include "live/live_feed.h"
#include "state/engine_state.h"
#include "state/state_file.h"

namespace ctwin::backend {

class EngineTable final : public Table {
 public:
  static Result<std::unique_ptr<EngineTable>> open(const EngineTableOptions& options);

  BackendSource& source() override { return *source_; }
  Feed* feed() override;
  Status finish() override;

 private:
  EngineTable(const EngineTableOptions& options, engine::Engine::Options engine,
              const io::CaptureFeed::Options& feed);
  static Result<std::unique_ptr<EngineTable>> open_kept(const EngineTableOptions& options,
                                                        const io::CaptureFeed::Options& feed);
  Status begin();
  Status open_files();
  Status come_alive();
  Status open_devices();
  Status choose_segments();
  Status serve(const EngineTableOptions::Serve& where);
  void connect_output();
  void reload_if_wanted();

  EngineTableOptions options_;
  std::optional<state::StateFile> state_;
  engine::Engine engine_;
  engine::Responder responder_;
  std::unique_ptr<BackendSource> source_;
  io::Checksums checksums_;
  io::CaptureFeed captures_;
  std::optional<engine::Tracer> tracer_;
  std::optional<BoxFiles> files_;
  std::unique_ptr<live::Loop> loop_;
  std::optional<live::LiveFeed> live_;
  std::vector<io::TunDevice*> tuns_;  ///< of `live_`
  std::optional<live::Clients> clients_;
};

}  // namespace ctwin::backend
