#include "ctnetlink/expect_codec.h"

#include "ctnetlink/flow_codec.h"
#include "ctnetlink/uapi.h"

namespace ctwin::ctnetlink {

using netlink::Attr;
using netlink::AttrReader;

namespace {

void decode_expect_nat(const Attr& nest, Expectation& expect) {
  expect.has_nat = true;
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    switch (attr.type) {
      case CTA_EXPECT_NAT_DIR: expect.nat_dir = attr.be<uint32_t>(); break;
      case CTA_EXPECT_NAT_TUPLE: decode_tuple(attr, expect.nat); break;
    }
  }
}

}  // namespace

bool decode_expectation(const netlink::Message& message, Expectation& expect) {
  expect = {};
  AttrReader reader(message.attributes());
  for (Attr attr; reader.next(attr);) {
    switch (attr.type) {
      case CTA_EXPECT_MASTER:
        decode_tuple(attr, expect.master);
        expect.has_master = true;
        break;
      case CTA_EXPECT_TUPLE: decode_tuple(attr, expect.expected); break;
      case CTA_EXPECT_MASK: decode_tuple(attr, expect.mask); break;
      case CTA_EXPECT_TIMEOUT:
        expect.timeout = attr.be<uint32_t>();
        expect.has_timeout = true;
        break;
      case CTA_EXPECT_ID:
        expect.id = attr.be<uint32_t>();
        expect.has_id = true;
        break;
      case CTA_EXPECT_HELP_NAME: expect.helper.assign(attr.text()); break;
      case CTA_EXPECT_ZONE:
        expect.zone = attr.be<uint16_t>();
        expect.has_zone = true;
        break;
      case CTA_EXPECT_FLAGS:
        expect.flags = attr.be<uint32_t>();
        expect.has_flags = true;
        break;
      case CTA_EXPECT_CLASS:
        expect.class_ = attr.be<uint32_t>();
        expect.has_class = true;
        break;
      case CTA_EXPECT_NAT: decode_expect_nat(attr, expect); break;
      case CTA_EXPECT_FN: expect.function.assign(attr.text()); break;
    }
  }
  return !reader.malformed();
}

void encode_expectation(const Expectation& expect, netlink::AttrWriter& attrs) {
  if (expect.has_master) encode_tuple(CTA_EXPECT_MASTER, expect.master, attrs);
  encode_tuple(CTA_EXPECT_TUPLE, expect.expected, attrs);
  if (expect.mask.has_proto) encode_tuple(CTA_EXPECT_MASK, expect.mask, attrs);
  if (expect.has_timeout) attrs.put(CTA_EXPECT_TIMEOUT, expect.timeout);
  if (expect.has_flags) attrs.put(CTA_EXPECT_FLAGS, expect.flags);
  if (expect.has_class) attrs.put(CTA_EXPECT_CLASS, expect.class_);
  if (expect.has_zone) attrs.put(CTA_EXPECT_ZONE, expect.zone);
  if (!expect.helper.empty()) attrs.put_text(CTA_EXPECT_HELP_NAME, expect.helper.view());
}

}  // namespace ctwin::ctnetlink
