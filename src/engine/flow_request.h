// What a request says of flows: its tuples, zone, filter and NAT, read as strictly as the kernel
// reads them.
//
//   filter := nfgenmsg.family [MARK [MARK_MASK]] [STATUS [STATUS_MASK]] [ZONE]
//             [FILTER{ORIG_FLAGS REPLY_FLAGS} TUPLE_ORIG TUPLE_REPLY]
//
// The flags of FILTER are in host order; everything else is big-endian. Functions that return int
// return 0 or an errno.
#pragma once

#include <linux/netfilter/nfnetlink_conntrack.h>

#include <cstdint>
#include <optional>

#include "conntrack/conn.h"
#include "conntrack/zone.h"
#include "ctnetlink/uapi.h"
#include "engine/attribute_rules.h"

namespace ctwin::engine {

/// The attributes of a conntrack request, and the rules for them.
constexpr size_t kFlowAttrs = ctnetlink::kCtaTimestampEvent + 1;
using FlowAttrs = Attrs<kFlowAttrs>;
extern const std::array<AttrRule, kFlowAttrs> kFlowRules;

using conntrack::Zone;

/// Parts of a tuple, as bits of CTA_FILTER_*_FLAGS.
enum TuplePart : uint32_t {
  kPartSrc = 1u << 0,
  kPartDst = 1u << 1,
  kPartZone = 1u << 2,
  kPartProto = 1u << 3,
  kPartSrcPort = 1u << 4,
  kPartDstPort = 1u << 5,
  kPartIcmpType = 1u << 6,
  kPartIcmpCode = 1u << 7,
  kPartIcmpId = 1u << 8,
  kPartIcmpv6Type = 1u << 9,
  kPartIcmpv6Code = 1u << 10,
  kPartIcmpv6Id = 1u << 11,
  kAllParts = (1u << 12) - 1,
};

/// The zone of a request from its CTA_ZONE, which may be absent.
Zone read_zone(const FlowAttrs& attrs);

/// Reads the given parts of a tuple of the request's family. The zone of the tuple goes to `zone`;
/// with a null one, a tuple that has a zone is an error. The key's own zone is left 0.
int read_tuple(const netlink::Attr& attr, uint32_t parts, uint8_t family, bool reply, Zone* zone,
               conntrack::TupleKey& key);

/// Which entries a dump or a flush is about.
class FlowFilter {
 public:
  /// Does the request restrict what it is about at all?
  static bool wanted(uint8_t family, const FlowAttrs& attrs);
  int read(uint8_t family, const FlowAttrs& attrs);
  bool matches(const conntrack::Conn& ct) const;

 private:
  int read_mark(const FlowAttrs& attrs);
  int read_status(const FlowAttrs& attrs);
  int read_flags(const netlink::Attr& attr);
  int read_tuples(const FlowAttrs& attrs);

  uint8_t family_ = 0;
  uint32_t mark_value_ = 0;
  uint32_t mark_mask_ = 0;
  uint32_t status_value_ = 0;
  uint32_t status_mask_ = 0;
  std::optional<uint16_t> zone_;
  uint32_t orig_parts_ = 0;
  uint32_t reply_parts_ = 0;
  conntrack::TupleKey orig_{};
  conntrack::TupleKey reply_{};
};

}  // namespace ctwin::engine
