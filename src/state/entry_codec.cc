#include "state/entry_codec.h"

#include <netinet/in.h>

namespace ctwin::state {

using conntrack::Conn;
using conntrack::Extension;
using conntrack::ProtoTrack;
using conntrack::TupleKey;

namespace {

/// In `features`, beside the bits of ConnFeature.
constexpr uint8_t kExtended = 1 << 7;
/// Ticks since the epoch that no clock gets to.
constexpr conntrack::Tick kLastTick = conntrack::Tick{1} << 48;
constexpr uint8_t kTcpStates = 10, kSctpStates = 9, kMaxWindowScale = 14;

void put_tuple(ByteWriter& out, const TupleKey& tuple) {
  out.put_bytes(tuple.src);
  out.put_bytes(tuple.dst);
  out.put(tuple.src_key);
  out.put(tuple.dst_key);
  out.put(tuple.family);
  out.put(tuple.proto);
  out.put(tuple.zone);
}

void get_tuple(ByteReader& in, TupleKey& tuple) {
  in.get(tuple.src);
  in.get(tuple.dst);
  in.get(tuple.src_key);
  in.get(tuple.dst_key);
  in.get(tuple.family);
  in.get(tuple.proto);
  in.get(tuple.zone);
  if (tuple.family != AF_INET && tuple.family != AF_INET6) in.fail();
}

// ---- what protocols remember ----

void put_tcp(ByteWriter& out, const conntrack::TcpTrack& tcp) {
  for (const conntrack::TcpPeer& peer : tcp.seen) {
    for (const uint32_t word : {peer.td_end, peer.td_maxend, peer.td_maxwin, peer.td_maxack})
      out.put(word);
    out.put(peer.td_scale);
    out.put(peer.flags);
  }
  for (const uint32_t word : {tcp.last_seq, tcp.last_ack, tcp.last_end}) out.put(word);
  out.put(tcp.last_win);
  for (const uint8_t byte :
       {tcp.state, tcp.last_dir, tcp.last_index, tcp.retrans, tcp.last_wscale, tcp.last_flags})
    out.put(byte);
}

void get_tcp(ByteReader& in, conntrack::TcpTrack& tcp) {
  for (conntrack::TcpPeer& peer : tcp.seen) {
    for (uint32_t* word : {&peer.td_end, &peer.td_maxend, &peer.td_maxwin, &peer.td_maxack})
      in.get(*word);
    in.get(peer.td_scale);
    in.get(peer.flags);
    if (peer.td_scale > kMaxWindowScale) in.fail();
  }
  for (uint32_t* word : {&tcp.last_seq, &tcp.last_ack, &tcp.last_end}) in.get(*word);
  in.get(tcp.last_win);
  for (uint8_t* byte : {&tcp.state, &tcp.last_dir, &tcp.last_index, &tcp.retrans, &tcp.last_wscale,
                        &tcp.last_flags})
    in.get(*byte);
  if (tcp.state >= kTcpStates || tcp.last_dir > 1) in.fail();
}

void put_sctp(ByteWriter& out, const conntrack::SctpTrack& sctp) {
  for (const uint32_t tag : sctp.vtag) out.put(tag);
  for (const uint8_t byte : {sctp.state, sctp.last_dir, sctp.flags, sctp.init[0], sctp.init[1]})
    out.put(byte);
}

void get_sctp(ByteReader& in, conntrack::SctpTrack& sctp) {
  for (uint32_t& tag : sctp.vtag) in.get(tag);
  for (uint8_t* byte : {&sctp.state, &sctp.last_dir, &sctp.flags, &sctp.init[0], &sctp.init[1]})
    in.get(*byte);
  if (sctp.state >= kSctpStates || sctp.last_dir > 1) in.fail();
}

void put_track(ByteWriter& out, uint8_t proto, const ProtoTrack& track) {
  switch (proto) {
    case IPPROTO_TCP: return put_tcp(out, track.tcp);
    case IPPROTO_SCTP: return put_sctp(out, track.sctp);
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE: return out.put(track.udp.stream_ts);
    case IPPROTO_GRE:
      out.put(track.gre.timeout);
      out.put(track.gre.stream_timeout);
      return;
    default: return;
  }
}

void get_track(ByteReader& in, uint8_t proto, ProtoTrack& track) {
  switch (proto) {
    case IPPROTO_TCP: return get_tcp(in, track.tcp);
    case IPPROTO_SCTP: return get_sctp(in, track.sctp);
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE: return in.get(track.udp.stream_ts);
    case IPPROTO_GRE:
      in.get(track.gre.timeout);
      in.get(track.gre.stream_timeout);
      return;
    default: return;
  }
}

// ---- extensions ----

/// Every number of an extension, in its order in the file. `Kept` is const where they are written.
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

void put_extension(ByteWriter& out, const Extension& extension) {
  visit_numbers(extension, [&](const auto& number) { out.put(number); });
  out.put_text(extension.helper.view());
  if (extension.master != 0) put_tuple(out, extension.master_tuple);
}

void get_extension(ByteReader& in, Extension& extension) {
  visit_numbers(extension, [&](auto& number) { in.get(number); });
  extension.helper.assign(in.get_text());
  if (extension.master != 0) get_tuple(in, extension.master_tuple);
}

}  // namespace

void put_entry(ByteWriter& out, conntrack::ConnIndex index, const Conn& ct,
               const Extension* extension, uint32_t device) {
  out.put(index);
  out.put(ct.id);
  out.put(ct.status);
  out.put(ct.mark);
  out.put(ct.expiry);
  out.put(ct.events);
  out.put(static_cast<uint8_t>(ct.features | (extension ? kExtended : 0)));
  out.put(device);
  put_tuple(out, ct.tuple[0]);
  put_tuple(out, ct.tuple[1]);
  put_track(out, ct.tuple[0].proto, ct.track);
  if (extension) put_extension(out, *extension);
}

KeptEntry get_entry(ByteReader& in) {
  KeptEntry entry;
  Conn& ct = entry.ct;
  in.get(entry.index);
  in.get(ct.id);
  in.get(ct.status);
  in.get(ct.mark);
  in.get(ct.expiry);
  in.get(ct.events);
  in.get(ct.features);
  in.get(entry.device);
  entry.extended = ct.features & kExtended;
  ct.features &= static_cast<uint8_t>(~kExtended);
  get_tuple(in, ct.tuple[0]);
  get_tuple(in, ct.tuple[1]);
  if (ct.tuple[0].proto != ct.tuple[1].proto || ct.tuple[0].family != ct.tuple[1].family ||
      !ct.has(kConfirmed) || ct.has(kDying) || ct.expiry < 0 || ct.expiry > kLastTick)
    in.fail();
  get_track(in, ct.tuple[0].proto, ct.track);
  if (entry.extended) get_extension(in, entry.extension);
  return entry;
}

}  // namespace ctwin::state
