// Is a TCP segment in the window? (tcp_in_window; after Guido van Rooij, "Real Stateful TCP Packet
// Filtering in IP Filter".)
//
// A tracker in the middle sees what both sides say but not what they know. For each side it keeps
//
//   td_end     the highest sequence number sent, plus one
//   td_maxend  the highest that the other side has allowed it: ack + window
//   td_maxwin  the largest window it has offered, scaled
//   td_maxack  the highest it has acknowledged
//
// and of a segment from `sender` to `receiver` that carries seq, end, ack and sack (the highest
// right edge of its SACK blocks, else ack) it asks four things:
//
//   I    seq  <= sender.td_maxend                        else it was not allowed to send this
//   II   end  >= sender.td_end - receiver.td_maxwin      else it is older than any window
//   III  sack <= receiver.td_end                         else it acknowledges what was not sent
//   IV   sack >= receiver.td_end - max(66000, maxwin)    else the acknowledgement is too old
//
// I and III make a segment INVALID, II and IV have it ignored: it passes and means nothing. A
// sender that is treated liberally (a flow picked up in its midst, or nf_conntrack_tcp_be_liberal)
// passes all four, and what is out of bounds does not move them.
#include "conntrack/proto_tcp_window.h"

#include <netinet/in.h>

#include <algorithm>

#include "packet/tcp_options.h"

