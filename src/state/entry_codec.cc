#include "state/entry_codec.h"

#include <netinet/in.h>

#include <algorithm>

namespace ctwin::state {

using conntrack::Conn;
using conntrack::Extension;
using conntrack::TupleKey;

namespace {

/// In `features`, beside the bits of ConnFeature.
constexpr uint8_t kExtended = 1 << 7;
/// Ticks since the epoch that no clock gets to.
constexpr conntrack::Tick kLastTick = conntrack::Tick{1} << 48;
constexpr uint8_t kTcpStates = 10, kSctpStates = 9, kMaxWindowScale = 14;

// The fields of each part in their order in the file, for writing (where the part is const) and for
// reading.

template <typename Tuple, typename Visit>
void visit_tuple(Tuple& tuple, const Visit& visit) {
  visit(tuple.src);
  visit(tuple.dst);
  visit(tuple.src_key);
  visit(tuple.dst_key);
  visit(tuple.family);
  visit(tuple.proto);
  visit(tuple.zone);
}

template <typename Tcp, typename Visit>
void visit_tcp(Tcp& tcp, const Visit& visit) {
  for (auto& peer : tcp.seen) {
    for (auto* word : {&peer.td_end, &peer.td_maxend, &peer.td_maxwin, &peer.td_maxack})
      visit(*word);
    visit(peer.td_scale);
    visit(peer.flags);
  }
  for (auto* word : {&tcp.last_seq, &tcp.last_ack, &tcp.last_end}) visit(*word);
  visit(tcp.last_win);
  for (auto* byte : {&tcp.state, &tcp.last_dir, &tcp.last_index, &tcp.retrans, &tcp.last_wscale,
                     &tcp.last_flags})
    visit(*byte);
}

template <typename Sctp, typename Visit>
void visit_sctp(Sctp& sctp, const Visit& visit) {
  for (auto& tag : sctp.vtag) visit(tag);
  for (auto* byte : {&sctp.state, &sctp.last_dir, &sctp.flags, &sctp.init[0], &sctp.init[1]})
    visit(*byte);
}

/// What the protocol remembers.
template <typename Track, typename Visit>
void visit_track(uint8_t proto, Track& track, const Visit& visit) {
  switch (proto) {
    case IPPROTO_TCP: return visit_tcp(track.tcp, visit);
    case IPPROTO_SCTP: return visit_sctp(track.sctp, visit);
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE: return visit(track.udp.stream_ts);
    case IPPROTO_GRE:
      visit(track.gre.timeout);
      visit(track.gre.stream_timeout);
      return;
    default: return;
  }
}

template <typename Kept, typename Visit>
void visit_numbers(Kept& kept, const Visit& visit) {
  for (auto& counters : kept.counters) visit(counters.packets), visit(counters.bytes);
  visit(kept.timestamp_start);
  visit(kept.timestamp_stop);
  for (auto& word : kept.labels.words) visit(word);
  for (auto& adjust : kept.seq_adj)
    visit(adjust.correction_pos), visit(adjust.offset_before), visit(adjust.offset_after);
  visit(kept.synproxy.isn);
  visit(kept.synproxy.its);
  visit(kept.synproxy.tsoff);
  visit(kept.master);
  visit(kept.master_id);
  visit(kept.children);
  visit(kept.secctx);
  visit(kept.event_mask);
}

template <typename Entry, typename Visit>
void visit_core(Entry& ct, const Visit& visit) {
  visit(ct.id);
  visit(ct.status);
  visit(ct.mark);
  visit(ct.expiry);
  visit(ct.events);
}

// ---- what no table could hold ----

bool is_possible(const TupleKey& tuple) {
  return tuple.family == AF_INET || tuple.family == AF_INET6;
}

bool is_possible(const conntrack::TcpTrack& tcp) {
  return tcp.state < kTcpStates && tcp.last_dir <= 1 &&
         std::ranges::all_of(tcp.seen, [](const conntrack::TcpPeer& peer) {
           return peer.td_scale <= kMaxWindowScale;
         });
}

bool is_possible(const conntrack::SctpTrack& sctp) {
  return sctp.state < kSctpStates && sctp.last_dir <= 1;
}

bool is_possible(const Conn& ct) {
  const TupleKey& orig = ct.tuple[0];
  const TupleKey& reply = ct.tuple[1];
  if (!is_possible(orig) || !is_possible(reply)) return false;
  if (orig.proto != reply.proto || orig.family != reply.family) return false;
  if (!ct.has(kConfirmed) || ct.has(kDying) || ct.expiry < 0 || ct.expiry > kLastTick) return false;
  if (orig.proto == IPPROTO_TCP) return is_possible(ct.track.tcp);
  return orig.proto != IPPROTO_SCTP || is_possible(ct.track.sctp);
}

}  // namespace

void put_entry(ByteWriter& out, conntrack::ConnIndex index, const Conn& ct,
               const Extension* extension, uint32_t device) {
  const auto put = [&](const auto& field) { out.put(field); };
  out.put(index);
  visit_core(ct, put);
  out.put(static_cast<uint8_t>(ct.features | (extension ? kExtended : 0)));
  out.put(device);
  for (const TupleKey& tuple : ct.tuple) visit_tuple(tuple, put);
  visit_track(ct.tuple[0].proto, ct.track, put);
  if (!extension) return;
  visit_numbers(*extension, put);
  out.put_text(extension->helper.view());
  if (extension->master != 0) visit_tuple(extension->master_tuple, put);
}

KeptEntry get_entry(ByteReader& in) {
  const auto get = [&](auto& field) { in.get(field); };
  KeptEntry entry;
  Conn& ct = entry.ct;
  in.get(entry.index);
  visit_core(ct, get);
  in.get(ct.features);
  in.get(entry.device);
  entry.extended = ct.features & kExtended;
  ct.features &= static_cast<uint8_t>(~kExtended);
  for (TupleKey& tuple : ct.tuple) visit_tuple(tuple, get);
  visit_track(ct.tuple[0].proto, ct.track, get);
  if (!is_possible(ct)) in.fail();
  if (!entry.extended) return entry;
  Extension& extension = entry.extension;
  visit_numbers(extension, get);
  extension.helper.assign(in.get_text());
  if (extension.master != 0) visit_tuple(extension.master_tuple, get);
  if (extension.master != 0 && !is_possible(extension.master_tuple)) in.fail();
  return entry;
}

}  // namespace ctwin::state
