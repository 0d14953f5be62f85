#include "backend/local.h"

#include <cstdint>

#include "engine/responder.h"

namespace ctwin::backend {

namespace {

class LocalBackend final : public Backend {
 public:
  explicit LocalBackend(engine::Responder& responder)
      : responder_(responder), port_id_(responder.connect()) {
    // Its reader is this process, which takes all that waits before the next packets pass.
    responder_.set_room(port_id_, SIZE_MAX);
  }
  ~LocalBackend() override { responder_.disconnect(port_id_); }
  LocalBackend(const LocalBackend&) = delete;
  LocalBackend& operator=(const LocalBackend&) = delete;

  Status send(std::span<const std::byte> datagram) override {
    responder_.request(port_id_, datagram);
    return {};
  }

  Result<std::span<const std::byte>> receive(std::span<std::byte> buffer) override {
    return responder_.receive(port_id_, buffer);
  }

  Status join(uint32_t groups) override {
    responder_.join(port_id_, groups);
    return {};
  }

  int fd() const override { return -1; }

  std::optional<uint64_t> received_at() const override { return responder_.received_at(port_id_); }

 private:
  engine::Responder& responder_;
  engine::Responder::PortId port_id_;
};

class LocalSource final : public BackendSource {
 public:
  explicit LocalSource(engine::Responder& responder) : responder_(responder) {}
  Result<std::unique_ptr<Backend>> open() override {
    return std::unique_ptr<Backend>(std::make_unique<LocalBackend>(responder_));
  }

 private:
  engine::Responder& responder_;
};

}  // namespace

std::unique_ptr<BackendSource> local_source(engine::Responder& responder) {
  return std::make_unique<LocalSource>(responder);
}

}  // namespace ctwin::backend
