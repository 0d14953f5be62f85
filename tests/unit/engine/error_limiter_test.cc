#include "engine/error_limiter.h"

#include <doctest/doctest.h>

#include "base/address.h"

namespace ctwin::test {
namespace {

using engine::ErrorLimiter;

constexpr conntrack::Tick kNow = 1'000'000, kSecond = 250;
const Address kPeer = parse_address("192.0.2.1"), kOther = parse_address("192.0.2.2");
const Address kPeerV6 = parse_address("2001:db8::1");

/// How many of `tries` errors may go out at once.
int allowed(ErrorLimiter& limiter, const Address& to, conntrack::Tick now, int tries,
            uint8_t type = 3, uint8_t code = 1) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += limiter.allow(to, type, code, now);
  return count;
}

TEST_CASE("without a limit every error goes out") {
  ErrorLimiter limiter({});
  CHECK(allowed(limiter, kPeer, kNow, 1000) == 1000);
  CHECK(allowed(limiter, kPeerV6, kNow, 1000, 1) == 1000);
}

TEST_CASE("one address gets six errors in a row and then one an interval") {
  ErrorLimiter limiter({.icmp_ratelimit = 1000});
  CHECK(allowed(limiter, kPeer, kNow, 100) == 6);
  CHECK(allowed(limiter, kPeer, kNow + kSecond - 1, 100) == 0);
  CHECK(allowed(limiter, kPeer, kNow + kSecond, 100) == 1);
  CHECK(allowed(limiter, kPeer, kNow + 100 * kSecond, 100) == 6);
  CHECK(allowed(limiter, kOther, kNow, 100) == 6);
}

TEST_CASE("types outside of the mask, and those that path MTU discovery needs, are not limited") {
  ErrorLimiter limiter(
      {.icmp_ratelimit = 1000, .icmp_ratemask = 1 << 11, .icmpv6_ratelimit = 1000});
  CHECK(allowed(limiter, kPeer, kNow, 100, 3) == 100);
  CHECK(allowed(limiter, kPeer, kNow, 100, 11) == 6);
  ErrorLimiter usual({.icmp_ratelimit = 1000, .icmpv6_ratelimit = 1000});
  CHECK(allowed(usual, kPeer, kNow, 100, 3, 4) == 100);
  CHECK(allowed(usual, kPeerV6, kNow, 100, 2) == 100);
  CHECK(allowed(usual, kPeerV6, kNow, 100, 3) == 6);
}

TEST_CASE("for want of a route there is a burst, and then one for what it costs") {
  ErrorLimiter limiter({.route_error_cost = 250, .route_error_burst = 1250});
  const auto told = [&](conntrack::Tick now) {
    int count = 0;
    for (int i = 0; i < 20; ++i) count += limiter.allow_no_route(kPeer, now);
    return count;
  };
  CHECK(told(kNow) == 5);
  CHECK(told(kNow + kSecond - 1) == 0);
  CHECK(told(kNow + kSecond) == 1);
  CHECK(told(kNow + 100 * kSecond) == 5);
  CHECK(limiter.allow_no_route(kOther, kNow));
  ErrorLimiter usual({});
  for (int i = 0; i < 100; ++i) CHECK(usual.allow_no_route(kPeer, kNow));
}

TEST_CASE("redirects of IPv6 have a limit for either end, whatever is set") {
  const Address other = parse_address("2001:db8::2"), far = parse_address("2001:db8:9::1");
  ErrorLimiter limiter({});
  int count = 0;
  for (int i = 0; i < 20; ++i) count += limiter.allow_redirect_v6(kPeerV6, far, kNow);
  CHECK(count == 6);
  CHECK_FALSE(limiter.allow_redirect_v6(other, far, kNow));
  CHECK_FALSE(limiter.allow_redirect_v6(kPeerV6, other, kNow));
  CHECK(limiter.allow_redirect_v6(kPeerV6, far, kNow + kSecond));
}

TEST_CASE("everybody together gets a burst and then so many a second") {
  ErrorLimiter limiter({.icmp_msgs_per_sec = 100, .icmp_msgs_burst = 20});
  CHECK(allowed(limiter, kPeer, kNow, 50) + allowed(limiter, kOther, kNow, 50) == 20);
  CHECK(allowed(limiter, kPeer, kNow + kSecond / 10, 50) == 10);
}

}  // namespace
}  // namespace ctwin::test
