// Bodies of state files of any bytes, behind a head that fits. A state is refused in a sentence, or
// it makes an engine that works; and what that engine writes makes the same engine again.
#include <zlib.h>

#include <cstring>
#include <memory>
#include <vector>

#include "engine/responder.h"
#include "fuzz/fuzz.h"
#include "state/engine_state.h"

using namespace ctwin;

namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint32_t kCapacity = 4096;
constexpr uint64_t kWall = 1'800'000'000'000'000'000;
constexpr uint64_t kDay = 86'400'000'000'000;

Bytes with_head(const uint8_t* body, size_t size) {
  constexpr size_t kHead = 24;
  const auto crc = static_cast<uint32_t>(crc32_z(0, body, size));
  const uint64_t length = size;
  Bytes bytes(kHead + size);
  std::memcpy(bytes.data(), "ctwinSTA", 8);
  std::memcpy(bytes.data() + 8, &state::kStateVersion, sizeof state::kStateVersion);
  std::memcpy(bytes.data() + 12, &crc, sizeof crc);
  std::memcpy(bytes.data() + 16, &length, sizeof length);
  if (size != 0) std::memcpy(bytes.data() + kHead, body, size);
  return bytes;
}

void check_refusal(const Error& error) {
  if (error.text.empty() || error.text.find('\n') != std::string::npos)
    fuzz::fail("a refusal is one line", error.text, "");
}

/// Null when the state is refused.
std::unique_ptr<engine::Engine> engine_of(const Bytes& bytes) {
  const auto kept = state::KeptState::read(bytes);
  if (!kept) return check_refusal(kept.error()), nullptr;
  engine::Engine::Options options;
  options.settings = kept->settings();
  options.capacity = kCapacity;
  options.seed = kept->seed();
  if (kept->is_router()) {
    auto setup = kept->setup();
    if (!setup) return check_refusal(setup.error()), nullptr;
    options.setup = std::move(*setup);
  }
  auto engine = std::make_unique<engine::Engine>(std::move(options));
  for (const std::string& device : kept->devices()) engine->device(device);
  const Status restored = kept->restore(*engine, true);
  if (!restored) return check_refusal(restored.error()), nullptr;
  return engine;
}

/// A packet of a flow that may be there.
void send_packet(engine::Engine& engine) {
  uint8_t bytes[28] = {0x45, 0, 0,  28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0,
                       0,    1, 10, 0,  0, 2, 0, 1, 0,  2,  0, 8, 0,  0};
  engine::RawPacket packet;
  packet.bytes = bytes;
  packet.device = engine.device("eth0");
  packet.time = engine.now_ns() + 1;
  packet.checksum = packet::ChecksumState::kTrusted;
  engine.process(packet);
}

/// Everything is listed, and in the end everything expires.
void live_on(engine::Engine& engine) {
  engine::Responder responder(engine.tracker(), engine.nat());
  send_packet(engine);
  const conntrack::ConnTable& table = std::as_const(engine).tracker().table();
  for (int day = 0; day < 2; ++day) engine.advance(engine.now_ns() + kDay);
  for (conntrack::ConnIndex index = 1; index < table.end(); ++index)
    if (table[index].in_use && table[index].expiry < engine.tracker().now())
      fuzz::fail("an entry outlives its time", std::to_string(index), "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto first = engine_of(with_head(data, size));
  if (!first) return 0;
  const Bytes written = state::write_state(*first, kWall);
  const auto second = engine_of(written);
  if (!second) fuzz::fail("what an engine wrote is refused", "", "");
  if (state::write_state(*second, kWall) != written)
    fuzz::fail("a state changes when it is read", "", "");
  live_on(*first);
  return 0;
}
