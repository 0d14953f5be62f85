// All that an engine knows as bytes, and an engine that goes on from them.
//
//   state    = head body
//   head     = "ctwinSTA" version:u32 crc32:u32 length:u64     crc32 and length are of the body
//   body     = clock counters settings setup devices rules-v4 rules-v6 errors entries free
//   clock    = engine-time:u64 wall-time:u64 next-id:u32 random:u64 relief:i64 seed:u64
//   counters = u32 of each column of -S, in their order
//   settings = count:u32 {name:text value:u32}
//   setup    = is-router:u8 count:u32 {name:text text:text}
//   devices  = count:u32 {name:text}                            from index 1 on
//   rules    = count:u32 {packets:u64 bytes:u64}
//              count:u32 {credit:u32 previous:i64 used:u8}      limit
//              count:u32 {turn:u32}                             statistic
//              count:u32 {count:u32 {address ttl:u8 next:u32 count:u32 {stamp:i64}}}  recent
//   errors   = begun:u8 tokens:i64 last:i64
//              count:u32 {address:16 bytes tokens:i64 last:i64}  ICMP errors, where rates limit
//              them
//   entries  = end:u32 count:u32 {entry}                        entry_codec.h
//   free     = count:u32 {place:u32}
//   text     = length:u32 bytes            address = family:u8 16 bytes
//
// Numbers are little-endian, times in ns since the epoch, stamps in ticks of 4 ms. Not kept are
// fragments that wait for others.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ctwin/result.h"
#include "engine/engine.h"

namespace ctwin::state {

constexpr uint32_t kStateVersion = 2;

/// `wall_ns` is the clock on the wall.
std::vector<uint8_t> write_state(engine::Engine& engine, uint64_t wall_ns);

/// What was read of a state before there is an engine, and then the rest for that.
class KeptState {
 public:
  /// Checks the head. Errors, all EINVAL, say what is wrong with `bytes`, which must outlive this.
  static Result<KeptState> read(std::span<const uint8_t> bytes);

  uint64_t engine_ns() const { return position_.now_ns; }
  uint64_t wall_ns() const { return wall_ns_; }
  uint64_t seed() const { return seed_; }
  const conntrack::Settings& settings() const { return settings_; }
  bool is_router() const { return is_router_; }
  /// Of a router: as its setup files say.
  Result<setup::Setup> setup() const;
  const std::vector<std::string>& devices() const { return devices_; }

  /// Fills a new engine. Its devices are those of `devices` in their order, perhaps more; with
  /// `same_rules` its setup is that of `setups`, and the rules' counters and memory come back, too.
  /// An engine that this fails for is of no use any more.
  Status restore(engine::Engine& engine, bool same_rules) const;

 private:
  conntrack::Tracker::Position position_;
  uint64_t wall_ns_ = 0;
  uint64_t seed_ = 0;
  conntrack::Settings settings_;
  bool is_router_ = false;
  std::vector<setup::SetupText> setups_;
  std::vector<std::string> devices_;
  std::span<const uint8_t> rest_;  ///< from the rules on
};

}  // namespace ctwin::state
