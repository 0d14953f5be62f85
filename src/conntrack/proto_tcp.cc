// TCP (nf_conntrack_tcp_packet).
//
// Overview. A segment is checked for what no segment may be (`read_segment`), looked up in the
// transition table by its direction, its flags and the entry's state, and the outcome is looked at
// once more where the table alone would be wrong (`decide`): a SYN on a finished connection, a
// segment that must pass without meaning anything, a RST that may be forged. What is left has to
// lie in the window (proto_tcp_window.cc). Only then the entry changes (`settle`): state, timeout,
// and with the first acknowledgement of an answer, ASSURED.
//
// A tracker cannot know whether a segment that it sees is taken by its receiver. So it forgives:
// what is suspicious but might be answered is ignored – it passes with its entry, which stays as it
// is but remembers the segment (the last_ fields). The answer then tells: a SYN/ACK for an ignored
// SYN brings the entry back in step, a RST for it ends the connection.
//
// Not done: SYNPROXY, and timeout policies (nfct timeout).
#include <netinet/in.h>

#include <optional>

#include "conntrack/proto.h"
#include "conntrack/proto_tcp_window.h"
#include "packet/checksum.h"
#include "packet/tcp_options.h"

namespace ctwin::conntrack {

namespace {

// ---- the transition tables ----

/// TcpState by short names, and two that are no states.
enum Cell : uint8_t { NO, SS, SR, ES, FW, CW, LA, TW, CL, S2, IV, IG };

constexpr size_t kKinds = 6, kStates = 10;

// Row: TcpKind. Column: the entry's state. IV: invalid, IG: ignored.
constexpr Cell kTransitions[2][kKinds][kStates] = {
    {
        // Original direction
        //           NO  SS  SR  ES  FW  CW  LA  TW  CL  S2
        /* syn    */ {SS, SS, IG, IG, IG, IG, IG, SS, SS, S2},
        /* synack */ {IV, IV, SR, IV, IV, IV, IV, IV, IV, SR},
        /* fin    */ {IV, IV, FW, FW, LA, LA, LA, TW, CL, IV},
        /* ack    */ {ES, IV, ES, ES, CW, CW, TW, TW, CL, IV},
        /* rst    */ {IV, CL, CL, CL, CL, CL, CL, CL, CL, CL},
        /* none   */ {IV, IV, IV, IV, IV, IV, IV, IV, IV, IV},
        // syn SR..LA  The two sides may be out of step with each other, or the entry with both: the
        //             other side's answer decides, so the SYN passes and changes nothing.
        // syn TW, CL  The ports are used again. `reopen` decides.
        // synack SR   Sent again, or the second half of a simultaneous open.
        // ack NO      A connection picked up in its midst; only without an entry (tcp_loose).
        // ack SS      The other side has not answered yet: there is nothing to acknowledge.
        // fin FW      Both sides have sent FIN; which was the last is not asked.
        // ack LA      The last acknowledgement.
    },
    {
        // Reply direction
        //           NO  SS  SR  ES  FW  CW  LA  TW  CL  S2
        /* syn    */ {IV, S2, IV, IV, IV, IV, IV, SS, IV, S2},
        /* synack */ {IV, SR, IG, IG, IG, IG, IG, IG, IG, SR},
        /* fin    */ {IV, IV, FW, FW, LA, LA, LA, TW, CL, IV},
        /* ack    */ {IV, IG, SR, ES, CW, CW, TW, TW, CL, IG},
        /* rst    */ {IV, CL, CL, CL, CL, CL, CL, CL, CL, CL},
        /* none   */ {IV, IV, IV, IV, IV, IV, IV, IV, IV, IV},
        // syn SS      Simultaneous open.
        // syn TW      The server opens a connection from the port that it served: `reopen` decides.
        // synack SR.. Sent again, or the answer to an ignored SYN (`resync`).
        // ack SS, S2  A challenge to a SYN that reached an older connection (RFC 5961): the client
        //             answers with a RST and then tries again.
    },
};

constexpr std::string_view kStateNames[kStates] = {
    "NONE",       "SYN_SENT", "SYN_RECV",  "ESTABLISHED", "FIN_WAIT",
    "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",       "SYN_SENT2",
};

constexpr const char* kStateTimeouts[kStates] = {
    "tcp state NONE",          "tcp_timeout_syn_sent",  "tcp_timeout_syn_recv",
    "tcp_timeout_established", "tcp_timeout_fin_wait",  "tcp_timeout_close_wait",
    "tcp_timeout_last_ack",    "tcp_timeout_time_wait", "tcp_timeout_close",
    "tcp state SYN_SENT2",
};

/// One application of the table.
struct Step {
  Direction dir;
  Cell from;
  Cell to;
};

// ---- what no segment may be ----

constexpr uint8_t kNotAKind = 0xff;

/// The kind of each flag byte, kNotAKind for combinations that nobody sends.
constexpr std::array<uint8_t, 256> make_kinds() {
  constexpr uint8_t kPsh = 0x08, kUrg = 0x20, kEce = 0x40, kCwr = 0x80;
  constexpr uint8_t kValid[] = {
      kSynBit,           kSynBit | kUrg,    kSynBit | kAckBit,        kRstBit,
      kRstBit | kAckBit, kFinBit | kAckBit, kFinBit | kAckBit | kUrg, kAckBit,
      kAckBit | kUrg,
  };
  std::array<uint8_t, 256> kinds{};
  for (unsigned flags = 0; flags < 256; ++flags) {
    TcpKind kind = TcpKind::kNone;
    if (flags & kRstBit)
      kind = TcpKind::kRst;
    else if (flags & kSynBit)
      kind = flags & kAckBit ? TcpKind::kSynAck : TcpKind::kSyn;
    else if (flags & kFinBit)
      kind = TcpKind::kFin;
    else if (flags & kAckBit)
      kind = TcpKind::kAck;
    kinds[flags] = kNotAKind;
    for (const uint8_t valid : kValid)
      if ((flags & ~(kPsh | kEce | kCwr)) == valid) kinds[flags] = static_cast<uint8_t>(kind);
  }
  return kinds;
}

constexpr std::array<uint8_t, 256> kKindOfFlags = make_kinds();

constexpr uint32_t kHeaderSize = 20;
constexpr uint32_t kHeaderRead = 16;  ///< up to the window; the checksum is not read here

/// Reads the header, and refuses what cannot be TCP (tcp_error). kAccept: the segment is filled in.
TrackVerdict read_segment(const ProtoContext& context, const packet::Packet& packet,
                          TcpSegment& segment) {
  const uint32_t length = packet.l4_length();
  if (length < kHeaderSize) [[unlikely]] {
    context.explain(IPPROTO_TCP, "{} bytes are too short for a TCP header", length);
    return TrackVerdict::kInvalid;
  }
  const uint32_t captured = packet.l4_captured();
  if (captured < kHeaderRead) [[unlikely]] {
    context.explain(IPPROTO_TCP, "the capture holds too little of the header");
    return TrackVerdict::kNotCaptured;
  }
  const uint8_t* header = packet.l4();
  const uint32_t header_length = (header[12] >> 4) * 4;
  if (header_length < kHeaderSize || header_length > length) [[unlikely]] {
    context.say(IPPROTO_TCP, "truncated packet");
    return TrackVerdict::kInvalid;
  }
  if (context.verify_checksum && packet.checksum == packet::ChecksumState::kUnknown &&
      !packet::transport_checksum_ok(packet, IPPROTO_TCP)) {
    context.say(IPPROTO_TCP, "bad checksum");
    return TrackVerdict::kInvalid;
  }
  segment.flags = header[13];
  if (kKindOfFlags[segment.flags] == kNotAKind) [[unlikely]] {
    context.say(IPPROTO_TCP, "invalid tcp flag combination");
    return TrackVerdict::kInvalid;
  }
  segment.kind = TcpKind{kKindOfFlags[segment.flags]};
  segment.seq = packet::load32(header + 4);
  segment.ack = packet::load32(header + 8);
  segment.window = packet::load16(header + 14);
  segment.end =
      segment.seq + (length - header_length) + segment.has(kSynBit) + segment.has(kFinBit);
  segment.has_options = header_length > kHeaderSize;
  segment.options_cut = captured < header_length;
  const uint32_t options_end = segment.options_cut ? captured : header_length;
  segment.options = {header + kHeaderSize,
                     options_end > kHeaderSize ? options_end - kHeaderSize : 0};
  return TrackVerdict::kAccept;
}

// ---- the first segment of a flow ----

/// Makes the entry's memory of a flow that begins with this segment (tcp_new). False: none does.
bool begin(const ProtoContext& context, TcpTrack& track, const TcpSegment& segment) {
  const Cell first = kTransitions[0][static_cast<size_t>(segment.kind)][NO];
  if (first == IV) {
    context.say(IPPROTO_TCP, "invalid new");
    return false;
  }
  if (first == ES && !context.settings.tcp_loose) {
    context.explain(IPPROTO_TCP, "no connection is picked up in its midst: tcp_loose is 0");
    return false;
  }
  track = {};
  TcpPeer& client = track.seen[0];
  client.td_end = segment.end;
  client.td_maxwin = at_least_1(segment.window);
  if (first == SS) {
    client.td_maxend = client.td_end;
    take_syn_options(segment, client, track.seen[1]);
  } else {
    // Nothing is known of scales and of what the other side has sent: both are trusted.
    client.td_maxend = client.td_end + client.td_maxwin;
    client.flags = track.seen[1].flags = kTcpSackPerm | kTcpBeLiberal;
  }
  track.last_index = static_cast<uint8_t>(TcpKind::kNone);
  return true;
}

// ---- where the table needs a second look ----

/// What becomes of a segment behind the table.
enum class Ruling : uint8_t {
  kCheckWindow,
  kInWindow,  ///< settled without the window
  kPass,      ///< accepted; nothing of the entry changes any more
  kInvalid,
  kRepeat,
  kDrop,
};

bool is_last(const TcpTrack& track, TcpKind kind) {
  return track.last_index == static_cast<uint8_t>(kind);
}
bool is_last_dir(const TcpTrack& track, Direction dir) {
  return track.last_dir == static_cast<uint8_t>(dir);
}

/// An ignored SYN is answered with a SYN/ACK: both sides agree on a new connection, so the entry
/// follows them.
void resync(TcpTrack& track, Step& step) {
  step.from = SS;
  step.to = SR;
  track.last_flags &= ~kTcpExpChallengeAck;
  TcpPeer& client = track.seen[track.last_dir];
  client.td_end = client.td_maxend = track.last_end;
  client.td_maxwin = at_least_1(track.last_win);
  client.td_scale = track.last_wscale;
  client.flags = track.last_flags;
  TcpPeer& server = track.seen[index_of(step.dir)];
  const uint8_t liberal = (server.flags | client.flags) & kTcpBeLiberal;
  server = {};
  server.flags = liberal;
}

/// Keeps of an ignored SYN what a SYN/ACK that answers it will need.
void remember_offer(TcpTrack& track, const TcpSegment& segment, const Step& step) {
  TcpPeer offer{}, unused{};
  take_syn_options(segment, offer, unused);
  track.last_wscale = offer.td_scale;
  track.last_flags = offer.flags;
  // In LAST_ACK the server may still have the old connection, and answer with a challenge.
  if (step.from == LA) track.last_flags |= kTcpExpChallengeAck;
}

Ruling ignore(const ProtoContext& context, TcpTrack& track, const TcpSegment& segment, Step& step) {
  if (segment.kind == TcpKind::kSynAck && is_last(track, TcpKind::kSyn) &&
      !is_last_dir(track, step.dir) && segment.ack == track.last_end) {
    resync(track, step);
    return Ruling::kCheckWindow;
  }
  track.last_index = static_cast<uint8_t>(segment.kind);
  track.last_dir = static_cast<uint8_t>(step.dir);
  track.last_seq = segment.seq;
  track.last_end = segment.end;
  track.last_win = segment.window;
  if (segment.kind == TcpKind::kSyn && step.dir == Direction::kOriginal)
    remember_offer(track, segment, step);
  if (segment.kind == TcpKind::kAck && step.dir == Direction::kReply && step.from == SS)
    track.last_ack = segment.ack;  // a challenge: the RST that answers it carries this number
  context.say(IPPROTO_TCP, "packet (index {}) in dir {} ignored, state {}", +track.last_index,
              +track.last_dir, kStateNames[step.from]);
  return Ruling::kPass;
}

/// A SYN on an entry that is over. When one of the sides closed it, or the sender of the SYN reset
/// it, the flow begins anew; otherwise the other side may think that it still lasts.
Ruling reopen(const ProtoContext& context, Conn& ct, const TcpSegment& segment, Step& step) {
  TcpTrack& track = ct.track.tcp;
  const bool closed = (track.seen[0].flags | track.seen[1].flags) & kTcpCloseInit;
  const bool reset = is_last_dir(track, step.dir) && is_last(track, TcpKind::kRst);
  if (!closed && !reset) return ignore(context, track, segment, step);
  context.explain(IPPROTO_TCP, "a SYN ends the entry in state {} and begins a new one",
                  kStateNames[step.from]);
  return context.actions.kill(ct) ? Ruling::kRepeat : Ruling::kDrop;
}

/// Is the RST what the other side wants to hear? Undecided when it may be forged: then the state
/// stays, and only the timeout is that of CLOSE.
std::optional<Ruling> judge_rst(const ProtoContext& context, const Conn& ct,
                                const TcpSegment& segment, Step& step) {
  const TcpTrack& track = ct.track.tcp;
  const TcpPeer& receiver = track.seen[index_of(opposite(step.dir))];
  const bool established = step.from == ES && ct.has(kAssured);
  if (segment.seq == 0 && !established) return Ruling::kCheckWindow;
  if (before(segment.seq, receiver.td_maxack) && !context.settings.tcp_ignore_invalid_rst) {
    context.say(IPPROTO_TCP, "invalid rst");
    return Ruling::kInvalid;
  }
  const bool exact = segment.seq == receiver.td_maxack;
  const bool after_data = is_last(track, TcpKind::kAck) && is_last_dir(track, step.dir) &&
                          segment.seq == track.last_end;
  if (!established || exact || after_data) return Ruling::kCheckWindow;
  step.to = step.from;
  return std::nullopt;
}

/// A RST.
Ruling close(const ProtoContext& context, const Conn& ct, const TcpSegment& segment, Step& step) {
  const TcpTrack& track = ct.track.tcp;
  // Closing already: the tuple may be in use again, and the bounds are those of the old connection.
  if (step.from >= FW && step.from <= CL) return Ruling::kInWindow;

  const TcpPeer& receiver = track.seen[index_of(opposite(step.dir))];
  if (receiver.flags & kTcpMaxackSet && !is_last(track, TcpKind::kSyn)) {
    if (const auto ruling = judge_rst(context, ct, segment, step)) return *ruling;
  }
  // The answer to a segment that was let through, though it was for no connection of this entry.
  const bool to_syn =
      ct.has(kSeenReply) && is_last(track, TcpKind::kSyn) && !is_last_dir(track, step.dir);
  const bool to_ack = !ct.has(kAssured) && is_last(track, TcpKind::kAck);
  if ((to_syn || to_ack) && segment.ack == track.last_end) return Ruling::kInWindow;

  const bool to_challenge = step.from == SS && is_last(track, TcpKind::kAck) &&
                            is_last_dir(track, Direction::kReply) && segment.seq == track.last_ack;
  return to_challenge ? Ruling::kInWindow : Ruling::kCheckWindow;
}

/// The end of the closing handshake, or a challenge to the SYN that was ignored before it.
Ruling last_ack(const ProtoContext& context, TcpTrack& track, const TcpSegment& segment,
                const Step& step) {
  if (step.from == LA && segment.kind == TcpKind::kAck && !is_last_dir(track, step.dir) &&
      is_last(track, TcpKind::kSyn) && track.last_flags & kTcpExpChallengeAck) {
    track.last_flags &= ~kTcpExpChallengeAck;
    context.say(IPPROTO_TCP, "challenge-ack ignored");
    return Ruling::kPass;
  }
  return Ruling::kCheckWindow;
}

Ruling decide(const ProtoContext& context, Conn& ct, const TcpSegment& segment, Step& step) {
  TcpTrack& track = ct.track.tcp;
  switch (step.to) {
    case SS: return step.from >= TW ? reopen(context, ct, segment, step) : Ruling::kCheckWindow;
    case IG: return ignore(context, track, segment, step);
    case IV:
      context.say(IPPROTO_TCP, "packet (index {}) in dir {} invalid, state {}",
                  static_cast<int>(segment.kind), static_cast<int>(step.dir),
                  kStateNames[step.from]);
      return Ruling::kInvalid;
    case TW: return last_ack(context, track, segment, step);
    case S2: track.last_flags |= kTcpSimultaneousOpen; return Ruling::kCheckWindow;
    case SR:
      // In a simultaneous open the side that answered acknowledges last.
      if (step.dir == Direction::kReply && segment.kind == TcpKind::kAck &&
          track.last_flags & kTcpSimultaneousOpen)
        step.to = ES;
      return Ruling::kCheckWindow;
    case CL:
      return segment.kind == TcpKind::kRst ? close(context, ct, segment, step)
                                           : Ruling::kCheckWindow;
    default: return Ruling::kCheckWindow;
  }
}

// ---- what a segment does to the entry ----

struct Timeout {
  uint32_t seconds;
  const char* rule;
  Tick ticks() const { return Tick{seconds} * kTicksPerSecond; }
};

/// The state's own, unless something says that the connection may be dead.
Timeout choose_timeout(const Settings& settings, const TcpTrack& track, const TcpSegment& segment,
                       Cell state) {
  const TcpTimeouts& timeouts = settings.tcp;
  const uint32_t own = timeouts.state[state];
  if (track.retrans >= settings.tcp_max_retrans && own > timeouts.retrans) [[unlikely]]
    return {timeouts.retrans, "tcp_timeout_max_retrans (retransmissions)"};
  if (segment.kind == TcpKind::kRst) [[unlikely]]
    return {timeouts.state[CL], "tcp_timeout_close (RST)"};
  const uint8_t flags = track.seen[0].flags | track.seen[1].flags;
  if (flags & kTcpDataUnacknowledged && own > timeouts.unacknowledged)
    return {timeouts.unacknowledged, "tcp_timeout_unacknowledged (data not acknowledged)"};
  if (track.last_win == 0 && own > timeouts.retrans)
    return {timeouts.retrans, "tcp_timeout_max_retrans (zero window)"};
  return {own, kStateTimeouts[state]};
}

/// The segment counts: the entry takes its new state, and lives on for the state's time.
TrackVerdict settle(const ProtoContext& context, Conn& ct, CtInfo info,
                    const packet::Packet& packet, const TcpSegment& segment, const Step& step) {
  TcpTrack& track = ct.track.tcp;
  track.last_index = static_cast<uint8_t>(segment.kind);
  track.last_dir = static_cast<uint8_t>(step.dir);
  track.state = step.to;
  Timeout timeout = choose_timeout(context.settings, track, segment, step.to);
  if (step.from != step.to) {
    if (step.to == FW) track.seen[index_of(step.dir)].flags |= kTcpCloseInit;
    context.actions.cache_event(ct, kEventProtoinfo);
  }
  if (!ct.has(kSeenReply)) {
    if (segment.kind == TcpKind::kRst) {  // refused: there was never a connection
      context.explain(IPPROTO_TCP, "a RST ends what nobody had answered");
      context.actions.account(ct, info, packet);
      context.actions.kill(ct);
      return TrackVerdict::kAccept;
    }
    if (segment.kind == TcpKind::kSyn && step.from == SS) {
      context.explain(IPPROTO_TCP, "a SYN renews no timeout before it is answered");
      return TrackVerdict::kAccept;
    }
    const uint32_t unanswered = context.settings.tcp.unacknowledged;
    if (step.to == ES && timeout.seconds > unanswered)
      timeout = {unanswered, "tcp_timeout_unacknowledged (no answer seen)"};
  } else if (step.to == ES && !ct.has(kAssured) && (step.from == SR || step.from == ES)) {
    ct.status |= kAssured;
    context.actions.cache_event(ct, kEventAssured);
  }
  context.refresh(ct, info, packet, timeout.ticks(), timeout.rule);
  return TrackVerdict::kAccept;
}

/// A FIN or RST out of the window, and another from the other side: likely both are right, and the
/// entry is out of step with a connection that is no more. It shall not linger for days
/// (nf_tcp_handle_invalid).
void shorten_life(const ProtoContext& context, Conn& ct, Direction dir, TcpKind kind) {
  constexpr Tick kShortEnough = 120 * kTicksPerSecond;
  const auto ends = [](uint8_t index) {
    return index == static_cast<uint8_t>(TcpKind::kFin) ||
           index == static_cast<uint8_t>(TcpKind::kRst);
  };
  TcpTrack& track = ct.track.tcp;
  const uint8_t index = static_cast<uint8_t>(kind);
  if (!ct.has(kAssured) || ct.has(kFixedTimeout) || !ends(index)) return;
  if (is_last_dir(track, dir) || !ends(track.last_index)) {
    track.last_index = index;
    track.last_dir = static_cast<uint8_t>(dir);
    return;
  }
  const Tick left = ct.expiry - context.now;
  const Tick ticks = Tick{context.settings.tcp.unacknowledged} * kTicksPerSecond;
  if (left < kShortEnough || left <= ticks) return;
  context.say(IPPROTO_TCP, "packet (index {}, dir {}) response for index {} lower timeout to {}",
              index, static_cast<int>(dir), +track.last_index, ticks);
  ct.expiry = context.now + ticks;
  if (context.notes)
    context.notes->timeout(ticks, "tcp_timeout_unacknowledged (both sides end out of the window)");
}

}  // namespace

TrackVerdict track_tcp(const ProtoContext& context, Conn& ct, CtInfo info,
                       const packet::Packet& packet) {
  TcpSegment segment;
  const TrackVerdict readable = read_segment(context, packet, segment);
  if (readable != TrackVerdict::kAccept) [[unlikely]]
    return readable;
  if (!ct.has(kConfirmed) && !begin(context, ct.track.tcp, segment)) return TrackVerdict::kInvalid;

  const Direction dir = direction_of(info);
  const Cell state{static_cast<Cell>(ct.track.tcp.state)};
  Step step{dir, state, kTransitions[index_of(dir)][static_cast<size_t>(segment.kind)][state]};
  switch (decide(context, ct, segment, step)) {
    case Ruling::kCheckWindow: break;
    case Ruling::kInWindow: return settle(context, ct, info, packet, segment, step);
    case Ruling::kPass: return TrackVerdict::kAccept;
    case Ruling::kInvalid: return TrackVerdict::kInvalid;
    case Ruling::kRepeat: return TrackVerdict::kRepeat;
    case Ruling::kDrop: return TrackVerdict::kDrop;
  }
  switch (check_window(context, ct, dir, segment)) {
    case WindowVerdict::kAccept: break;
    case WindowVerdict::kIgnore: return TrackVerdict::kAccept;
    case WindowVerdict::kInvalid:
      shorten_life(context, ct, dir, segment.kind);
      return TrackVerdict::kInvalid;
  }
  return settle(context, ct, info, packet, segment, step);
}

}  // namespace ctwin::conntrack
