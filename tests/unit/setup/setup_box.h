// A setup to configure by its text, and to ask what came of it.
#pragma once

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

#include "base/address.h"
#include "setup/setup_file.h"

namespace ctwin::test {

using router::RouteType;
using setup::Setup;

struct SetupBox {
  Setup setup;

  /// The error's text; empty when all went well.
  std::string read(std::string_view text) {
    const Status status = setup::read_setup_text("box.setup", text, setup);
    if (status.ok()) return {};
    CHECK_EQ(status.error().code, EINVAL);
    CHECK_EQ(status.error().text.find('\n'), std::string::npos);
    return status.error().text;
  }
  RouteType type(std::string_view address) const {
    return setup.router.find(parse_address(address)).type;
  }
  std::string device(std::string_view address) const {
    return setup.router.interfaces().name(setup.router.find(parse_address(address)).device);
  }
  const router::Interface& interface(std::string_view name) const {
    const uint32_t index = setup.router.interfaces().find(name);
    REQUIRE_NE(index, 0);
    return setup.router.interfaces()[index];
  }
};

inline std::string text_of(const Address& address) {
  char text[kAddressText];
  return {text, format_address(address, text)};
}

}  // namespace ctwin::test
