// Who talks to whom in a packet.
#pragma once

#include <optional>

#include "wire.h"

namespace ctwin::test {

struct PacketEnds {
  uint8_t proto = 0;  ///< behind the extension headers
  Address src, dst;
  bool has_ports = false;  ///< or, of an ICMP query, its id in both
  bool error = false;      ///< an ICMP message that is no query
  uint16_t sport = 0, dport = 0;
};

/// Nothing when it is too short.
std::optional<PacketEnds> read_packet_ends(PacketView packet);

}  // namespace ctwin::test
