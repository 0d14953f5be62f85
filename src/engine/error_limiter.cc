#include "engine/error_limiter.h"

#include <algorithm>
#include <utility>

namespace ctwin::engine {

using conntrack::kTicksPerSecond;
using conntrack::Tick;

namespace {

constexpr uint8_t kUnreachable = 3, kFragmentationNeeded = 4, kPacketTooBig = 2;
/// Errors to one address that may come in a row (XRLIM_BURST_FACTOR).
constexpr Tick kBurst = 6;
/// Peers that are remembered; whom an error went to long ago may be forgotten.
constexpr size_t kPeers = 65536;

Tick to_ticks(uint32_t milliseconds) { return Tick{milliseconds} * kTicksPerSecond / 1000; }

}  // namespace

/// Path MTU discovery depends on its errors: these are never limited.
bool ErrorLimiter::allow(const Address& destination, uint8_t type, uint8_t code, Tick now) {
  if (destination.family == AF_INET) {
    if (type == kUnreachable && code == kFragmentationNeeded) return true;
    if (type < 32 && !(rates_.icmp_ratemask >> type & 1)) return true;
    const Tick interval = to_ticks(rates_.icmp_ratelimit);
    return allow_all(now) && allow_one(destination, interval, kBurst * interval, now);
  }
  if (type == kPacketTooBig) return true;
  const Tick interval = to_ticks(rates_.icmpv6_ratelimit);
  return allow_all(now) && allow_one(destination, interval, kBurst * interval, now);
}

bool ErrorLimiter::allow_all(Tick now) {
  if (rates_.icmp_msgs_per_sec == 0) return true;
  const Tick elapsed =
      memory_.begun ? std::min(now - memory_.everybody.last, kTicksPerSecond) : kTicksPerSecond;
  const Tick earned = elapsed * rates_.icmp_msgs_per_sec / kTicksPerSecond;
  if (earned > 0) memory_.everybody.last = now;
  memory_.begun = true;
  memory_.everybody.tokens =
      std::min<Tick>(memory_.everybody.tokens + earned, rates_.icmp_msgs_burst);
  if (memory_.everybody.tokens == 0) return false;
  --memory_.everybody.tokens;
  return true;
}

bool ErrorLimiter::allow_no_route(const Address& sender, Tick now) {
  if (rates_.route_error_cost == 0) return true;
  return allow_one(sender, rates_.route_error_cost, rates_.route_error_burst, now);
}

bool ErrorLimiter::allow_redirect_v6(const Address& sender, const Address& destination, Tick now) {
  constexpr Tick kCost = kTicksPerSecond;
  return allow_one(destination, kCost, kBurst * kCost, now) &&
         allow_one(sender, kCost, kBurst * kCost, now);
}

/// The kernel takes a new peer's last error to be a minute old. An error that costs nothing is
/// always allowed, and leaves nothing of the savings for what has a cost.
bool ErrorLimiter::allow_one(const Address& peer, Tick cost, Tick most, Tick now) {
  constexpr Tick kMinute = 60 * kTicksPerSecond;
  if (memory_.peers.size() >= kPeers) memory_.peers.clear();
  const auto [entry, made] = memory_.peers.try_emplace(peer.bytes);
  Bucket& bucket = entry->second;
  if (made) bucket.last = now - kMinute;
  if (bucket.last != now)
    bucket.tokens = std::min(bucket.tokens + now - std::exchange(bucket.last, now), most);
  if (bucket.tokens < cost) return false;
  bucket.tokens -= cost;
  return true;
}

}  // namespace ctwin::engine
