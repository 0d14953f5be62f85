// The transport part of a row: header, options or chunks, payload and checksum.
#pragma once

#include "words.h"

namespace ctwin::test {

struct TransportEnds {
  Address src;
  Address dst;
  uint16_t sport = 0;
  uint16_t dport = 0;
};

struct TransportPart {
  Address src;
  Address dst;
  uint8_t proto = 0;
  Packet bytes;
};

/// Builds what `kind` names from the words that belong to it; mistakes are noted in `words`.
TransportPart build_transport(std::string_view kind, const TransportEnds& ends, Words& words);

}  // namespace ctwin::test
