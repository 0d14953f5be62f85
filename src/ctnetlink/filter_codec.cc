#include "ctnetlink/filter_codec.h"

#include "ctnetlink/uapi.h"

namespace ctwin::ctnetlink {

void encode_filter(const Filter& filter, netlink::AttrWriter& attrs) {
  if (filter.mark) {
    attrs.put(CTA_MARK, filter.mark->value);
    attrs.put(CTA_MARK_MASK, filter.mark->mask);
  }
  if (const uint32_t mask = filter.status_set | filter.status_clear; mask != 0) {
    attrs.put(CTA_STATUS, filter.status_set);
    attrs.put(CTA_STATUS_MASK, mask);
  }
}

}  // namespace ctwin::ctnetlink
