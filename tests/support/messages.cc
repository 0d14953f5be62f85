#include "support/messages.h"

#include <cstdio>
#include <memory>
#include <stdexcept>

#include "base/address.h"
#include "ctnetlink/flow_codec.h"
#include "ctnetlink/uapi.h"

namespace ctwin::test {

using netlink::AttrWriter;
using netlink::Message;
using netlink::MessageReader;
using netlink::MessageWriter;

namespace {

constexpr const char* kFlowRecordings[] = {"flows-dump.bin", "flows-events.bin",
                                           "flows-plain-events.bin", "expectations-events.bin"};
constexpr const char* kExpectationRecordings[] = {"expectations-dump.bin",
                                                  "expectations-events.bin"};

std::vector<Bytes> messages_of(std::span<const char* const> names, uint8_t subsystem) {
  std::vector<Bytes> messages;
  for (const char* name : names)
    for (const Bytes& datagram : load_recording(name)) {
      MessageReader reader(datagram);
      for (Message message; reader.next(message);) {
        if (message.is_done() || message.is_error() || message.subsystem() != subsystem) continue;
        const std::byte* begin = message.body.data() - sizeof(nlmsghdr);
        messages.emplace_back(begin, message.body.data() + message.body.size());
      }
    }
  return messages;
}

void encode_counters(uint16_t type, const Counters& counters, AttrWriter& attrs) {
  const size_t nest = attrs.begin_nest(type);
  attrs.put(CTA_COUNTERS_PACKETS, counters.packets);
  attrs.put(CTA_COUNTERS_BYTES, counters.bytes);
  attrs.end_nest(nest);
}

void encode_timestamps(const Flow& flow, AttrWriter& attrs) {
  const size_t nest = attrs.begin_nest(CTA_TIMESTAMP);
  if (flow.has(FlowField::kTimestampStart)) attrs.put(CTA_TIMESTAMP_START, flow.timestamp_start);
  if (flow.has(FlowField::kTimestampStop)) attrs.put(CTA_TIMESTAMP_STOP, flow.timestamp_stop);
  attrs.end_nest(nest);
}

/// What a kernel tells and a request does not.
void encode_answer(const Flow& flow, AttrWriter& attrs) {
  if (flow.has(FlowField::kCountersOrig))
    encode_counters(CTA_COUNTERS_ORIG, flow.counters_orig, attrs);
  if (flow.has(FlowField::kCountersReply))
    encode_counters(CTA_COUNTERS_REPLY, flow.counters_reply, attrs);
  if (flow.has(FlowField::kTimestampStart) || flow.has(FlowField::kTimestampStop))
    encode_timestamps(flow, attrs);
  if (flow.has(FlowField::kUse)) attrs.put(CTA_USE, flow.use);
  if (flow.has(FlowField::kSecmark)) attrs.put(CTA_SECMARK, flow.secmark);
  if (flow.has(FlowField::kSecctx)) {
    const size_t nest = attrs.begin_nest(CTA_SECCTX);
    attrs.put_text(CTA_SECCTX_NAME, flow.secctx.view());
    attrs.end_nest(nest);
  }
  if (flow.has(FlowField::kTimestampEvent))
    attrs.put(ctnetlink::kCtaTimestampEvent, flow.timestamp_event);
}

}  // namespace

Bytes read_bytes(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (!file) throw std::runtime_error("cannot open " + path);
  Bytes bytes;
  std::byte buffer[4096];
  while (const size_t size = std::fread(buffer, 1, sizeof buffer, file.get()))
    bytes.insert(bytes.end(), buffer, buffer + size);
  return bytes;
}

std::vector<Bytes> load_recording(const std::string& name) {
  return parse_recording(read_bytes(std::string(CTWIN_TEST_DATA) + "/" + name));
}

std::vector<Bytes> parse_recording(std::span<const std::byte> file) {
  std::vector<Bytes> datagrams;
  while (!file.empty()) {
    size_t length = 0;
    if (file.size() < 4) throw std::runtime_error("a recording is cut short");
    for (size_t i = 0; i < 4; ++i) length |= std::to_integer<size_t>(file[i]) << 8 * i;
    file = file.subspan(4);
    if (file.size() < length) throw std::runtime_error("a recording is cut short");
    datagrams.emplace_back(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
    file = file.subspan(length);
  }
  return datagrams;
}

void append_datagram(std::span<const std::byte> datagram, Bytes& recording) {
  for (size_t i = 0; i < 4; ++i)
    recording.push_back(static_cast<std::byte>(datagram.size() >> 8 * i & 0xff));
  recording.insert(recording.end(), datagram.begin(), datagram.end());
}

std::vector<Bytes> recorded_flows() { return messages_of(kFlowRecordings, NFNL_SUBSYS_CTNETLINK); }

std::vector<Bytes> recorded_expectations() {
  return messages_of(kExpectationRecordings, NFNL_SUBSYS_CTNETLINK_EXP);
}

Message message_of(std::span<const std::byte> bytes) {
  Message message;
  MessageReader reader(bytes);
  if (!reader.next(message)) throw std::runtime_error("no message in these bytes");
  return message;
}

Bytes build_message(uint8_t subsystem, uint8_t type, uint16_t flags, uint8_t family,
                    const std::function<void(AttrWriter&)>& fill) {
  MessageWriter writer(1 << 14);
  AttrWriter attrs = writer.begin(subsystem, type, flags, 0, family);
  fill(attrs);
  if (!writer.end(attrs)) throw std::runtime_error("a message of a test is too large");
  return {writer.bytes().begin(), writer.bytes().end()};
}

Bytes flow_message(const Flow& flow, uint8_t type, uint16_t flags) {
  const uint8_t family = flow.has(FlowField::kOrig) ? flow.orig.family() : flow.reply.family();
  return build_message(NFNL_SUBSYS_CTNETLINK, type, flags, family, [&](AttrWriter& attrs) {
    ctnetlink::encode_flow(flow, true, attrs);
    encode_answer(flow, attrs);
  });
}

Address address(const std::string& text) {
  const Address parsed = parse_address(text);
  if (!parsed.is_set()) throw std::runtime_error("not an address: " + text);
  return parsed;
}

Tuple port_tuple(uint8_t proto, const std::string& src, uint16_t sport, const std::string& dst,
                 uint16_t dport) {
  Tuple tuple;
  tuple.src = address(src);
  tuple.dst = address(dst);
  tuple.proto = proto;
  tuple.has_proto = true;
  tuple.has_ports = transport_kind(proto) != TransportKind::kNone;
  tuple.sport = sport;
  tuple.dport = dport;
  return tuple;
}

Tuple icmp_tuple(uint8_t proto, const std::string& src, const std::string& dst, uint8_t type,
                 uint8_t code, uint16_t id) {
  Tuple tuple = port_tuple(proto, src, 0, dst, 0);
  tuple.icmp_type = type;
  tuple.icmp_code = code;
  tuple.icmp_id = id;
  return tuple;
}

Tuple mirrored(const Tuple& tuple) {
  Tuple reply = tuple;
  std::swap(reply.src, reply.dst);
  std::swap(reply.sport, reply.dport);
  if (tuple.proto == IPPROTO_ICMP && tuple.icmp_type == 8) reply.icmp_type = 0;
  if (tuple.proto == IPPROTO_ICMPV6 && tuple.icmp_type == 128) reply.icmp_type = 129;
  return reply;
}

Flow tcp_flow() {
  Flow flow;
  flow.orig = port_tuple(IPPROTO_TCP, "10.0.1.2", 41000, "10.0.2.2", 80);
  flow.reply = mirrored(flow.orig);
  flow.fields.add(FlowField::kOrig);
  flow.fields.add(FlowField::kReply);
  flow.set_status(kSeenReply | kAssured | kConfirmed);
  flow.set_timeout(431999);
  flow.set_mark(0);
  flow.tcp_state = 3;
  flow.fields.add(FlowField::kTcpState);
  flow.use = 1;
  flow.fields.add(FlowField::kUse);
  flow.set_id(2221792456);
  return flow;
}

}  // namespace ctwin::test
