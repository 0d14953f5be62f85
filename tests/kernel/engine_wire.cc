#include "engine_wire.h"

#include <algorithm>
#include <cstdio>

namespace ctwin::test {

namespace {

class EngineWire final : public Wire {
 public:
  EngineWire(std::unique_ptr<backend::Table> table, std::unique_ptr<Backend> backend)
      : table_(std::move(table)), backend_(std::move(backend)) {}
  EngineWire(const EngineWire&) = delete;
  EngineWire& operator=(const EngineWire&) = delete;
  ~EngineWire() override {
    backend_.reset();
    if (const Status finished = table_->finish(); !finished.ok()) {
      std::fprintf(stderr, "differential: %s\n", finished.error().text.c_str());
      std::abort();  // nothing that follows would mean anything
    }
  }

  Status send(std::string_view datagram) override {
    return backend_->send(std::as_bytes(std::span(datagram)));
  }
  Result<size_t> receive(std::span<char> buffer) override {
    const auto datagram = backend_->receive(std::as_writable_bytes(buffer));
    if (!datagram) return datagram.error();
    return datagram->size();
  }

 private:
  std::unique_ptr<backend::Table> table_;
  std::unique_ptr<Backend> backend_;
};

}  // namespace

WireSource engine_wires(OpenTable open) {
  return [open = std::move(open)]() -> Result<std::shared_ptr<Wire>> {
    auto table = open();
    if (!table) return table.error();
    auto backend = (*table)->source().open();
    if (!backend) return backend.error();
    return std::shared_ptr<Wire>(
        std::make_shared<EngineWire>(std::move(*table), std::move(*backend)));
  };
}

}  // namespace ctwin::test
