#include "message_text.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <iterator>

#include "ctnetlink/uapi.h"
#include "netlink/message.h"

namespace ctwin::test {

namespace {

enum class Shape : uint8_t { kNumber, kFlags, kAddress, kText, kHex, kNest };

struct Name {
  uint16_t type;
  const char* name;
  Shape shape;
  std::span<const Name> children = {};
};

constexpr Name kIpNames[] = {{CTA_IP_V4_SRC, "SRC", Shape::kAddress},
                             {CTA_IP_V4_DST, "DST", Shape::kAddress},
                             {CTA_IP_V6_SRC, "SRC6", Shape::kAddress},
                             {CTA_IP_V6_DST, "DST6", Shape::kAddress}};

constexpr Name kProtoNames[] = {{CTA_PROTO_NUM, "NUM", Shape::kNumber},
                                {CTA_PROTO_SRC_PORT, "SPORT", Shape::kNumber},
                                {CTA_PROTO_DST_PORT, "DPORT", Shape::kNumber},
                                {CTA_PROTO_ICMP_ID, "ICMP_ID", Shape::kNumber},
                                {CTA_PROTO_ICMP_TYPE, "ICMP_TYPE", Shape::kNumber},
                                {CTA_PROTO_ICMP_CODE, "ICMP_CODE", Shape::kNumber},
                                {CTA_PROTO_ICMPV6_ID, "ICMPV6_ID", Shape::kNumber},
                                {CTA_PROTO_ICMPV6_TYPE, "ICMPV6_TYPE", Shape::kNumber},
                                {CTA_PROTO_ICMPV6_CODE, "ICMPV6_CODE", Shape::kNumber}};

constexpr Name kTupleNames[] = {{CTA_TUPLE_IP, "IP", Shape::kNest, kIpNames},
                                {CTA_TUPLE_PROTO, "PROTO", Shape::kNest, kProtoNames},
                                {CTA_TUPLE_ZONE, "ZONE", Shape::kNumber}};

constexpr Name kTcpNames[] = {{CTA_PROTOINFO_TCP_STATE, "STATE", Shape::kNumber},
                              {CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, "WSCALE_ORIG", Shape::kNumber},
                              {CTA_PROTOINFO_TCP_WSCALE_REPLY, "WSCALE_REPLY", Shape::kNumber},
                              {CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, "FLAGS_ORIG", Shape::kHex},
                              {CTA_PROTOINFO_TCP_FLAGS_REPLY, "FLAGS_REPLY", Shape::kHex}};

constexpr Name kSctpNames[] = {{CTA_PROTOINFO_SCTP_STATE, "STATE", Shape::kNumber},
                               {CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, "VTAG_ORIG", Shape::kFlags},
                               {CTA_PROTOINFO_SCTP_VTAG_REPLY, "VTAG_REPLY", Shape::kFlags}};

constexpr Name kProtoinfoNames[] = {{CTA_PROTOINFO_TCP, "TCP", Shape::kNest, kTcpNames},
                                    {CTA_PROTOINFO_SCTP, "SCTP", Shape::kNest, kSctpNames}};

constexpr Name kCounterNames[] = {{CTA_COUNTERS_PACKETS, "PACKETS", Shape::kNumber},
                                  {CTA_COUNTERS_BYTES, "BYTES", Shape::kNumber}};

constexpr Name kTimeNames[] = {{CTA_TIMESTAMP_START, "START", Shape::kNumber},
                               {CTA_TIMESTAMP_STOP, "STOP", Shape::kNumber}};

constexpr Name kHelpNames[] = {{CTA_HELP_NAME, "NAME", Shape::kText}};

constexpr Name kFlowNames[] = {
    {CTA_TUPLE_ORIG, "ORIG", Shape::kNest, kTupleNames},
    {CTA_TUPLE_REPLY, "REPLY", Shape::kNest, kTupleNames},
    {CTA_STATUS, "STATUS", Shape::kFlags},
    {CTA_PROTOINFO, "PROTOINFO", Shape::kNest, kProtoinfoNames},
    {CTA_HELP, "HELP", Shape::kNest, kHelpNames},
    {CTA_TIMEOUT, "TIMEOUT", Shape::kNumber},
    {CTA_MARK, "MARK", Shape::kFlags},
    {CTA_COUNTERS_ORIG, "COUNTERS_ORIG", Shape::kNest, kCounterNames},
    {CTA_COUNTERS_REPLY, "COUNTERS_REPLY", Shape::kNest, kCounterNames},
    {CTA_USE, "USE", Shape::kNumber},
    {CTA_ID, "ID", Shape::kNumber},
    {CTA_TUPLE_MASTER, "MASTER", Shape::kNest, kTupleNames},
    {CTA_ZONE, "ZONE", Shape::kNumber},
    {CTA_SECCTX, "SECCTX", Shape::kHex},
    {CTA_TIMESTAMP, "TIMESTAMP", Shape::kNest, kTimeNames},
    {CTA_LABELS, "LABELS", Shape::kHex},
    {ctnetlink::kCtaTimestampEvent, "TIMESTAMP_EVENT", Shape::kNumber},
};

uint64_t number_of(std::span<const std::byte> bytes) {
  uint64_t value = 0;
  for (const std::byte byte : bytes) value = value << 8 | std::to_integer<uint64_t>(byte);
  return value;
}

std::string hex_of(std::span<const std::byte> bytes) {
  std::string text = "0x";
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<int>(byte));
  return text;
}

std::string value_text(Shape shape, const netlink::Attr& attr) {
  char address[INET6_ADDRSTRLEN];
  const size_t size = attr.payload.size();
  if (shape == Shape::kAddress && (size == 4 || size == 16))
    return inet_ntop(size == 4 ? AF_INET : AF_INET6, attr.payload.data(), address, sizeof address);
  if (shape == Shape::kText) return std::string(attr.text());
  if (shape == Shape::kNumber && size <= 8) return std::to_string(number_of(attr.payload));
  if (shape == Shape::kFlags && size <= 8) return fmt::format("{:#x}", number_of(attr.payload));
  return hex_of(attr.payload);
}

void append_attributes(std::string& out, netlink::AttrReader reader, std::span<const Name> names) {
  netlink::Attr attr;
  while (reader.next(attr)) {
    if (!out.empty() && out.back() != '{') out += ' ';
    const Name* known = nullptr;
    for (const Name& name : names)
      if (name.type == attr.type) known = &name;
    if (!known) {
      out += fmt::format("#{}={}", attr.type, hex_of(attr.payload));
    } else if (known->shape == Shape::kNest) {
      out += fmt::format("{}{{", known->name);
      append_attributes(out, netlink::AttrReader(attr), known->children);
      out += '}';
    } else {
      out += fmt::format("{}={}", known->name, value_text(known->shape, attr));
    }
  }
  if (reader.malformed()) out += " MALFORMED";
}

std::string kind_of(const netlink::Message& message) {
  const uint16_t flags = message.header.nlmsg_flags;
  if (message.subsystem() != NFNL_SUBSYS_CTNETLINK)
    return fmt::format("subsystem {} type {}", message.subsystem(), message.type());
  if (message.type() == IPCTNL_MSG_CT_DELETE && flags == 0) return "DESTROY";
  if (message.type() == IPCTNL_MSG_CT_NEW && flags == 0) return "UPDATE";
  if (message.type() == IPCTNL_MSG_CT_NEW && flags == (NLM_F_CREATE | NLM_F_EXCL)) return "NEW";
  if (message.type() == IPCTNL_MSG_CT_NEW && flags == NLM_F_MULTI) return "ENTRY";
  return fmt::format("type {} flags {:#x}", message.type(), flags);
}

}  // namespace

std::string message_text(std::span<const std::byte> bytes) {
  netlink::MessageReader reader(bytes);
  netlink::Message message;
  if (!reader.next(message)) return "no netlink message: " + hex_of(bytes);
  const nfgenmsg family = message.nfgen();
  std::string out = kind_of(message);
  out += family.nfgen_family == AF_INET6  ? " ipv6"
         : family.nfgen_family == AF_INET ? " ipv4"
                                          : " ?";
  if (family.version != 0 || family.res_id != 0)
    out += fmt::format(" version={} res_id={}", family.version, ntohs(family.res_id));
  append_attributes(out, netlink::AttrReader(message.attributes()), kFlowNames);
  return out;
}

}  // namespace ctwin::test
