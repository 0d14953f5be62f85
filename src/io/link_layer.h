// What stands in front of the IP header, by link type.
#pragma once

#include <cstdint>
#include <span>

#include "io/capture_reader.h"

namespace ctwin::io {

/// The registry's numbers of the link types that ctwin reads.
enum class LinkType : uint16_t {
  kNull = 0,
  kEthernet = 1,
  kRawLinux = 12,    ///< DLT_RAW, which some systems write instead of kRaw
  kRawOpenBsd = 14,  ///< the same
  kRaw = 101,
  kLoop = 108,
  kLinuxCooked = 113,
  kIpv4 = 228,
  kIpv6 = 229,
  kLinuxCooked2 = 276,
};

bool is_supported(uint16_t link_type);
/// "EN10MB (1), …": for messages.
const char* supported_link_types();

struct LinkHeader {
  uint32_t size = 0;             ///< the IP header begins behind it
  uint32_t interface_index = 0;  ///< the system's number, where the link layer tells it; else 0
  uint16_t vlan = 0;             ///< innermost tag's id, 0 for none
  PacketDirection direction = PacketDirection::kUnknown;
};

/// Reads the link-layer header of `frame`; false when IP does not follow, or when the frame ends
/// before that can be told. `link_type` is a supported one.
bool read_link_header(LinkType link_type, std::span<const uint8_t> frame, LinkHeader& header);

}  // namespace ctwin::io
