// Reading TCP options, as far as conntrack reads them (RFC 9293, 7323, 2018).
//
// A list is the bytes between the fixed header and the data that were captured. It ends at its end,
// at "end of options", and at an option whose length cannot be: what stood before still counts.
#pragma once

#include <cstdint>
#include <span>

namespace ctwin::packet {

/// RFC 7323: a larger shift counts as 14.
constexpr uint8_t kMaxWindowScale = 14;

struct SynOptions {
  bool sack_permitted = false;
  bool has_window_scale = false;
  uint8_t window_scale = 0;
  bool ended = false;  ///< the walk saw the end of options: nothing behind the list can matter
};

SynOptions read_syn_options(std::span<const uint8_t> options);

/// The highest right edge among the blocks of the first SACK option and `ack`.
uint32_t sack_right_edge(std::span<const uint8_t> options, uint32_t ack);

}  // namespace ctwin::packet
