// Packets into tuples, and tuples turned round (nf_conntrack_core.c: nf_ct_get_tuple and
// nf_ct_invert_tuple).
#pragma once

#include "conntrack/conn.h"
#include "ctwin/tuple.h"
#include "packet/packet.h"

namespace ctwin::conntrack {

enum class ExtractResult : uint8_t {
  kOk,
  kInvalid,     ///< the packet has no tuple
  kNotCaptured  ///< it has one, in bytes that the capture left out
};

/// The tuple of a packet in `zone`.
ExtractResult extract_tuple(const packet::Packet& packet, uint16_t zone, TupleKey& tuple);

/// The tuple that answers come with, in `zone`; false for ICMP types that nothing answers.
bool invert_tuple(const TupleKey& tuple, uint16_t zone, TupleKey& inverse);

/// In the form that crosses the seam.
Tuple to_tuple(const TupleKey& key);

inline bool is_icmp_key(const TupleKey& key) { return is_icmp(key.proto); }
inline uint8_t icmp_type(const TupleKey& key) {
  uint8_t bytes[2];
  std::memcpy(bytes, &key.dst_key, sizeof bytes);
  return bytes[0];
}

}  // namespace ctwin::conntrack
