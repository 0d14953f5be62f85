#include "engine/responder.h"

#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>

#include "engine/flow_message.h"

namespace ctwin::engine {

using conntrack::Conn;
using netlink::Message;

namespace {

/// NLMSG_ERROR with the header of the request and no more, as under NETLINK_CAP_ACK.
struct ErrorMessage {
  nlmsghdr header;
  nlmsgerr error;
};
static_assert(sizeof(ErrorMessage) == sizeof(nlmsghdr) + sizeof(nlmsgerr));

uint32_t group_of(EventKind kind) {
  switch (kind) {
    case EventKind::kNew: return ctnetlink::group_bit(NFNLGRP_CONNTRACK_NEW);
    case EventKind::kUpdate: return ctnetlink::group_bit(NFNLGRP_CONNTRACK_UPDATE);
    case EventKind::kDestroy: return ctnetlink::group_bit(NFNLGRP_CONNTRACK_DESTROY);
    case EventKind::kNone: break;
  }
  return 0;
}

/// A batch belongs to a subsystem that knows transactions; conntrack's are none
/// (nfnetlink_rcv_batch).
int refuse_batch(const Message& message) {
  constexpr uint16_t kSubsystems = 13;
  constexpr std::array<AttrRule, 2> kRules{{{}, kU32Rule}};  // NFNL_BATCH_GENID
  Attrs<2> attrs;
  if (const int code = read_attrs(message.attributes(), kRules, attrs)) return code;
  return netlink::big_endian(message.nfgen().res_id) < kSubsystems ? EOPNOTSUPP : EINVAL;
}

}  // namespace

Responder::Responder(conntrack::Tracker& tracker, nat::Nat& nat)
    : tracker_(tracker), nat_(nat), scratch_(kLargestFlowMessage) {
  tracker_.listen(this);
}

Responder::~Responder() { tracker_.listen(nullptr); }

// ---- conversations ----

Responder::PortId Responder::connect(PortId wanted) {
  if (wanted != 0 && conversations_.try_emplace(wanted, wanted).second) return wanted;
  do ++last_id_;
  while (last_id_ == 0 || !conversations_.try_emplace(last_id_, last_id_).second);
  return last_id_;
}

void Responder::disconnect(PortId id) {
  conversations_.erase(id);
  find_groups();
}

void Responder::find_groups() {
  groups_ = 0;
  for (const auto& [id, conversation] : conversations_) groups_ |= conversation.groups;
}

void Responder::join(PortId id, uint32_t groups) {
  conversations_.at(id).groups |= groups;
  groups_ |= groups;
}

void Responder::leave(PortId id, uint32_t groups) {
  conversations_.at(id).groups &= ~groups;
  find_groups();
}

void Responder::set_room(PortId id, size_t bytes) { conversations_.at(id).queue.set_room(bytes); }

uint64_t Responder::received_at(PortId id) const { return conversations_.at(id).received_at; }

uint64_t Responder::lost(PortId id) const { return conversations_.at(id).queue.lost(); }

size_t Responder::waiting(PortId id) const { return conversations_.at(id).queue.waiting(); }

size_t Responder::next_size(PortId id) const {
  const DatagramQueue& queue = conversations_.at(id).queue;
  return queue.overrun() || queue.empty() ? 0 : queue.front().bytes.size();
}

bool Responder::ready(PortId id) {
  Conversation& with = conversations_.at(id);
  if (is_searching(with)) continue_dump(with);
  return !is_searching(with);
}

Result<std::span<const std::byte>> Responder::receive(PortId id, std::span<std::byte> buffer) {
  Conversation& with = conversations_.at(id);
  with.largest_buffer = std::max(with.largest_buffer, buffer.size());
  if (with.queue.take_overrun()) return Error{ENOBUFS, {}};
  while (is_searching(with)) continue_dump(with);
  if (with.queue.empty()) return Error{EAGAIN, {}};
  const DatagramQueue::Datagram datagram = with.queue.front();
  const size_t size = datagram.bytes.size();
  const bool fits = size <= buffer.size();
  if (fits) std::copy(datagram.bytes.begin(), datagram.bytes.end(), buffer.begin());
  with.received_at = datagram.time;
  with.queue.pop();
  if (with.dump) continue_dump(with);
  if (!fits) return Error{EMSGSIZE, {}};
  return std::span<const std::byte>(buffer.first(size));
}

// ---- requests ----

void Responder::request(PortId id, std::span<const std::byte> datagram) {
  Conversation& from = conversations_.at(id);
  netlink::MessageReader reader(datagram);
  Message message;
  if (!reader.next(message)) return;
  if (message.header.nlmsg_type == NFNL_MSG_BATCH_BEGIN) {
    if (message.body.size() >= sizeof(nfgenmsg))
      from.queue.push(acknowledgement(from, message.header, refuse_batch(message)),
                      tracker_.now_ns());
    return;
  }
  do answer(from, message);
  while (reader.next(message));
}

void Responder::answer(PortId id, std::span<const std::byte> datagram) {
  conversations_.at(id).queue.force(datagram, tracker_.now_ns());
}

void Responder::acknowledge(PortId id, const nlmsghdr& header, int code) {
  answer(id, acknowledgement(conversations_.at(id), header, code));
}

/// Answers one message (netlink_rcv_skb).
void Responder::answer(Conversation& from, const Message& message) {
  const nlmsghdr& header = message.header;
  const bool is_request = (header.nlmsg_flags & NLM_F_REQUEST) != 0;
  const bool is_control = header.nlmsg_type < NLMSG_MIN_TYPE;
  const int code = is_request && !is_control ? dispatch(from, message) : 0;
  if (code == kDumping) return;
  if (code != 0 || (header.nlmsg_flags & NLM_F_ACK))
    from.queue.push(acknowledgement(from, header, code), tracker_.now_ns());
}

int Responder::dispatch(Conversation& from, const Message& message) {
  static constexpr std::array<Handler, IPCTNL_MSG_MAX> kConntrack{{
      &Responder::handle_new,        // IPCTNL_MSG_CT_NEW
      &Responder::handle_get,        // IPCTNL_MSG_CT_GET
      &Responder::handle_delete,     // IPCTNL_MSG_CT_DELETE
      &Responder::handle_get,        // IPCTNL_MSG_CT_GET_CTRZERO
      &Responder::handle_stats_cpu,  // IPCTNL_MSG_CT_GET_STATS_CPU
      &Responder::handle_stats,      // IPCTNL_MSG_CT_GET_STATS
      &Responder::handle_dump_only,  // IPCTNL_MSG_CT_GET_DYING
      &Responder::handle_dump_only,  // IPCTNL_MSG_CT_GET_UNCONFIRMED
  }};
  static constexpr std::array<Handler, IPCTNL_MSG_EXP_MAX> kExpectations{{
      &Responder::handle_expect_new,        // IPCTNL_MSG_EXP_NEW
      &Responder::handle_expect_get,        // IPCTNL_MSG_EXP_GET
      &Responder::handle_expect_delete,     // IPCTNL_MSG_EXP_DELETE
      &Responder::handle_expect_stats_cpu,  // IPCTNL_MSG_EXP_GET_STATS_CPU
  }};
  if (message.body.size() < sizeof(nfgenmsg)) return 0;
  std::span<const Handler> handlers;
  if (message.subsystem() == NFNL_SUBSYS_CTNETLINK) handlers = kConntrack;
  if (message.subsystem() == NFNL_SUBSYS_CTNETLINK_EXP) handlers = kExpectations;
  if (message.type() >= handlers.size()) return EINVAL;
  const Request request{from, message.header, message.nfgen(), message.attributes()};
  echo_to_ = request.wants_echo() ? from.id : 0;
  const int code = (this->*handlers[message.type()])(request);
  echo_to_ = 0;
  return code;
}

std::array<std::byte, 36> Responder::acknowledgement(const Conversation& to, const nlmsghdr& header,
                                                     int code) {
  ErrorMessage message{};
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = NLMSG_ERROR;
  message.header.nlmsg_flags = NLM_F_CAPPED;
  message.header.nlmsg_seq = header.nlmsg_seq;
  message.header.nlmsg_pid = to.id;
  message.error = {-code, header};
  return std::bit_cast<std::array<std::byte, sizeof message>>(message);
}

// ---- events ----

bool Responder::anybody() const { return (groups_ & ctnetlink::kConntrackGroups) != 0; }

/// Whoever asked for an echo gets the event from that, and not as a member of its group too.
void Responder::event(const Conn& ct, EventKind kind, uint16_t bits, uint32_t port_id) {
  const uint32_t group = group_of(kind);
  const PortId echo_to = port_id != 0 ? echo_to_ : 0;
  if (!(groups_ & group) && echo_to == 0) return;
  ++events_;
  const uint8_t type =
      kind == EventKind::kDestroy ? uint8_t{IPCTNL_MSG_CT_DELETE} : uint8_t{IPCTNL_MSG_CT_NEW};
  const uint16_t flags = kind == EventKind::kNew ? NLM_F_CREATE | NLM_F_EXCL : 0;
  AnswerMessage message(scratch_, NFNL_SUBSYS_CTNETLINK << 8 | type, flags, 0, port_id,
                        ct.tuple[0].family);
  write_event(tracker_.table(), ct, tracker_.now(), tracker_.now_ns(), kind, bits, message.attrs());
  const std::span<const std::byte> bytes = std::span(scratch_).first(message.finish());
  for (auto& [id, conversation] : conversations_)
    if ((conversation.groups & group) || id == echo_to)
      conversation.queue.push(bytes, tracker_.now_ns());
}

}  // namespace ctwin::engine
