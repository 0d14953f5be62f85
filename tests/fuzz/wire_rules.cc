// The shape of conntrack's messages as a table: what may stand in which nest, and how large it is.
#include <cstdio>
#include <cstdlib>

#include "ctnetlink/flow_codec.h"
#include "ctnetlink/uapi.h"
#include "fuzz/fuzz.h"

namespace ctwin::fuzz {

using netlink::Attr;
using netlink::AttrReader;

namespace {

enum class Shape : uint8_t { kBytes, kText, kNest };

/// One attribute of a nest: for bytes their exact number, for text the longest that fits.
struct Rule {
  uint16_t type;
  Shape shape;
  size_t size = 0;
  std::span<const Rule> nest = {};
};

constexpr Rule bytes(uint16_t type, size_t size) { return {type, Shape::kBytes, size, {}}; }
constexpr Rule text(uint16_t type, size_t longest) { return {type, Shape::kText, longest, {}}; }

constexpr Rule kIp[] = {bytes(CTA_IP_V4_SRC, 4), bytes(CTA_IP_V4_DST, 4), bytes(CTA_IP_V6_SRC, 16),
                        bytes(CTA_IP_V6_DST, 16)};
constexpr Rule kProto[] = {
    bytes(CTA_PROTO_NUM, 1),       bytes(CTA_PROTO_SRC_PORT, 2),    bytes(CTA_PROTO_DST_PORT, 2),
    bytes(CTA_PROTO_ICMP_ID, 2),   bytes(CTA_PROTO_ICMP_TYPE, 1),   bytes(CTA_PROTO_ICMP_CODE, 1),
    bytes(CTA_PROTO_ICMPV6_ID, 2), bytes(CTA_PROTO_ICMPV6_TYPE, 1), bytes(CTA_PROTO_ICMPV6_CODE, 1),
};
constexpr Rule kTuple[] = {{CTA_TUPLE_IP, Shape::kNest, 0, kIp},
                           {CTA_TUPLE_PROTO, Shape::kNest, 0, kProto},
                           bytes(CTA_TUPLE_ZONE, 2)};
constexpr Rule kTcp[] = {
    bytes(CTA_PROTOINFO_TCP_STATE, 1), bytes(CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, 1),
    bytes(CTA_PROTOINFO_TCP_WSCALE_REPLY, 1), bytes(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, 2),
    bytes(CTA_PROTOINFO_TCP_FLAGS_REPLY, 2)};
constexpr Rule kSctp[] = {bytes(CTA_PROTOINFO_SCTP_STATE, 1),
                          bytes(CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, 4),
                          bytes(CTA_PROTOINFO_SCTP_VTAG_REPLY, 4)};
constexpr Rule kDccp[] = {bytes(CTA_PROTOINFO_DCCP_STATE, 1), bytes(CTA_PROTOINFO_DCCP_ROLE, 1),
                          bytes(CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ, 8)};
constexpr Rule kProtoinfo[] = {{CTA_PROTOINFO_TCP, Shape::kNest, 0, kTcp},
                               {CTA_PROTOINFO_SCTP, Shape::kNest, 0, kSctp},
                               {CTA_PROTOINFO_DCCP, Shape::kNest, 0, kDccp}};
constexpr Rule kCounters[] = {bytes(CTA_COUNTERS_PACKETS, 8), bytes(CTA_COUNTERS_BYTES, 8)};
constexpr Rule kTimestamp[] = {bytes(CTA_TIMESTAMP_START, 8), bytes(CTA_TIMESTAMP_STOP, 8)};
constexpr Rule kHelp[] = {text(CTA_HELP_NAME, 15)};
constexpr Rule kSecctx[] = {text(CTA_SECCTX_NAME, 255)};
constexpr Rule kSeqAdj[] = {bytes(CTA_SEQADJ_CORRECTION_POS, 4), bytes(CTA_SEQADJ_OFFSET_BEFORE, 4),
                            bytes(CTA_SEQADJ_OFFSET_AFTER, 4)};
constexpr Rule kSynproxy[] = {bytes(CTA_SYNPROXY_ISN, 4), bytes(CTA_SYNPROXY_ITS, 4),
                              bytes(CTA_SYNPROXY_TSOFF, 4)};
constexpr Rule kFlow[] = {
    {CTA_TUPLE_ORIG, Shape::kNest, 0, kTuple},
    {CTA_TUPLE_REPLY, Shape::kNest, 0, kTuple},
    {CTA_TUPLE_MASTER, Shape::kNest, 0, kTuple},
    {CTA_PROTOINFO, Shape::kNest, 0, kProtoinfo},
    {CTA_COUNTERS_ORIG, Shape::kNest, 0, kCounters},
    {CTA_COUNTERS_REPLY, Shape::kNest, 0, kCounters},
    {CTA_TIMESTAMP, Shape::kNest, 0, kTimestamp},
    {CTA_HELP, Shape::kNest, 0, kHelp},
    {CTA_SECCTX, Shape::kNest, 0, kSecctx},
    {CTA_SEQ_ADJ_ORIG, Shape::kNest, 0, kSeqAdj},
    {CTA_SEQ_ADJ_REPLY, Shape::kNest, 0, kSeqAdj},
    {CTA_SYNPROXY, Shape::kNest, 0, kSynproxy},
    bytes(CTA_STATUS, 4),
    bytes(CTA_TIMEOUT, 4),
    bytes(CTA_MARK, 4),
    bytes(CTA_USE, 4),
    bytes(CTA_ID, 4),
    bytes(CTA_ZONE, 2),
    bytes(CTA_SECMARK, 4),
    bytes(CTA_LABELS, 16),
    bytes(ctnetlink::kCtaTimestampEvent, 8),
};
constexpr Rule kExpectNat[] = {bytes(CTA_EXPECT_NAT_DIR, 4),
                               {CTA_EXPECT_NAT_TUPLE, Shape::kNest, 0, kTuple}};
constexpr Rule kExpectation[] = {
    {CTA_EXPECT_MASTER, Shape::kNest, 0, kTuple},
    {CTA_EXPECT_TUPLE, Shape::kNest, 0, kTuple},
    {CTA_EXPECT_MASK, Shape::kNest, 0, kTuple},
    {CTA_EXPECT_NAT, Shape::kNest, 0, kExpectNat},
    bytes(CTA_EXPECT_TIMEOUT, 4),
    bytes(CTA_EXPECT_ID, 4),
    bytes(CTA_EXPECT_ZONE, 2),
    bytes(CTA_EXPECT_FLAGS, 4),
    bytes(CTA_EXPECT_CLASS, 4),
    text(CTA_EXPECT_HELP_NAME, 15),
    text(CTA_EXPECT_FN, 31),
};

bool obeys(std::span<const std::byte> nest, std::span<const Rule> rules);

bool obeys(const Attr& attr, const Rule& rule) {
  switch (rule.shape) {
    case Shape::kBytes: return attr.payload.size() == rule.size;
    case Shape::kText:
      return attr.text().size() < attr.payload.size() && attr.text().size() <= rule.size &&
             !attr.text().empty();
    case Shape::kNest: return obeys(attr.payload, rule.nest);
  }
  return false;
}

/// Known attributes only, each once, in a run without damage. A nest is never empty.
bool obeys(std::span<const std::byte> nest, std::span<const Rule> rules) {
  uint64_t seen = 0;
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    const Rule* rule = nullptr;
    for (const Rule& candidate : rules)
      if (candidate.type == attr.type) rule = &candidate;
    if (!rule || !obeys(attr, *rule)) return false;
    const uint64_t bit = uint64_t{1} << attr.type;
    if (seen & bit) return false;
    seen |= bit;
  }
  return seen != 0 && !reader.malformed();
}

/// Whole, of the message's family, with just the transport fields of its protocol.
bool whole_tuple(const Attr& nest, uint8_t family) {
  Tuple tuple;
  ctnetlink::decode_tuple(nest, tuple);
  if (tuple.src.family != family || tuple.dst.family != family || !tuple.has_proto) return false;
  uint64_t present = 0;
  AttrReader parts(nest);
  for (Attr part; parts.next(part);) {
    AttrReader fields(part);
    if (part.type == CTA_TUPLE_IP) {
      size_t addresses = 0;
      for (Attr field; fields.next(field);) ++addresses;
      if (addresses != 2) return false;
    } else if (part.type == CTA_TUPLE_PROTO) {
      for (Attr field; fields.next(field);) present |= uint64_t{1} << field.type;
    }
  }
  const auto fields = [](std::initializer_list<unsigned> types) {
    uint64_t bits = uint64_t{1} << CTA_PROTO_NUM;
    for (const unsigned type : types) bits |= uint64_t{1} << type;
    return bits;
  };
  switch (transport_kind(tuple.proto)) {
    case TransportKind::kPorts:
    case TransportKind::kKeys: return present == fields({CTA_PROTO_SRC_PORT, CTA_PROTO_DST_PORT});
    case TransportKind::kIcmp:
      return present ==
             (tuple.proto == IPPROTO_ICMP
                  ? fields({CTA_PROTO_ICMP_ID, CTA_PROTO_ICMP_TYPE, CTA_PROTO_ICMP_CODE})
                  : fields({CTA_PROTO_ICMPV6_ID, CTA_PROTO_ICMPV6_TYPE, CTA_PROTO_ICMPV6_CODE}));
    case TransportKind::kNone: return present == fields({});
  }
  return false;
}

size_t attributes_in(const Attr& nest) {
  size_t count = 0;
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) ++count;
  return count;
}

