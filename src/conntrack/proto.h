// The protocol trackers: what one more packet means to its flow.
//
// A tracker gets the entry, the packet and a ProtoContext through which it acts on the world:
// refreshing the timer, raising events, deleting the entry, saying why a packet is no good. It
// reads no clock and keeps no state but the entry's. One function a protocol, in proto_<name>.cc,
// each with the tables and sentences of its own head.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "conntrack/conn.h"
#include "conntrack/settings.h"
#include "packet/packet.h"

namespace ctwin::conntrack {

/// What a tracker says of a packet.
enum class TrackVerdict : uint8_t {
  kAccept,
  kInvalid,      ///< the packet goes on without an entry; counter invalid
  kDrop,         ///< counters invalid and drop, and the packet is dropped
  kRepeat,       ///< the entry is gone (TCP reopen): look the packet up again
  kNotCaptured,  ///< the header is not all there: nothing was touched, nothing can be said
};

/// A sentence about a packet: the kernel's log_invalid text and what is behind it. Only made when
/// someone listens.
struct TrackNote {
  uint8_t proto = 0;        ///< which protocol's log it belongs to (nf_ct_proto_<n>)
  bool kernel_logs = true;  ///< the kernel logs it under log_invalid; false for ours alone
  std::string text;         ///< without prefix and trailing blank
};

/// Where notes go: --trace and nf_conntrack_log_invalid.
class NoteSink {
 public:
  virtual ~NoteSink() = default;
  virtual void note(TrackNote note) = 0;
  /// Which timeout a tracker chose and by what rule: seconds, and a phrase such as
  /// "tcp_timeout_established" or "retransmissions".
  virtual void timeout(Tick ticks, const char* rule) = 0;
};

/// What the table does for a tracker.
class TrackActions {
 public:
  virtual ~TrackActions() = default;
  /// Caches an event of the entry (nf_conntrack_event_cache).
  virtual void cache_event(Conn& ct, EventBit bit) = 0;
  /// Takes a confirmed entry out of the table, with its DESTROY event (nf_ct_kill); false when it
  /// is dying already. An entry that is not confirmed is only marked.
  virtual bool kill(Conn& ct) = 0;
  /// Counts the packet, without touching the timer (nf_ct_acct_update).
  virtual void account(Conn& ct, CtInfo info, const packet::Packet& packet) = 0;
  /// What NAT has added to a sequence number sent in that direction (nf_ct_seq_offset). Asked only
  /// of entries with SEQ_ADJUST; a table that keeps no adjustments has none to tell.
  virtual uint32_t sequence_offset(const Conn&, Direction, uint32_t) { return 0; }
};

struct ProtoContext {
  Tick now = 0;
  const Settings& settings;
  TrackActions& actions;
  NoteSink* notes = nullptr;    ///< null when nobody listens
  bool verify_checksum = true;  ///< hook PREROUTING and nf_conntrack_checksum

  /// nf_ct_refresh_acct: sets the timer to `ticks` from now (relative until confirmed; not when
  /// the timeout is fixed) and counts the packet.
  void refresh(Conn& ct, CtInfo info, const packet::Packet& packet, Tick ticks,
               const char* rule) const {
    if (!ct.has(kFixedTimeout)) ct.expiry = ct.has(kConfirmed) ? now + ticks : ticks;
    if (notes) notes->timeout(ticks, rule);
    if (ct.features & kHasAccounting) actions.account(ct, info, packet);
  }

  template <typename... Args>
  void say(uint8_t proto, fmt::format_string<Args...> format, Args&&... args) const {
    if (notes) [[unlikely]]
      notes->note({proto, true, fmt::format(format, std::forward<Args>(args)...)});
  }

  /// Says what the kernel does not: a reason for what it does in silence.
  template <typename... Args>
  void explain(uint8_t proto, fmt::format_string<Args...> format, Args&&... args) const {
    if (notes) [[unlikely]]
      notes->note({proto, false, fmt::format(format, std::forward<Args>(args)...)});
  }
};

/// nf_conntrack_handle_packet: calls the tracker of the entry's protocol.
TrackVerdict track(const ProtoContext& context, Conn& ct, CtInfo info,
                   const packet::Packet& packet);

TrackVerdict track_tcp(const ProtoContext&, Conn&, CtInfo, const packet::Packet&);
TrackVerdict track_udp(const ProtoContext&, Conn&, CtInfo, const packet::Packet&);
TrackVerdict track_udplite(const ProtoContext&, Conn&, CtInfo, const packet::Packet&);
TrackVerdict track_icmp(const ProtoContext&, Conn&, CtInfo, const packet::Packet&);
TrackVerdict track_icmpv6(const ProtoContext&, Conn&, CtInfo, const packet::Packet&);
TrackVerdict track_sctp(const ProtoContext&, Conn&, CtInfo, const packet::Packet&);
TrackVerdict track_gre(const ProtoContext&, Conn&, CtInfo, const packet::Packet&);
TrackVerdict track_generic(const ProtoContext&, Conn&, CtInfo, const packet::Packet&);

/// Is a clash at confirmation resolved for this protocol (allow_clash)?
bool allows_clash(uint8_t proto);

}  // namespace ctwin::conntrack
