// The Responder: the engine's table as the kernel's ctnetlink shows it.
//
// It answers ctnetlink requests with the kernel's errno, flags, and attributes in the kernel's
// order, and tells events to those who joined their groups. Whoever talks to it has a conversation,
// the counterpart of a netlink socket: a port id, joined groups, a queue of datagrams that wait to
// be received, and at most one dump that goes on as its datagrams are taken.
//
// Overview. A datagram's messages are answered one after the other (`request`). Each is matched
// against the table of handlers of its subsystem, its attributes are checked by the handler's rules
// (attribute_rules.h), and the handler's errno becomes the error message or ACK. A dump is a cursor
// over the slots of the table: entries never move, so it may rest while packets come and entries
// go. It writes one datagram ahead of its reader and never holds more, whatever the table's size.
//
// Not done here: expectations and helpers. Of expectations there are none, and no helper is known.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "conntrack/tracker.h"
#include "ctwin/result.h"
#include "engine/datagram_queue.h"
#include "engine/flow_request.h"
#include "nat/nat.h"
#include "netlink/message.h"

namespace ctwin::engine {

class Responder final : public conntrack::EventListener {
 public:
  /// Names a conversation; what its causes is marked with in events.
  using PortId = uint32_t;

  /// Bytes that may wait in a conversation before messages are lost.
  static constexpr size_t kRoom = size_t{64} << 20;

  /// Becomes the tracker's listener. The tracker outlives it.
  Responder(conntrack::Tracker& tracker, nat::Nat& nat);
  ~Responder() override;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  /// `wanted` becomes the new conversation's id unless it is 0 or another one has it.
  PortId connect(PortId wanted = 0);
  void disconnect(PortId id);

  /// Joins the multicast groups whose NFNLGRP_* number n has bit n-1 set in `groups`.
  void join(PortId id, uint32_t groups);
  void leave(PortId id, uint32_t groups);
  void set_room(PortId id, size_t bytes);

  /// Carries out the messages of a datagram; the answers wait to be received.
  void request(PortId id, std::span<const std::byte> datagram);
  /// The answer to something that is not the Responder's to carry out: it waits behind the others,
  /// and is not lost even if there is no room.
  void answer(PortId id, std::span<const std::byte> datagram);
  /// The same: the error message or, with code 0, ACK to the message that `header` is of.
  void acknowledge(PortId id, const nlmsghdr& header, int code);

  /// Goes on with a dump that has found nothing to show yet, for a limited number of entries.
  /// False: there is still nothing, and it is to be asked again. `receive` does it without a limit.
  bool ready(PortId id);
  /// The next datagram, copied to the front of `buffer`. Fails with EAGAIN when nothing waits,
  /// ENOBUFS (once) after messages were lost, EMSGSIZE when it does not fit, and is lost.
  Result<std::span<const std::byte>> receive(PortId id, std::span<std::byte> buffer);
  /// When the datagram received last was made: engine time, ns since the epoch.
  uint64_t received_at(PortId id) const;
  /// Datagrams that this conversation has lost.
  uint64_t lost(PortId id) const;
  /// Bytes that wait in this conversation, with what is kept about them.
  size_t waiting(PortId id) const;
  /// The size of the datagram that `receive` would answer with; 0 when it would fail.
  size_t next_size(PortId id) const;

  /// Events that somebody was told so far.
  uint64_t events() const { return events_; }

  bool anybody() const override;
  void event(const conntrack::Conn& ct, EventKind kind, uint16_t bits, uint32_t port_id) override;

 private:
  enum class DumpKind : uint8_t {
    kFlows,
    kFlowsAndZero,
    kStats,
    kExpectStats,
    kNothing,
  };
  static bool is_of_flows(DumpKind kind) {
    return kind == DumpKind::kFlows || kind == DumpKind::kFlowsAndZero;
  }

  struct Dump {
    DumpKind kind;
    uint32_t sequence;
    std::optional<FlowFilter> filter;
    conntrack::ConnIndex next = 1;
    bool at_end = false;
  };

