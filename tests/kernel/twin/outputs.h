// Packets that left, as they are compared: without padding, TTL or hop limit and IPv4 header
// checksum, and put together where they left as fragments. Whoever reassembles may cut again as he
// likes.
#pragma once

#include <vector>

#include "wire.h"

namespace ctwin::test {

/// A fragment, or a whole packet when `whole`.
struct Piece {
  Packet packet;          ///< with what is not compared blanked
  size_t payload_at = 0;  ///< where the fragment's payload begins
  size_t header_at = 0;   ///< IPv6: the fragment header
  size_t next_at = 0;     ///< IPv6: the byte that announces the fragment header
  bool whole = true;
  bool more = false;
  uint32_t offset = 0;
  uint32_t id = 0;
};

Piece read_piece(PacketView packet);

/// `input` is the packet that caused them: DF does not survive reassembly.
std::vector<Packet> comparable_outputs(PacketView input, const std::vector<Packet>& outputs);

}  // namespace ctwin::test
