#include "ctnetlink/filter_codec.h"

#include "ctnetlink/flow_codec.h"
#include "ctnetlink/uapi.h"

namespace ctwin::ctnetlink {

namespace {

/// A whole address that the kernel compares rightly.
bool goes_down(const Address& address, const Address& mask) {
  if (address.family != AF_INET) return false;
  for (size_t i = 0; mask.is_set() && i < address.size(); ++i)
    if (mask.bytes[i] != 0xff) return false;
  return true;
}

uint32_t parts_of(const TupleFilter& filter) {
  uint32_t parts = 0;
  if (goes_down(filter.src, filter.src_mask)) parts |= kFilterSrc;
  if (goes_down(filter.dst, filter.dst_mask)) parts |= kFilterDst;
  if (!filter.proto) return parts;
  parts |= kFilterProto;
  if (*filter.proto != IPPROTO_TCP && *filter.proto != IPPROTO_UDP) return parts;
  if (filter.sport) parts |= kFilterSport;
  if (filter.dport) parts |= kFilterDport;
  return parts;
}

void encode_parts(uint16_t type, const TupleFilter& filter, uint32_t parts,
                  netlink::AttrWriter& attrs) {
  if (parts == 0) return;
  Tuple tuple;
  if (parts & kFilterSrc) tuple.src = filter.src;
  if (parts & kFilterDst) tuple.dst = filter.dst;
  if (parts & kFilterProto) tuple.proto = *filter.proto;
  tuple.has_proto = (parts & kFilterProto) != 0;
  if (parts & kFilterSport) tuple.sport = *filter.sport;
  if (parts & kFilterDport) tuple.dport = *filter.dport;
  tuple.has_ports = (parts & (kFilterSport | kFilterDport)) != 0;
  encode_tuple(type, tuple, attrs);
}

/// The zone that every entry which the filter selects has, whatever its direction; 0: not known.
uint16_t zone_of(const Filter& filter) {
  for (const auto& zone : {filter.zone, filter.orig.zone, filter.reply.zone})
    if (zone && *zone != 0) return *zone;
  return 0;
}

}  // namespace

void encode_filter(const Filter& filter, bool with_tuples, netlink::AttrWriter& attrs) {
  if (filter.mark) {
    attrs.put(CTA_MARK, filter.mark->value);
    attrs.put(CTA_MARK_MASK, filter.mark->mask);
  }
  if (const uint32_t mask = filter.status_set | filter.status_clear; mask != 0) {
    attrs.put(CTA_STATUS, filter.status_set);
    attrs.put(CTA_STATUS_MASK, mask);
  }
  if (const uint16_t zone = zone_of(filter); zone != 0) attrs.put(CTA_ZONE, zone);
  if (!with_tuples) return;
  const uint32_t orig = parts_of(filter.orig);
  const uint32_t reply = parts_of(filter.reply);
  encode_parts(CTA_TUPLE_ORIG, filter.orig, orig, attrs);
  encode_parts(CTA_TUPLE_REPLY, filter.reply, reply, attrs);
  const size_t nest = attrs.begin_nest(CTA_FILTER);
  attrs.put_native(CTA_FILTER_ORIG_FLAGS, orig);
  attrs.put_native(CTA_FILTER_REPLY_FLAGS, reply);
  attrs.end_nest(nest);
}

DumpFamilies dump_families(const Filter& filter) {
  const uint32_t parts = parts_of(filter.orig) | parts_of(filter.reply);
  if (parts == 0) return {false, filter.family, AF_UNSPEC};
  if (filter.family != AF_UNSPEC) return {true, filter.family, AF_UNSPEC};
  if (parts & (kFilterSrc | kFilterDst)) return {true, AF_INET, AF_UNSPEC};
  return {true, AF_INET, AF_INET6};
}

}  // namespace ctwin::ctnetlink
