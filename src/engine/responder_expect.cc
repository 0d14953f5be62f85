// Expectations: no helper is known, so there are none, and none can be made. What is wrong with a
// request is found in the kernel's order all the same.
#include <linux/netfilter/nfnetlink.h>

#include <cerrno>

#include "engine/responder.h"

namespace ctwin::engine {

using conntrack::TupleKey;

namespace {

constexpr size_t kExpectAttrs = CTA_EXPECT_FN + 1;
constexpr uint32_t kHelperNameBytes = 15;

constexpr std::array<AttrRule, kExpectAttrs> kExpectRules = [] {
  std::array<AttrRule, kExpectAttrs> rules{};
  rules[CTA_EXPECT_MASTER] = rules[CTA_EXPECT_TUPLE] = rules[CTA_EXPECT_MASK] = kNestedRule;
  rules[CTA_EXPECT_NAT] = kNestedRule;
  rules[CTA_EXPECT_TIMEOUT] = rules[CTA_EXPECT_ID] = kU32Rule;
  rules[CTA_EXPECT_FLAGS] = rules[CTA_EXPECT_CLASS] = kU32Rule;
  rules[CTA_EXPECT_ZONE] = kU16Rule;
  rules[CTA_EXPECT_HELP_NAME] = text(kHelperNameBytes);
  rules[CTA_EXPECT_FN] = text(0);
  return rules;
}();

Zone zone_of(const Attrs<kExpectAttrs>& attrs) {
  Zone zone;
  if (attrs.has(CTA_EXPECT_ZONE)) zone.id = front<uint16_t>(attrs[CTA_EXPECT_ZONE]);
  return zone;
}

}  // namespace

int Responder::handle_expect_new(const Request& request) {
  Attrs<kExpectAttrs> attrs;
  if (const int code = read_attrs(request.attributes, kExpectRules, attrs)) return code;
  if (!attrs.has(CTA_EXPECT_TUPLE) || !attrs.has(CTA_EXPECT_MASK) || !attrs.has(CTA_EXPECT_MASTER))
    return EINVAL;
  const uint8_t family = request.generic.nfgen_family;
  TupleKey key;
  if (const int code = read_tuple(attrs[CTA_EXPECT_TUPLE], kAllParts, family, false, nullptr, key))
    return code;
  if (!request.wants(NLM_F_CREATE)) return ENOENT;
  if (const int code = read_tuple(attrs[CTA_EXPECT_MASK], kAllParts, family, false, nullptr, key))
    return code;
  if (const int code = read_tuple(attrs[CTA_EXPECT_MASTER], kAllParts, family, false, nullptr, key))
    return code;
  if (find_flow(tracker_.table(), key, zone_of(attrs)).index == 0) return ENOENT;
  return EOPNOTSUPP;
}

/// With a master, a dump is of its expectations: the kernel does not even begin it for a master
/// that has no helper.
int Responder::handle_expect_get(const Request& request) {
  Attrs<kExpectAttrs> attrs;
  if (const int code = read_attrs(request.attributes, kExpectRules, attrs)) return code;
  const bool of_master = attrs.has(CTA_EXPECT_MASTER);
  if (request.wants_dump() && !of_master) return start_dump(request, DumpKind::kNothing);
  const uint16_t type =
      !request.wants_dump() && attrs.has(CTA_EXPECT_TUPLE) ? CTA_EXPECT_TUPLE : CTA_EXPECT_MASTER;
  if (!attrs.has(type)) return EINVAL;
  TupleKey key;
  if (const int code =
          read_tuple(attrs[type], kAllParts, request.generic.nfgen_family, false, nullptr, key))
    return code;
  if (!request.wants_dump()) return ENOENT;
  return find_flow(tracker_.table(), key, zone_of(attrs)).index == 0 ? ENOENT : 0;
}

int Responder::handle_expect_delete(const Request& request) {
  Attrs<kExpectAttrs> attrs;
  if (const int code = read_attrs(request.attributes, kExpectRules, attrs)) return code;
  if (!attrs.has(CTA_EXPECT_TUPLE)) return 0;
  TupleKey key;
  if (const int code = read_tuple(attrs[CTA_EXPECT_TUPLE], kAllParts, request.generic.nfgen_family,
                                  false, nullptr, key))
    return code;
  return ENOENT;
}

}  // namespace ctwin::engine
