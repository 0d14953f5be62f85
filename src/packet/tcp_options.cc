#include "packet/tcp_options.h"

#include <cstddef>

#include "packet/packet.h"

namespace ctwin::packet {

namespace {

// kind            length
constexpr uint8_t kEnd = 0;  // one byte
constexpr uint8_t kNop = 1;  // one byte
constexpr uint8_t kWindowScale = 3, kWindowScaleLength = 3;
constexpr uint8_t kSackPermitted = 4, kSackPermittedLength = 2;
constexpr uint8_t kSack = 5, kSackBlock = 8;
constexpr uint8_t kTimestamp = 8, kTimestampLength = 10;
constexpr uint8_t kOptionHeader = 2;

/// Calls `visit(kind, body)` for each option that has a length, until it answers false. True when
/// the walk met "end of options".
template <typename Visit>
bool walk(std::span<const uint8_t> options, const Visit& visit) {
  size_t at = 0;
  while (at < options.size()) {
    const uint8_t kind = options[at];
    if (kind == kEnd) return true;
    if (kind == kNop) {
      ++at;
      continue;
    }
    const size_t left = options.size() - at;
    if (left < kOptionHeader) return false;
    const size_t length = options[at + 1];
    if (length < kOptionHeader || length > left) return false;
    if (!visit(kind, options.subspan(at + kOptionHeader, length - kOptionHeader))) return false;
    at += length;
  }
  return false;
}

/// What nearly every segment of an established connection carries, and nothing else.
bool is_timestamp_alone(std::span<const uint8_t> options) {
  constexpr uint32_t kHead = kNop << 24 | kNop << 16 | kTimestamp << 8 | kTimestampLength;
  return options.size() == 12 && load32(options.data()) == kHead;
}

}  // namespace

SynOptions read_syn_options(std::span<const uint8_t> options) {
  SynOptions found;
  found.ended = walk(options, [&](uint8_t kind, std::span<const uint8_t> body) {
    const size_t length = body.size() + kOptionHeader;
    if (kind == kSackPermitted && length == kSackPermittedLength) {
      found.sack_permitted = true;
    } else if (kind == kWindowScale && length == kWindowScaleLength) {
      found.has_window_scale = true;
      found.window_scale = body[0] < kMaxWindowScale ? body[0] : kMaxWindowScale;
    }
    return true;
  });
  return found;
}

uint32_t sack_right_edge(std::span<const uint8_t> options, uint32_t ack) {
  if (is_timestamp_alone(options)) return ack;
  uint32_t edge = ack;
  walk(options, [&](uint8_t kind, std::span<const uint8_t> body) {
    if (kind != kSack || body.empty() || body.size() % kSackBlock != 0) return true;
    for (size_t at = 0; at < body.size(); at += kSackBlock) {
      const uint32_t right = load32(&body[at + 4]);
      if (static_cast<int32_t>(right - edge) > 0) edge = right;
    }
    return false;
  });
  return edge;
}

}  // namespace ctwin::packet
