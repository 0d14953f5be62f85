#include "backend/open.h"

#include "backend/engine_table.h"
#include "backend/kernel.h"
#include "backend/socket.h"

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

class SocketTable final : public Table {
 public:
  explicit SocketTable(std::unique_ptr<BackendSource> source) : source_(std::move(source)) {}
  BackendSource& source() override { return *source_; }
  Feed* feed() override { return nullptr; }
  Status finish() override { return {}; }

 private:
  std::unique_ptr<BackendSource> source_;
};

Result<std::unique_ptr<Table>> open_socket(const std::string& path) {
  auto source = socket_source(path);
  if (!source) return source.error();
  return std::unique_ptr<Table>(std::make_unique<SocketTable>(std::move(*source)));
}

}  // namespace

Result<std::unique_ptr<Table>> open_table(const TableOptions& options) {
  switch (options.kind) {
    case TableKind::kKernel: return std::unique_ptr<Table>(std::make_unique<KernelTable>());
    case TableKind::kSocket: return open_socket(options.socket);
    case TableKind::kEngine: break;
  }
  auto table = EngineTable::open(options);
  if (!table) return table.error();
  return std::unique_ptr<Table>(std::move(*table));
}

}  // namespace ctwin::backend
