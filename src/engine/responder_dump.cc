// Dumps: answers of many messages, written a datagram at a time as they are taken.
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <cerrno>

#include "engine/flow_message.h"
#include "engine/responder.h"

namespace ctwin::engine {

using conntrack::Conn;
using conntrack::ConnTable;

namespace {

/// A datagram of a dump takes what its reader has shown to have room for, within these bounds; the
/// upper one is the kernel's, 32 KiB less what it keeps with each buffer.
constexpr size_t kSmallestDatagram = 4096;
constexpr size_t kLargestDatagram = 32768 - 320;

/// Entries that are looked at for one datagram: a filter that selects little must not hold up all
/// the others who want something of the engine.
constexpr conntrack::ConnIndex kLookedAt = 1 << 16;

constexpr uint16_t message_type(uint8_t subsystem, uint8_t type) {
  return static_cast<uint16_t>(subsystem << 8 | type);
}

constexpr uint16_t kFlowType = message_type(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW);
constexpr uint16_t kStatsType = message_type(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS_CPU);
// The kernel answers for expectations with the subsystem of conntrack.
constexpr uint16_t kExpectStatsType =
    message_type(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_EXP_GET_STATS_CPU);

}  // namespace

int Responder::start_dump(const Request& request, DumpKind kind, std::optional<FlowFilter> filter) {
  if (request.from.dump) return EBUSY;
  request.from.dump = Dump{kind, request.header.nlmsg_seq, std::move(filter)};
  continue_dump(request.from);
  return kDumping;
}

int Responder::dump_flows(const Request& request, const FlowAttrs& attrs) {
  if (request.from.dump) return EBUSY;
  std::optional<FlowFilter> filter;
  if (FlowFilter::wanted(request.generic.nfgen_family, attrs)) {
    filter.emplace();
    if (const int code = filter->read(request.generic.nfgen_family, attrs)) return code;
  }
  const bool zero = (request.header.nlmsg_type & 0xff) == IPCTNL_MSG_CT_GET_CTRZERO;
  return start_dump(request, zero ? DumpKind::kFlowsAndZero : DumpKind::kFlows, std::move(filter));
}

/// The counters of the one worker; without NLM_F_DUMP the request is in order and has no answer.
int Responder::handle_stats_cpu(const Request& request) {
  return request.wants_dump() ? start_dump(request, DumpKind::kStats) : 0;
}

int Responder::handle_expect_stats_cpu(const Request& request) {
  return request.wants_dump() ? start_dump(request, DumpKind::kExpectStats) : 0;
}

/// Entries that wait for their DESTROY to be delivered, and entries not confirmed: none.
int Responder::handle_dump_only(const Request& request) {
  return request.wants_dump() ? start_dump(request, DumpKind::kNothing) : EOPNOTSUPP;
}

/// Its dump has found nothing so far, and nothing else waits.
bool Responder::is_searching(const Conversation& with) { return with.dump && with.queue.empty(); }

/// Adds the dump's next datagram to the queue: messages, or the end when there are no more; nothing
/// when the search has to go on.
void Responder::continue_dump(Conversation& with) {
  const size_t size = std::clamp(with.largest_buffer, kSmallestDatagram, kLargestDatagram);
  const std::span<std::byte> space = with.queue.reserve(size);
  if (space.empty()) {  // its reader will learn that messages were lost
    with.dump.reset();
    return;
  }
  if (const size_t written = write_dump(with, space); written != 0) {
    with.queue.commit(written, tracker_.now_ns());
    return;
  }
  if (with.dump->next < tracker_.table().end() && is_of_flows(with.dump->kind)) return;
  struct {
    nlmsghdr header;
    int32_t code;
  } done{};
  done.header.nlmsg_len = sizeof done;
  done.header.nlmsg_type = NLMSG_DONE;
  done.header.nlmsg_flags = NLM_F_MULTI;
  done.header.nlmsg_seq = with.dump->sequence;
  done.header.nlmsg_pid = with.id;
  std::memcpy(space.data(), &done, sizeof done);
  with.queue.commit(sizeof done, tracker_.now_ns());
  with.dump.reset();
}

size_t Responder::write_dump(Conversation& with, std::span<std::byte> space) {
  Dump& dump = *with.dump;
  switch (dump.kind) {
    case DumpKind::kFlows:
    case DumpKind::kFlowsAndZero: return write_flows(with, space);
    case DumpKind::kStats: return std::exchange(dump.at_end, true) ? 0 : write_stats(with, space);
    case DumpKind::kExpectStats:
      return std::exchange(dump.at_end, true) ? 0 : write_expect_stats(with, space);
    case DumpKind::kNothing: break;
  }
  return 0;
}

size_t Responder::write_flows(Conversation& with, std::span<std::byte> space) {
  Dump& dump = *with.dump;
  ConnTable& table = tracker_.table();
  const uint16_t flags = dump.filter ? NLM_F_MULTI | NLM_F_DUMP_FILTERED : NLM_F_MULTI;
  const conntrack::ConnIndex end = std::min(table.end(), dump.next + kLookedAt);
  size_t written = 0;
  for (; dump.next < end; ++dump.next) {
    Conn& ct = table[dump.next];
    if (!ct.in_use || !ct.has(kConfirmed)) continue;
    if (dump.filter && !dump.filter->matches(ct)) continue;
    AnswerMessage message(space.subspan(written), kFlowType, flags, dump.sequence, with.id,
                          ct.tuple[0].family);
    write_flow(table, ct, tracker_.now(), references(ct), message.attrs());
    const size_t size = message.finish();
    if (size == 0) break;
    written += size;
    if (dump.kind == DumpKind::kFlowsAndZero) zero_counters(ct);
  }
  return written;
}

void Responder::zero_counters(Conn& ct) {
  if (ct.features & conntrack::kHasAccounting) tracker_.table().extend(ct).counters = {};
}

size_t Responder::write_stats(const Conversation& with, std::span<std::byte> space) const {
  const conntrack::Stats& stats = tracker_.stats();
  AnswerMessage message(space, kStatsType, NLM_F_MULTI, with.dump->sequence, with.id, AF_UNSPEC);
  netlink::AttrWriter& attrs = message.attrs();
  attrs.put(CTA_STATS_FOUND, stats.found);
  attrs.put(CTA_STATS_INVALID, stats.invalid);
  attrs.put(CTA_STATS_INSERT, stats.insert);
  attrs.put(CTA_STATS_INSERT_FAILED, stats.insert_failed);
  attrs.put(CTA_STATS_DROP, stats.drop);
  attrs.put(CTA_STATS_EARLY_DROP, stats.early_drop);
  attrs.put(CTA_STATS_ERROR, stats.error);
  attrs.put(CTA_STATS_SEARCH_RESTART, stats.search_restart);
  attrs.put(CTA_STATS_CLASH_RESOLVE, stats.clash_resolve);
  attrs.put(CTA_STATS_CHAIN_TOOLONG, stats.chaintoolong);
  return message.finish();
}

size_t Responder::write_expect_stats(const Conversation& with, std::span<std::byte> space) const {
  AnswerMessage message(space, kExpectStatsType, NLM_F_MULTI, with.dump->sequence, with.id,
                        AF_UNSPEC);
  for (const uint16_t type : {CTA_STATS_EXP_NEW, CTA_STATS_EXP_CREATE, CTA_STATS_EXP_DELETE})
    message.attrs().put(type, uint32_t{0});
  return message.finish();
}

}  // namespace ctwin::engine