namespace ctwin::conntrack {

namespace {

/// How old an acknowledgement may be, however small the windows are (MAXACKWINDOW).
constexpr uint32_t kMinAckWindow = 66000;

/// A segment's numbers as the check sees them; they differ from the header's where NAT or a RST
/// that says nothing make them.
struct Numbers {
  uint32_t seq, end, ack, sack;
};

/// Begins anew with what a SYN says of its sender.
void begin_sender(const TcpSegment& segment, Direction dir, TcpPeer& sender, TcpPeer& receiver) {
  sender.td_end = sender.td_maxend = segment.end;
  sender.td_maxwin = at_least_1(segment.window);
  take_syn_options(segment, sender, receiver);
  // RFC 7323: windows are scaled only when both SYNs offer it.
  const bool both = sender.flags & receiver.flags & kTcpWindowScale;
  if (dir == Direction::kReply && !both) sender.td_scale = receiver.td_scale = 0;
}

/// The first segment seen of a side whose SYN was not: its history is guessed from it.
void guess_sender(const TcpSegment& segment, uint32_t sack, TcpPeer& sender, TcpPeer& receiver) {
  const uint32_t window = uint32_t{segment.window} << sender.td_scale;
  sender.td_end = segment.end;
  sender.td_maxwin = std::max<uint32_t>(window, 1);
  sender.td_maxend = segment.end + sender.td_maxwin;
  if (receiver.td_maxwin == 0) {
    receiver.td_end = receiver.td_maxend = sack;
  } else if (sack == receiver.td_end + 1) {
    ++receiver.td_end;  // likely the answer to a keepalive that was sent one byte back
  }
}

/// Learns from a segment of a side not heard before, and from a SYN sent with another sequence
/// number before the handshake is through. True when that is all there is to the segment: a SYN
/// that answers nothing (simultaneous open).
bool learn_sender(const TcpSegment& segment, uint32_t sack, TcpState state, Direction dir,
                  TcpPeer& sender, TcpPeer& receiver) {
  if (sender.td_maxwin == 0) [[unlikely]] {
    if (!segment.has(kSynBit)) {
      guess_sender(segment, sack, sender, receiver);
      return false;
    }
    begin_sender(segment, dir, sender, receiver);
    return !segment.has(kAckBit);
  }
  if (!segment.has(kSynBit)) [[likely]]
    return false;
  const bool opening = state == TcpState::kSynSent || state == TcpState::kSynRecv;
  if (!opening || !after(segment.end, sender.td_end)) return false;
  begin_sender(segment, dir, sender, receiver);
  return dir == Direction::kReply && !segment.has(kAckBit);
}

/// The numbers to be judged.
Numbers read_numbers(const ProtoContext& context, const Conn& ct, Direction dir,
                     const TcpSegment& segment, const TcpPeer& receiver) {
  Numbers numbers{segment.seq, segment.end, segment.ack, segment.ack};
  if (segment.has_options && receiver.flags & kTcpSackPerm)
    numbers.sack = packet::sack_right_edge(segment.options, segment.ack);
  if (ct.has(kSeqAdjust)) {
    // The receiver's numbers were changed on their way; what acknowledges them is changed back.
    const uint32_t offset = context.actions.sequence_offset(ct, opposite(dir), segment.ack - 1);
    numbers.ack -= offset;
    numbers.sack -= offset;
  }
  return numbers;
}

/// Fills in what a segment does not say.
void complete_numbers(const TcpSegment& segment, TcpState state, const TcpPeer& sender,
                      const TcpPeer& receiver, Numbers& numbers) {
  const bool says_nothing = segment.has(kRstBit) && numbers.ack == 0;  // a RST of a broken stack
  if (!segment.has(kAckBit) || says_nothing) numbers.ack = numbers.sack = receiver.td_end;
  if (segment.has(kRstBit) && numbers.seq == 0 && state == TcpState::kSynSent)
    numbers.seq = numbers.end = sender.td_end;  // answers a SYN
}

template <typename... Args>
WindowVerdict refuse(const ProtoContext& context, const TcpPeer& sender, WindowVerdict verdict,
                     fmt::format_string<Args...> format, Args&&... args) {
  if (context.settings.tcp_be_liberal || sender.flags & kTcpBeLiberal)
    return WindowVerdict::kAccept;
  context.say(IPPROTO_TCP, format, std::forward<Args>(args)...);
  return verdict;
}

/// The bounds I to IV; `fits` when the segment keeps all of them and may move them.
WindowVerdict judge(const ProtoContext& context, const Numbers& numbers, TcpPeer& sender,
                    const TcpPeer& receiver, bool& fits) {
  const uint32_t ack_window = std::max(sender.td_maxwin, kMinAckWindow);
  const uint32_t oldest_end = sender.td_end - receiver.td_maxwin - 1;
  const uint32_t oldest_ack = receiver.td_end - ack_window - 1;
  const bool ack_sent = before(numbers.sack, receiver.td_end + 1);
  const bool ack_recent = after(numbers.sack, oldest_ack);

  if (!before(numbers.seq, sender.td_maxend + 1)) [[unlikely]] {
    // Some stacks send a little more than they were allowed: no more than one window over.
    const uint32_t overshot = numbers.end - sender.td_maxend + 1;
    const bool in_window = receiver.td_maxwin != 0 && after(numbers.end, oldest_end);
    if (in_window && ack_recent && overshot <= receiver.td_maxwin && ack_sent) {
      sender.td_end = numbers.end;
      sender.flags |= kTcpDataUnacknowledged;
      return refuse(context, sender, WindowVerdict::kIgnore, "{} bytes more than expected",
                    overshot);
    }
    return refuse(context, sender, WindowVerdict::kInvalid,
                  "SEQ is over upper bound {} (over the window of the receiver)",
                  sender.td_maxend + 1);
  }
  if (!ack_sent) [[unlikely]]
    return refuse(context, sender, WindowVerdict::kInvalid,
                  "ACK is over upper bound {} (ACKed data not seen yet)", receiver.td_end + 1);
  if (receiver.td_maxwin != 0 && !after(numbers.end, oldest_end)) [[unlikely]]
    return refuse(context, sender, WindowVerdict::kIgnore,
                  "SEQ is under lower bound {} (already ACKed data retransmitted)", oldest_end);
  if (!ack_recent) [[unlikely]]
    return refuse(context, sender, WindowVerdict::kIgnore,
                  "ignored ACK under lower bound {} (possible overly delayed)", oldest_ack);
  fits = true;
  return WindowVerdict::kAccept;
}

void move_sender(const TcpSegment& segment, const Numbers& numbers, uint32_t window,
                 TcpPeer& sender) {
  const uint32_t reach = window + (numbers.sack - numbers.ack);
  sender.td_maxwin = std::max(sender.td_maxwin, reach);
  if (after(numbers.end, sender.td_end)) {
    sender.td_end = numbers.end;
    sender.flags |= kTcpDataUnacknowledged;
  }
  if (!segment.has(kAckBit)) return;
  if (!(sender.flags & kTcpMaxackSet) || after(numbers.ack, sender.td_maxack))
    sender.td_maxack = numbers.ack;
  sender.flags |= kTcpMaxackSet;
}

void move_receiver(const Numbers& numbers, uint32_t window, const TcpPeer& sender,
                   TcpPeer& receiver) {
  if (receiver.td_maxwin != 0 && after(numbers.end, sender.td_maxend))
    receiver.td_maxwin += numbers.end - sender.td_maxend;
  const uint32_t allowed = numbers.sack + window;
  // A window of zero allows one byte all the same: the probe.
  if (after(allowed, receiver.td_maxend - 1)) receiver.td_maxend = allowed + (window == 0);
  if (numbers.ack == receiver.td_end) receiver.flags &= ~kTcpDataUnacknowledged;
}

/// Counts how often the same acknowledgement has come again.
void count_retransmission(const TcpSegment& segment, const Numbers& numbers, uint8_t dir,
                          TcpTrack& track) {
  const bool same = track.last_dir == dir && track.last_seq == numbers.seq &&
                    track.last_ack == numbers.ack && track.last_end == numbers.end &&
                    track.last_win == segment.window;
  if (same) {
    ++track.retrans;
    return;
  }
  track.last_dir = dir;
  track.last_seq = numbers.seq;
  track.last_ack = numbers.ack;
  track.last_end = numbers.end;
  track.last_win = segment.window;
  track.retrans = 0;
}

}  // namespace

void take_syn_options(const TcpSegment& segment, TcpPeer& sender, TcpPeer& receiver) {
  if (!segment.has_options) return;
  const packet::SynOptions options = packet::read_syn_options(segment.options);
  sender.flags &= kTcpBeLiberal;
  if (options.sack_permitted) sender.flags |= kTcpSackPerm;
  if (options.has_window_scale) sender.flags |= kTcpWindowScale;
  sender.td_scale = options.window_scale;
  if (segment.options_cut && !options.ended) {
    // The window scale may be in the part that is missing. Without it no window is known, so the
    // flow is treated as one that was picked up in its midst.
    sender.flags |= kTcpSackPerm | kTcpBeLiberal;
    receiver.flags |= kTcpSackPerm | kTcpBeLiberal;
  }
}

WindowVerdict check_window(const ProtoContext& context, Conn& ct, Direction dir,
                           const TcpSegment& segment) {
  TcpTrack& track = ct.track.tcp;
  TcpPeer& sender = track.seen[index_of(dir)];
  TcpPeer& receiver = track.seen[index_of(opposite(dir))];
  const TcpState state{track.state};

  Numbers numbers = read_numbers(context, ct, dir, segment, receiver);
  if (learn_sender(segment, numbers.sack, state, dir, sender, receiver))
    return WindowVerdict::kAccept;
  complete_numbers(segment, state, sender, receiver, numbers);

  bool fits = false;
  const WindowVerdict verdict = judge(context, numbers, sender, receiver, fits);
  if (!fits) return verdict;

  // A SYN's own window is never scaled (RFC 7323).
  const uint32_t window = uint32_t{segment.window} << (segment.has(kSynBit) ? 0 : sender.td_scale);
  move_sender(segment, numbers, window, sender);
  move_receiver(numbers, window, sender, receiver);
  if (segment.kind == TcpKind::kAck)
    count_retransmission(segment, numbers, static_cast<uint8_t>(dir), track);
  return WindowVerdict::kAccept;
}

}  // namespace ctwin::conntrack
