// An entry of the table as bytes.
//
//   entry     = index:u32 id:u32 status:u32 mark:u32 expiry:i64 events:u16 features:u8 device:u32
//               original:tuple reply:tuple track [extension]
//   tuple     = source:16 destination:16 source-key:2 destination-key:2 family:u8 proto:u8 zone:u16
//               (addresses and keys in network order, as in packets)
//   track     = tcp | sctp | udp | gre, by the protocol of the original tuple; else nothing
//   extension = what few entries have; there when the flag kExtended is in features
//
// Numbers are little-endian. `expiry` is in ticks of 4 ms since the epoch, `events` what the
// entry's next event will tell, too, `device` the one that NAT has bound the entry to, 0 for none.
#pragma once

#include <cstdint>

#include "conntrack/conn.h"
#include "conntrack/table.h"
#include "state/bytes.h"

namespace ctwin::state {

/// The bytes of the shortest entry.
constexpr size_t kSmallestEntry = 31 + 2 * 40;

void put_entry(ByteWriter& out, conntrack::ConnIndex index, const conntrack::Conn& ct,
               const conntrack::Extension* extension, uint32_t device);

struct KeptEntry {
  conntrack::ConnIndex index = 0;
  conntrack::Conn ct{};
  bool extended = false;
  conntrack::Extension extension;
  uint32_t device = 0;
};

/// The next entry. One that no table could hold (an unknown family, a state that does not exist)
/// makes the reader fail.
KeptEntry get_entry(ByteReader& in);

}  // namespace ctwin::state
