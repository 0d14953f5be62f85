#include "backend/open.h"

#include "backend/engine_table.h"
#include "backend/kernel.h"

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

}  // namespace

Result<std::unique_ptr<Table>> open_table(const TableOptions& options) {
  switch (options.kind) {
    case TableKind::kKernel: return std::unique_ptr<Table>(std::make_unique<KernelTable>());
    case TableKind::kEngine: break;
  }
  auto table = EngineTable::open(options);
  if (!table) return table.error();
  return std::unique_ptr<Table>(std::move(*table));
}

}  // namespace ctwin::backend
