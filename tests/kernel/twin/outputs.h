// Packets that left, as they are compared: put together where they left as fragments, since whoever
// reassembles may cut again as he likes. Where there is no router between, as in an engine that
// only watches, TTL or hop limit, IPv4 header checksum and padding are left out; a router's packets
// are compared byte for byte, but for what it draws itself: the IP id of the ICMP errors that it
// makes.
#pragma once

#include <vector>

#include "wire.h"

namespace ctwin::test {

/// Of a router, or of somebody who lets pass.
enum class Exactness : uint8_t { kBytes, kPassedOn };

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

Piece read_piece(PacketView packet, Exactness exactness = Exactness::kPassedOn);

/// `input` is the packet that caused them: DF does not survive reassembly.
std::vector<Packet> comparable_outputs(PacketView input, const std::vector<Packet>& outputs,
                                       Exactness exactness = Exactness::kPassedOn);

/// An IPv4 ICMP error without its IP id, its header checksum as right or wrong as it was; any other
/// packet as it is.
Packet without_error_id(PacketView packet);

}  // namespace ctwin::test