/// The kernel leaves a time stamp of 0 out, and the library takes it for none.
bool has_times(const Attr& nest) {
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);)
    if (attr.be<uint64_t>() == 0) return false;
  return true;
}

}  // namespace

void fail(const char* what, const std::string& ours, const std::string& theirs) {
  std::fprintf(stderr, "%s\n  ours:   %s\n  theirs: %s\n", what, ours.c_str(), theirs.c_str());
  std::abort();
}

bool kernel_could_send_flow(const netlink::Message& message) {
  if (message.body.size() < sizeof(nfgenmsg) || !obeys(message.attributes(), kFlow)) return false;
  bool orig = false;
  bool reply = false;
  AttrReader reader(message.attributes());
  for (Attr attr; reader.next(attr);) {
    const bool tuple = attr.type == CTA_TUPLE_ORIG || attr.type == CTA_TUPLE_REPLY;
    if (tuple && !whole_tuple(attr, message.nfgen().nfgen_family)) return false;
    if (attr.type == CTA_PROTOINFO && attributes_in(attr) > 1) return false;
    if (attr.type == CTA_TIMESTAMP && !has_times(attr)) return false;
    orig |= attr.type == CTA_TUPLE_ORIG;
    reply |= attr.type == CTA_TUPLE_REPLY;
  }
  return orig && reply;
}

bool kernel_could_send_expectation(const netlink::Message& message) {
  if (message.body.size() < sizeof(nfgenmsg) || !obeys(message.attributes(), kExpectation))
    return false;
  unsigned tuples = 0;
  AttrReader reader(message.attributes());
  for (Attr attr; reader.next(attr);) {
    if (attr.type == CTA_EXPECT_FLAGS && attr.be<uint32_t>() > 7) return false;
    if (attr.type != CTA_EXPECT_MASTER && attr.type != CTA_EXPECT_TUPLE &&
        attr.type != CTA_EXPECT_MASK)
      continue;
    if (!whole_tuple(attr, message.nfgen().nfgen_family)) return false;
    ++tuples;
  }
  return tuples == 3;
}

}  // namespace ctwin::fuzz
