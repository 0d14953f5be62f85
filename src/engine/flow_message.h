// An entry of the table as the kernel's ctnetlink describes it: in answers and in events.
//
//   answer := TUPLE_ORIG TUPLE_REPLY [ZONE] STATUS MARK ID USE [TUPLE_MASTER] TIMEOUT
//             [PROTOINFO] [COUNTERS_ORIG COUNTERS_REPLY] [TIMESTAMP] [HELP] [LABELS]
//             [SEQ_ADJ_ORIG SEQ_ADJ_REPLY] [SYNPROXY]
//   new, update := TUPLE_ORIG TUPLE_REPLY [ZONE] ID STATUS TIMEOUT [PROTOINFO] [HELP] [LABELS]
//             [TUPLE_MASTER] [SEQ_ADJ_ORIG SEQ_ADJ_REPLY] [SYNPROXY] [MARK] [TIMESTAMP_EVENT]
//   destroy := TUPLE_ORIG TUPLE_REPLY [ZONE] ID STATUS [TIMEOUT] [COUNTERS_ORIG COUNTERS_REPLY]
//             [TIMESTAMP] [PROTOINFO: state only] [MARK] [TIMESTAMP_EVENT]
#pragma once

#include <cstdint>
#include <span>

#include "conntrack/conn.h"
#include "conntrack/table.h"
#include "ctwin/flow.h"
#include "netlink/attr.h"

namespace ctwin::engine {

/// Writes one message of an answerer into a buffer: headers, attributes, length.
class AnswerMessage {
 public:
  /// `subsystem_and_type` is nlmsg_type.
  AnswerMessage(std::span<std::byte> buffer, uint16_t subsystem_and_type, uint16_t flags,
                uint32_t sequence, uint32_t port_id, uint8_t family, uint16_t resource_id = 0);

  netlink::AttrWriter& attrs() { return attrs_; }
  /// Closes the message and returns its size; 0 when it did not fit.
  size_t finish();

 private:
  std::span<std::byte> buffer_;
  netlink::AttrWriter attrs_;
};

/// The attributes of an answer. `use` counts who refers to the entry.
void write_flow(const conntrack::ConnTable& table, const conntrack::Conn& ct, conntrack::Tick now,
                uint32_t use, netlink::AttrWriter& attrs);

/// The attributes of an event whose EventBits are `bits`.
void write_event(const conntrack::ConnTable& table, const conntrack::Conn& ct, conntrack::Tick now,
                 uint64_t now_ns, EventKind kind, uint16_t bits, netlink::AttrWriter& attrs);

/// No message about an entry is larger.
constexpr size_t kLargestFlowMessage = 1024;

}  // namespace ctwin::engine
