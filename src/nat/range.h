// What a NAT target or a request asks for: addresses and ports to map one side of a flow into
// (struct nf_nat_range2).
#pragma once

#include <cstdint>

#include "ctwin/address.h"

namespace ctwin::nat {

/// Which side of a packet is rewritten.
enum class Manip : uint8_t { kSource, kDestination };

enum RangeFlag : uint32_t {
  kMapIps = 1 << 0,          ///< min and max address hold
  kProtoSpecified = 1 << 1,  ///< min and max port hold
  kProtoRandom = 1 << 2,
  kPersistent = 1 << 3,
  kProtoRandomFully = 1 << 4,
  kProtoOffset = 1 << 5,  ///< ports are shifted: base_port becomes min_port
  kNetmap = 1 << 6,
};

struct Range {
  uint32_t flags = 0;  ///< RangeFlag mask
  Address min_address;
  Address max_address;
  uint16_t min_port = 0;  ///< host order; an ICMP id or a GRE key as well
  uint16_t max_port = 0;
  uint16_t base_port = 0;

  bool has(uint32_t flag) const { return flags & flag; }
  friend bool operator==(const Range&, const Range&) = default;
};

}  // namespace ctwin::nat
