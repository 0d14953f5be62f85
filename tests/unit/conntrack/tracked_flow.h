// One flow and its tracker, with everything around them made up: what conntrack's core does for a
// tracker is done here in a few lines, and written down.
//
//   TrackedFlow flow;
//   CHECK_EQ(flow.send('>', udp_packet({}, {})), "30");
//
// `send` answers with what became of the packet:
//   "ESTABLISHED 432000"        accepted: the state, if the protocol has any, and the new timeout
//   "… ASSURED"                 the same, and the flow was assured
//   "pass: TEXT"                accepted, and the timeout was not renewed
//   "INVALID: TEXT"             with the kernel's words, or in parentheses ours where it has none
//   "end"                       accepted, and the entry is gone
//   "repeat", "drop", "not captured"
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>

#include <optional>
#include <string>
#include <vector>

#include "conntrack/proto.h"
#include "conntrack/proto_states.h"
#include "support/packet_builder.h"

namespace ctwin::test {

using namespace conntrack;

class TrackedFlow : private TrackActions, private NoteSink {
 public:
  Settings settings;
  Conn ct{};
  bool verify_checksum = false;
  Tick now = 1'000'000;
  Ip ip;                         ///< of the original direction
  bool can_kill = true;          ///< what `kill` answers
  uint32_t offset = 0;           ///< what NAT has added to sequence numbers
  uint16_t events = 0;           ///< EventBits that the last packet raised
  unsigned counted = 0;          ///< packets that were counted
  std::string rule;              ///< that chose the last timeout
  std::vector<TrackNote> notes;  ///< of the last packet

  /// '>' is the original direction, '<' the reply.
  std::string send(char arrow, const packet::Packet& packet) {
    begin_packet(packet);
    const CtInfo info = arrow == '<'         ? CtInfo::kEstablishedReply
                        : ct.has(kSeenReply) ? CtInfo::kEstablished
                                             : CtInfo::kNew;
    const bool assured = ct.has(kAssured);
    const ProtoContext context{now, settings, *this, this, verify_checksum};
    const TrackVerdict verdict = track(context, ct, info, packet);
    if (verdict != TrackVerdict::kAccept) return refusal(verdict);
    if (gone_) return "end";
    if (info == CtInfo::kEstablishedReply) ct.status |= kSeenReply;
    if (!ct.has(kConfirmed)) {
      ct.status |= kConfirmed;
      ct.expiry += now;
    }
    if (!renewed_) return "pass: " + words();
    const std::string state = state_name();
    return fmt::format("{}{}{}{}", state, state.empty() ? "" : " ", *renewed_ / kTicksPerSecond,
                       !assured && ct.has(kAssured) ? " ASSURED" : "");
  }
  std::string send(char arrow, const BuiltPacket& packet) { return send(arrow, packet.view()); }

  /// A TCP segment; the ports are the flow's.
  std::string tcp(char arrow, Tcp tcp) { return send(arrow, tcp_segment(arrow, std::move(tcp))); }
  BuiltPacket tcp_segment(char arrow, Tcp tcp) const {
    if (arrow == '<') std::swap(tcp.sport, tcp.dport);
    return tcp_packet(arrow == '<' ? ip.back() : ip, tcp);
  }
  /// An SCTP packet with these chunks.
  std::string sctp(char arrow, uint32_t vtag, std::vector<Bytes> chunks) {
    Sctp sctp{.vtag = vtag, .chunks = std::move(chunks)};
    if (arrow == '<') std::swap(sctp.sport, sctp.dport);
    return send(arrow, sctp_packet(arrow == '<' ? ip.back() : ip, sctp));
  }

  /// Lets time pass.
  void wait(int64_t seconds) { now += seconds * kTicksPerSecond; }
  int64_t seconds_left() const { return (ct.expiry - now) / kTicksPerSecond; }
  TcpPeer& peer(char arrow) { return ct.track.tcp.seen[arrow == '<']; }

 private:
  void begin_packet(const packet::Packet& packet) {
    if (!ct.has(kConfirmed)) {
      ct.tuple[0].family = packet.family;
      ct.tuple[0].proto = packet.proto;
      if (packet.proto == IPPROTO_ICMP || packet.proto == IPPROTO_ICMPV6)
        std::memcpy(&ct.tuple[0].dst_key, packet.l4(), 2);
    }
    ct.features = kHasAccounting | kHasEvents;
    notes.clear();
    rule.clear();
    renewed_.reset();
    gone_ = false;
    events = 0;
  }

  std::string words() const {
    std::vector<std::string> said;
    for (const TrackNote& note : notes)
      said.push_back(note.kernel_logs ? note.text : "(" + note.text + ")");
    return fmt::format("{}", fmt::join(said, "; "));
  }

  std::string refusal(TrackVerdict verdict) const {
    switch (verdict) {
      case TrackVerdict::kInvalid: return "INVALID: " + words();
      case TrackVerdict::kDrop: return "drop";
      case TrackVerdict::kRepeat: return "repeat";
      case TrackVerdict::kNotCaptured: return "not captured";
      case TrackVerdict::kAccept: break;
    }
    return "accept";
  }

  std::string state_name() const {
    constexpr std::string_view kTcp[] = {"NONE",     "SYN_SENT",   "SYN_RECV", "ESTABLISHED",
                                         "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT",
                                         "CLOSE",    "SYN_SENT2"};
    constexpr std::string_view kSctp[] = {
        "NONE",          "CLOSED",        "COOKIE_WAIT",       "COOKIE_ECHOED", "ESTABLISHED",
        "SHUTDOWN_SENT", "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT", "HEARTBEAT_SENT"};
    if (ct.tuple[0].proto == IPPROTO_TCP) return std::string(kTcp[ct.track.tcp.state]);
    if (ct.tuple[0].proto == IPPROTO_SCTP) return std::string(kSctp[ct.track.sctp.state]);
    return "";
  }

  void cache_event(Conn&, EventBit bit) override { events |= bit; }
  bool kill(Conn&) override { return gone_ = can_kill; }
  void account(Conn&, CtInfo, const packet::Packet&) override { ++counted; }
  uint32_t sequence_offset(const Conn&, Direction, uint32_t) override { return offset; }
  void note(TrackNote note) override { notes.push_back(std::move(note)); }
  void timeout(Tick ticks, const char* why) override {
    renewed_ = ticks;
    rule = why;
  }

  std::optional<Tick> renewed_;
  bool gone_ = false;
};

}  // namespace ctwin::test
