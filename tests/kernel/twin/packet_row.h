// Packets of tests, as rows.
#pragma once

#include <doctest/doctest.h>

#include "step.h"

namespace ctwin::test {

inline Packet packet_of(const std::string& row) {
  const Result<Packet> packet = parse_packet_text(row);
  REQUIRE_MESSAGE(packet.ok(), packet.error().text);
  return *packet;
}

}  // namespace ctwin::test
