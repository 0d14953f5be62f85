// ctnetlink's numbers: the kernel's own headers, and what newer kernels added to them.
#pragma once

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <cstdint>

namespace ctwin::ctnetlink {

constexpr uint16_t kCtaTimestampEvent = 27;  ///< CTA_TIMESTAMP_EVENT, since Linux 6.14

/// Parts of a tuple that a filter compares: bits of CTA_FILTER_ORIG_FLAGS and _REPLY_FLAGS.
enum FilterPart : uint32_t {
  kFilterSrc = 1u << 0,
  kFilterDst = 1u << 1,
  kFilterProto = 1u << 3,
  kFilterSport = 1u << 4,
  kFilterDport = 1u << 5,
};

/// Bit of a NFNLGRP_* number in the masks of Backend::join.
constexpr uint32_t group_bit(unsigned group) { return 1u << (group - 1); }

constexpr uint32_t kConntrackGroups = group_bit(NFNLGRP_CONNTRACK_NEW) |
                                      group_bit(NFNLGRP_CONNTRACK_UPDATE) |
                                      group_bit(NFNLGRP_CONNTRACK_DESTROY);
constexpr uint32_t kExpectGroups = group_bit(NFNLGRP_CONNTRACK_EXP_NEW) |
                                   group_bit(NFNLGRP_CONNTRACK_EXP_UPDATE) |
                                   group_bit(NFNLGRP_CONNTRACK_EXP_DESTROY);

}  // namespace ctwin::ctnetlink