  struct Conversation {
    explicit Conversation(PortId port_id) : id(port_id), queue(kRoom) {}
    PortId id;
    uint32_t groups = 0;
    DatagramQueue queue;
    std::optional<Dump> dump;
    size_t largest_buffer = 0;  ///< that was received into
    uint64_t received_at = 0;
  };

  struct Request {
    Conversation& from;
    nlmsghdr header;
    nfgenmsg generic;
    std::span<const std::byte> attributes;

    bool wants(uint16_t flags) const { return (header.nlmsg_flags & flags) != 0; }
    bool wants_dump() const { return wants(NLM_F_DUMP); }
    bool wants_echo() const { return wants(NLM_F_ECHO); }
  };

  /// Returns 0, an errno, or kDumping when the answer is a dump and no ACK follows.
  using Handler = int (Responder::*)(const Request&);
  static constexpr int kDumping = -1;

  // ---- conversations (responder.cc) ----
  void find_groups();
  void answer(Conversation& from, const netlink::Message& message);
  int dispatch(Conversation& from, const netlink::Message& message);
  static std::array<std::byte, 36> acknowledgement(const Conversation& to, const nlmsghdr& header,
                                                   int code);

  // ---- single entries (responder_flows.cc) ----
  int handle_new(const Request& request);
  int handle_get(const Request& request);
  int handle_delete(const Request& request);
  int handle_stats(const Request& request);
  /// Finds the entry that the original tuple names, or else the reply.
  int find_named(const Request& request, const FlowAttrs& attrs, conntrack::ConnIndex& index) const;
  template <typename Write>
  void send_answer(const Request& request, uint8_t type, uint8_t family, const Write& write);
  int flush(const Request& request, const FlowAttrs& attrs);
  int create(const Request& request, const FlowAttrs& attrs, const Zone& zone,
             const conntrack::TupleKey& orig, const conntrack::TupleKey& reply);
  int fill(conntrack::Conn& ct, const FlowAttrs& attrs, const Zone& zone, uint8_t family,
           conntrack::ConnIndex& master);
  int set_up_nat_of(const conntrack::Conn& ct, const FlowAttrs& attrs);
  int find_master(const FlowAttrs& attrs, const Zone& zone, uint8_t family,
                  conntrack::ConnIndex& master);
  int change(conntrack::ConnIndex index, const FlowAttrs& attrs);
  void announce(const Request& request, conntrack::ConnIndex index, EventKind kind, uint16_t bits);
  void expire_if_due(conntrack::ConnIndex index);
  uint32_t references(const conntrack::Conn& ct) const;

  // ---- expectations (responder_expect.cc) ----
  int handle_expect_new(const Request& request);
  int handle_expect_get(const Request& request);
  int handle_expect_delete(const Request& request);

  // ---- dumps (responder_dump.cc) ----
  int handle_stats_cpu(const Request& request);
  int handle_expect_stats_cpu(const Request& request);
  int handle_dump_only(const Request& request);
  int dump_flows(const Request& request, const FlowAttrs& attrs);
  int start_dump(const Request& request, DumpKind kind, std::optional<FlowFilter> filter = {});
  static bool is_searching(const Conversation& with);
  void continue_dump(Conversation& with);
  size_t write_dump(Conversation& with, std::span<std::byte> space);
  size_t write_flows(Conversation& with, std::span<std::byte> space);
  size_t write_stats(const Conversation& with, std::span<std::byte> space) const;
  size_t write_expect_stats(const Conversation& with, std::span<std::byte> space) const;
  void zero_counters(conntrack::Conn& ct);

  conntrack::Tracker& tracker_;
  nat::Nat& nat_;
  std::map<PortId, Conversation> conversations_;
  PortId last_id_ = 0;   ///< of those that nobody wanted
  uint32_t groups_ = 0;  ///< that anybody has joined
  uint64_t events_ = 0;
  PortId echo_to_ = 0;  ///< the requester that gets its events sent back, during its request
  std::vector<std::byte> scratch_;
};

}  // namespace ctwin::engine
