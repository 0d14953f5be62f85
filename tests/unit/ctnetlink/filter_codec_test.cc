#include "ctnetlink/filter_codec.h"

#include <doctest/doctest.h>

#include <map>

#include "ctnetlink/uapi.h"
#include "support/messages.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

/// The attributes that a filter becomes: type and value.
std::map<uint16_t, uint32_t> encoded(const Filter& filter) {
  const Bytes bytes =
      build_message(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET, 0, AF_UNSPEC,
                    [&](netlink::AttrWriter& attrs) { ctnetlink::encode_filter(filter, attrs); });
  std::map<uint16_t, uint32_t> attributes;
  netlink::AttrReader reader(message_of(bytes).attributes());
  for (netlink::Attr attr; reader.next(attr);) attributes[attr.type] = attr.be<uint32_t>();
  return attributes;
}

}  // namespace

TEST_CASE("a filter without mark and status is not the kernel's business") {
  Filter filter;
  filter.family = AF_INET6;
  filter.orig.src = address("fd00::1");
  filter.zone = 3;
  CHECK(encoded(filter).empty());
}

TEST_CASE("a mark travels with its mask") {
  Filter filter;
  filter.mark = MarkFilter{0x10, 0xf0};
  CHECK(encoded(filter) == std::map<uint16_t, uint32_t>{{CTA_MARK, 0x10}, {CTA_MARK_MASK, 0xf0}});
}

TEST_CASE("a mark of 0 is a condition too") {
  Filter filter;
  filter.mark = MarkFilter{0, UINT32_MAX};
  CHECK(encoded(filter) ==
        std::map<uint16_t, uint32_t>{{CTA_MARK, 0}, {CTA_MARK_MASK, UINT32_MAX}});
}

TEST_CASE("set and clear status bits travel as value and mask") {
  Filter filter;
  filter.status_set = kSeenReply;
  filter.status_clear = kAssured;
  CHECK(encoded(filter) == std::map<uint16_t, uint32_t>{{CTA_STATUS, kSeenReply},
                                                        {CTA_STATUS_MASK, kSeenReply | kAssured}});
}

TEST_CASE("clear bits alone ask for a value of 0 under their mask") {
  Filter filter;
  filter.status_clear = kSeenReply;
  CHECK(encoded(filter) ==
        std::map<uint16_t, uint32_t>{{CTA_STATUS, 0}, {CTA_STATUS_MASK, kSeenReply}});
}
