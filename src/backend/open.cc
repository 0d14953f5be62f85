#include "backend/open.h"

#include "backend/engine_table.h"
#include "backend/kernel.h"
#include "backend/socket.h"

namespace ctwin::backend {

namespace {

/// A table that others fill, and that has nothing to be completed.
class RemoteTable final : public Table {
 public:
  explicit RemoteTable(std::unique_ptr<BackendSource> source) : source_(std::move(source)) {}
  BackendSource& source() override { return *source_; }
  Feed* feed() override { return nullptr; }
  Status finish() override { return {}; }

 private:
  std::unique_ptr<BackendSource> source_;
};

}  // namespace

std::unique_ptr<Table> open_kernel_table() {
  return std::make_unique<RemoteTable>(kernel_source());
}

Result<std::unique_ptr<Table>> open_socket_table(const std::string& path) {
  auto source = socket_source(path);
  if (!source) return source.error();
  return std::unique_ptr<Table>(std::make_unique<RemoteTable>(std::move(*source)));
}

Result<std::unique_ptr<Table>> open_engine_table(const EngineTableOptions& options) {
  auto table = EngineTable::open(options);
  if (!table) return table.error();
  return std::unique_ptr<Table>(std::move(*table));
}

}  // namespace ctwin::backend
