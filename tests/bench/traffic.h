// What the benches of the engine have in common: flows, their packets, and CPU time.
#pragma once

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/reserved_array.h"
#include "engine/engine.h"

namespace ctwin::bench {

constexpr size_t kBatch = 32;
constexpr uint64_t kStart = 1'700'000'000'000'000'000;
constexpr uint8_t kSyn = 0x02, kAck = 0x10;

struct FlowKeys {
  uint32_t client, server;
  uint16_t cport, sport;
  uint8_t proto;
};

inline FlowKeys make_flow(uint32_t i, bool correlated, Random& random) {
  FlowKeys flow;
  flow.proto = i % 2 == 0 ? IPPROTO_TCP : IPPROTO_UDP;
  const uint64_t draw = random.next();
  flow.client = correlated ? 0x0a000000 + i / 16 : 0x0a000000 | (draw & 0xffffff);
  flow.server = correlated ? 0xc0a80001 : 0xc0000000 | static_cast<uint32_t>(draw >> 40);
  flow.cport = static_cast<uint16_t>(correlated ? 1024 + i % 16 : 1024 + (draw >> 24) % 60000);
  flow.sport = flow.proto == IPPROTO_TCP ? 443 : 53;
  return flow;
}

using Frame = std::array<uint8_t, 40>;

inline void put16(uint8_t* at, uint16_t value) { at[0] = value >> 8, at[1] = value & 0xff; }
inline void put32(uint8_t* at, uint32_t value) {
  put16(at, value >> 16), put16(at + 2, value & 0xffff);
}

/// A bare IPv4 header and what trackers read of TCP or UDP.
inline Frame make_frame(const FlowKeys& flow, bool reply, uint8_t flags, uint32_t seq,
                        uint32_t ack) {
  Frame frame{};
  const bool tcp = flow.proto == IPPROTO_TCP;
  frame[0] = 0x45;
  put16(&frame[2], tcp ? 40 : 28);
  frame[8] = 64;
  frame[9] = flow.proto;
  put32(&frame[12], reply ? flow.server : flow.client);
  put32(&frame[16], reply ? flow.client : flow.server);
  put16(&frame[20], reply ? flow.sport : flow.cport);
  put16(&frame[22], reply ? flow.cport : flow.sport);
  if (!tcp) {
    put16(&frame[24], 8);
    return frame;
  }
  put32(&frame[24], seq);
  put32(&frame[28], ack);
  frame[32] = 0x50;
  frame[33] = flags;
  put16(&frame[34], 65535);
  return frame;
}

inline void set_raw(engine::RawPacket& packet, const Frame& frame, uint64_t time,
                    uint32_t device = 0) {
  const size_t size = frame[9] == IPPROTO_TCP ? 40 : 28;
  packet.bytes = std::span(frame.data(), size);
  packet.wire_length = static_cast<uint32_t>(size);
  packet.device = device;
  packet.time = time;
  packet.checksum = packet::ChecksumState::kTrusted;
}

inline void feed(engine::Engine& engine, const std::vector<Frame>& frames, uint64_t time) {
  std::array<engine::RawPacket, kBatch> batch;
  for (size_t first = 0; first < frames.size(); first += kBatch) {
    const size_t count = std::min(kBatch, frames.size() - first);
    for (size_t i = 0; i < count; ++i) set_raw(batch[i], frames[first + i], time);
    engine.process(std::span(batch.data(), count));
  }
}

inline double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// CPU time: others use this machine's cores too.
inline double seconds_of(const auto& work) {
  const double begin = cpu_seconds();
  work();
  return cpu_seconds() - begin;
}

/// What the machine takes for so much memory, given as the engine gets its own, and given back: to
/// a virtual machine whose host has taken the memory back meanwhile this can be more than all the
/// work that is done with it. What is measured next finds the memory there.
inline double seconds_of_memory(size_t bytes) {
  constexpr size_t kPage = 4096;
  return seconds_of([bytes] {
    ReservedArray<uint8_t> memory(bytes);
    for (size_t at = 0; at < bytes; at += kPage) memory[at] = 1;
  });
}

}  // namespace ctwin::bench
