// A router to ask: tl (10.1.0.1/24, fd01::1/64) and tr (10.2.0.1/24, fd02::1/64), as the boxes of
// the kernel tests are.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "base/address.h"
#include "router/router.h"

namespace ctwin::test {

using router::Route;
using router::RouteEntry;
using router::Router;
using router::RouteType;
using router::Scope;

inline Address ip(std::string_view text) {
  const Address address = parse_address(text);
  REQUIRE(address.is_set());
  return address;
}

inline std::string text_of(const Address& address) {
  char text[kAddressText];
  return {text, format_address(address, text)};
}

inline router::InterfaceAddress own(std::string_view text, uint8_t prefix) {
  router::InterfaceAddress address;
  address.address = address.peer = ip(text);
  address.prefix = prefix;
  return address;
}

struct TestBox {
  Router router;
  uint32_t tl = router.interfaces().find_or_add("tl");
  uint32_t tr = router.interfaces().find_or_add("tr");

  TestBox() {
    REQUIRE(router.add_address(tl, own("10.1.0.1", 24)).ok());
    REQUIRE(router.add_address(tr, own("10.2.0.1", 24)).ok());
    REQUIRE(router.add_address(tl, own("fd01::1", 64)).ok());
    REQUIRE(router.add_address(tr, own("fd02::1", 64)).ok());
  }

  /// errno; 0 when it went well.
  int add(const RouteEntry& entry, Router::AddMode mode = Router::AddMode::kAdd) {
    return router.add_route(entry, mode).error().code;
  }
  RouteType type(std::string_view address, uint32_t device = 0) const {
    return router.find(ip(address), device).type;
  }
  std::string device(std::string_view address) const {
    return router.interfaces().name(router.find(ip(address)).device);
  }
};

/// A unicast route by a device, or by a gateway when that is given.
inline RouteEntry to(std::string_view network, uint8_t prefix, uint32_t device,
                     std::string_view gateway = {}) {
  RouteEntry entry;
  entry.network = ip(network);
  entry.prefix = prefix;
  entry.route.type = RouteType::kUnicast;
  entry.route.device = device;
  if (!gateway.empty()) entry.route.gateway = ip(gateway);
  entry.route.scope = gateway.empty() ? Scope::kLink : Scope::kUniverse;
  return entry;
}

inline RouteEntry refusing(std::string_view network, uint8_t prefix, RouteType type) {
  RouteEntry entry;
  entry.network = ip(network);
  entry.prefix = prefix;
  entry.route.type = type;
  return entry;
}

}  // namespace ctwin::test
