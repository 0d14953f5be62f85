// SCTP (nf_conntrack_sctp_packet; RFC 9260).
//
// A packet carries chunks, and each chunk is a step through the table below. What keeps strangers
// out are the verification tags: each side names in its INIT or INIT ACK the tag that it wants to
// see in every packet sent to it. `vtag[d]` is what packets in direction d must carry – so the tag
// that a side names is expected of the other. Chunks that control the association have rules of
// their own (RFC 9260 8.5.1); all other packets must simply carry the tag.
//
// What is picked up in its midst is INVALID as a rule, because its tags are not known. A HEARTBEAT
// begins an entry all the same (multihoming: another path of an association that was opened
// elsewhere), and such an entry learns its tags as it goes.
//
// Chunks behind a part that was not captured are not seen; they are taken to be data.
#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <bitset>

#include "conntrack/proto.h"
#include "conntrack/proto_states.h"
#include "packet/checksum.h"

namespace ctwin::conntrack {

namespace {

// ---- the transition tables ----

enum ChunkType : uint8_t {
  kData = 0,
  kInit = 1,
  kInitAck = 2,
  kHeartbeat = 4,
  kHeartbeatAck = 5,
  kAbort = 6,
  kShutdown = 7,
  kShutdownAck = 8,
  kError = 9,
  kCookieEcho = 10,
  kCookieAck = 11,
  kShutdownComplete = 14,
};

/// SctpState by short names, and one that is no state.
enum Cell : uint8_t { NO, CL, CW, CE, ES, SS, SR, SA, HS, IV };

constexpr size_t kRows = 11, kStates = 9;

// Row: chunk. Column: the entry's state. IV: invalid. CLOSED is also the state of an association
// that is just being opened: an INIT was seen, and nothing else.
constexpr Cell kTransitions[2][kRows][kStates] = {
    {
        // Original direction
        //                      NO  CL  CW  CE  ES  SS  SR  SA  HS
        /* init              */ {CL, CL, CW, CE, ES, CL, CL, SA, CW},
        /* init_ack          */ {CL, CL, CW, CE, ES, SS, SR, SA, CL},
        /* abort             */ {CL, CL, CL, CL, CL, CL, CL, CL, CL},
        /* shutdown          */ {CL, CL, CW, CE, SS, SS, SR, SA, CL},
        /* shutdown_ack      */ {SA, CL, CW, CE, ES, SA, SA, SA, SA},
        /* error             */ {CL, CL, CW, CE, ES, SS, SR, SA, CL},
        /* cookie_echo       */ {CL, CL, CE, CE, ES, SS, SR, SA, CL},
        /* cookie_ack        */ {CL, CL, CW, ES, ES, SS, SR, SA, CL},
        /* shutdown_complete */ {CL, CL, CW, CE, ES, SS, SR, CL, CL},
        /* heartbeat         */ {HS, CL, CW, CE, ES, SS, SR, SA, HS},
        /* heartbeat_ack     */ {CL, CL, CW, CE, ES, SS, SR, SA, HS},
        // init SS, SR      A restart while the old association is being shut down.
        // heartbeat NO     Another path of an association that was opened elsewhere.
        // cookie_ack CE    The cookie was echoed by the reply direction: both sides sent INIT.
        // error            Says that something is wrong, and changes nothing.
    },
    {
        // Reply direction
        //                      NO  CL  CW  CE  ES  SS  SR  SA  HS
        /* init              */ {IV, CL, CW, CE, ES, SS, SR, SA, IV},
        /* init_ack          */ {IV, CW, CW, CE, ES, SS, SR, SA, IV},
        /* abort             */ {IV, CL, CL, CL, CL, CL, CL, CL, IV},
        /* shutdown          */ {IV, CL, CW, CE, SR, SS, SR, SA, IV},
        /* shutdown_ack      */ {IV, CL, CW, CE, ES, SA, SA, SA, IV},
        /* error             */ {IV, CL, CW, CL, ES, SS, SR, SA, IV},
        /* cookie_echo       */ {IV, CL, CE, CE, ES, SS, SR, SA, IV},
        /* cookie_ack        */ {IV, CL, CW, ES, ES, SS, SR, SA, IV},
        /* shutdown_complete */ {IV, CL, CW, CE, ES, SS, SR, CL, IV},
        /* heartbeat         */ {IV, CL, CW, CE, ES, SS, SR, SA, HS},
        /* heartbeat_ack     */ {IV, CL, CW, CE, ES, SS, SR, SA, ES},
        // error CE         The cookie was refused (stale): the client begins again.
        // heartbeat_ack HS The path works.
    },
};

constexpr uint8_t kNoRow = 0xff;

/// The row of each chunk type up to SHUTDOWN COMPLETE.
constexpr uint8_t kRowOfChunk[] = {
    /* DATA */ kNoRow,
    /* INIT */ 0,
    /* INIT ACK */ 1,
    /* SACK */ kNoRow,
    /* HEARTBEAT */ 9,
    /* HEARTBEAT ACK */ 10,
    /* ABORT */ 2,
    /* SHUTDOWN */ 3,
    /* SHUTDOWN ACK */ 4,
    /* ERROR */ 5,
    /* COOKIE ECHO */ 6,
    /* COOKIE ACK */ 7,
    /* ECNE */ kNoRow,
    /* CWR */ kNoRow,
    /* SHUTDOWN COMPLETE */ 8,
};

/// Chunks that carry what the users say leave the state as it is.
Cell next_state(Direction dir, Cell state, uint8_t type) {
  const uint8_t row = type < std::size(kRowOfChunk) ? kRowOfChunk[type] : kNoRow;
  return row == kNoRow ? state : kTransitions[index_of(dir)][row][state];
}

constexpr const char* kStateTimeouts[kStates] = {
    "sctp state NONE",
    "sctp_timeout_closed",
    "sctp_timeout_cookie_wait",
    "sctp_timeout_cookie_echoed",
    "sctp_timeout_established",
    "sctp_timeout_shutdown_sent",
    "sctp_timeout_shutdown_recd",
    "sctp_timeout_shutdown_ack_sent",
    "sctp_timeout_heartbeat_sent",
};

// ---- packets ----

constexpr uint32_t kHeaderSize = 12;
constexpr uint32_t kChunkHeader = 4;
constexpr uint32_t kInitSize = 16;       ///< what follows the chunk header in INIT and INIT ACK
constexpr uint8_t kTagReflected = 0x01;  ///< T: the tag is the receiver's own

// Flags of SctpTrack
constexpr uint8_t kHeartbeatTagFailed = 0x01;

/// Network order, as tags are kept and printed.
uint32_t load_raw(const uint8_t* at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

struct Chunk {
  const uint8_t* bytes;
  uint32_t offset;  ///< from the SCTP header

  uint8_t type() const { return bytes[0]; }
  uint8_t flags() const { return bytes[1]; }
  uint16_t length() const { return packet::load16(bytes + 2); }
};

using ChunkSet = std::bitset<256>;

/// Calls `visit(chunk, count)` for each chunk until it answers false; false when it did. A chunk of
/// length 0 must have been refused before.
template <typename Visit>
bool for_each_chunk(const packet::Packet& packet, const Visit& visit) {
  const uint32_t end = std::min(packet.l4_length(), packet.l4_captured());
  unsigned count = 0;
  for (uint32_t at = kHeaderSize; at + kChunkHeader <= end; ++count) {
    const Chunk chunk{packet.l4() + at, at};
    if (!visit(chunk, count)) return false;
    at += (chunk.length() + 3u) & ~3u;
  }
  return true;
}

/// Refuses what cannot be SCTP (sctp_error, do_basic_checks), and what was not captured.
TrackVerdict read_packet(const ProtoContext& context, const packet::Packet& packet,
                         ChunkSet& chunks) {
  const uint32_t length = packet.l4_length();
  if (length < kHeaderSize) {
    context.say(IPPROTO_SCTP, "nf_ct_sctp: short packet");
    return TrackVerdict::kInvalid;
  }
  const uint32_t first_chunk = kHeaderSize + kChunkHeader;
  const uint32_t first_tag = first_chunk + sizeof(uint32_t);
  const uint32_t captured = packet.l4_captured();
  const bool cut = captured < std::min(length, first_chunk) ||
                   (captured < std::min(length, first_tag) &&
                    (packet.l4()[kHeaderSize] == kInit || packet.l4()[kHeaderSize] == kInitAck));
  if (cut) {
    context.explain(IPPROTO_SCTP, "the capture holds too little of the header");
    return TrackVerdict::kNotCaptured;
  }
  if (context.verify_checksum && packet.checksum == packet::ChecksumState::kUnknown &&
      !packet::sctp_checksum_ok(packet)) {
    context.say(IPPROTO_SCTP, "nf_ct_sctp: bad CRC");
    return TrackVerdict::kInvalid;
  }
  bool alone = false;  // one was there that may have no company
  const bool sound = for_each_chunk(packet, [&](const Chunk& chunk, unsigned count) {
    const uint8_t type = chunk.type();
    alone |= type == kInit || type == kInitAck || type == kShutdownComplete;
    const bool first_only = alone || type == kCookieAck || type == kCookieEcho;
    if (chunk.length() == 0 || (first_only && count != 0)) {
      // The kernel prints the length as it is in memory.
      const uint16_t raw = std::endian::native == std::endian::little
                               ? static_cast<uint16_t>(chunk.bytes[3] << 8 | chunk.bytes[2])
                               : chunk.length();
      context.say(IPPROTO_SCTP, "do_basic_checks failed. chunk num {}, type {}, len {} flag {}",
                  count, type, raw, alone ? 1 : 0);
      return false;
    }
    chunks.set(type);
    return true;
  });
  if (!sound) return TrackVerdict::kInvalid;
  if (chunks.none()) {
    context.explain(IPPROTO_SCTP, "no chunk");
    return TrackVerdict::kInvalid;
  }
  return TrackVerdict::kAccept;
}

/// Is all that INIT and INIT ACK must say there?
bool has_tag(const packet::Packet& packet, const Chunk& chunk) {
  return chunk.offset + kChunkHeader + kInitSize <= packet.l4_length();
}
uint32_t tag_of(const Chunk& chunk) { return load_raw(chunk.bytes + kChunkHeader); }

// ---- the first packet ----

/// Makes the entry's memory of an association that begins with this packet (sctp_new). False: none
/// does.
bool begin(const ProtoContext& context, SctpTrack& track, const packet::Packet& packet,
           const ChunkSet& chunks, uint32_t vtag) {
  track = {};
  if (chunks[kAbort] || chunks[kShutdownComplete] || chunks[kCookieAck]) {
    context.explain(IPPROTO_SCTP, "ends or answers what was never seen");
    return false;
  }
  const bool begins = for_each_chunk(packet, [&](const Chunk& chunk, unsigned) {
    const Cell state = next_state(Direction::kOriginal, NO, chunk.type());
    if (state == NO || state == IV) return false;
    if (chunk.type() == kInit) {
      if (vtag != 0 || !has_tag(packet, chunk)) return false;
      track.vtag[1] = tag_of(chunk);
    } else if (chunk.type() == kHeartbeat) {
      track.vtag[0] = vtag;
    } else if (chunk.type() == kShutdownAck) {
      track.vtag[1] = vtag;  // a SHUTDOWN COMPLETE that answers it carries its own tag
    }
    return true;
  });
  if (!begins) context.explain(IPPROTO_SCTP, "begins no association");
  return begins;
}

// ---- every packet ----

/// One packet on its way through the chunks.
struct Passage {
  const ProtoContext& context;
  Conn& ct;
  const packet::Packet& packet;
  const ChunkSet& chunks;
  Direction dir;
  uint32_t vtag;  ///< of the packet
  Cell state = NO;
  bool ignored = false;  ///< passes, and renews no timeout

  SctpTrack& track() { return ct.track.sctp; }
  uint32_t& expected() { return track().vtag[index_of(dir)]; }
  uint32_t& peer_tag() { return track().vtag[index_of(opposite(dir))]; }

  bool step(const Chunk& chunk);
  bool check_tag(const Chunk& chunk, bool& skip);
  bool heartbeat(bool& skip);
  bool heartbeat_ack();
  bool note_init(const Chunk& chunk, Cell from, Cell to);
  bool note_init_ack(const Chunk& chunk);
};

/// Control chunks whose tags have rules of their own.
bool has_own_tag_rule(const ChunkSet& chunks) {
  return chunks[kInit] || chunks[kShutdownComplete] || chunks[kCookieEcho] || chunks[kAbort] ||
         chunks[kShutdownAck] || chunks[kHeartbeat] || chunks[kHeartbeatAck];
}

/// An entry that knows no tag learns it. A wrong one may be right – the association was restarted –
/// when the other side answers it: it is remembered that there was one, and the packet is ignored.
bool Passage::heartbeat(bool& skip) {
  if (expected() == 0) {
    expected() = vtag;
  } else if (vtag != expected()) {
    if (chunks[kData] || ignored) return false;
    track().flags |= kHeartbeatTagFailed;
    track().last_dir = static_cast<uint8_t>(dir);
    ignored = skip = true;
  } else {
    track().flags &= ~kHeartbeatTagFailed;
  }
  return true;
}

bool Passage::heartbeat_ack() {
  if (expected() == 0) {
    expected() = vtag;
  } else if (vtag != expected()) {
    const bool answers = !chunks[kData] && track().flags & kHeartbeatTagFailed &&
                         track().last_dir != static_cast<uint8_t>(dir);
    if (!answers) return false;
    expected() = vtag;
    peer_tag() = 0;
    track().flags &= ~kHeartbeatTagFailed;
  } else {
    track().flags &= ~kHeartbeatTagFailed;
  }
  return true;
}

bool Passage::check_tag(const Chunk& chunk, bool& skip) {
  switch (chunk.type()) {
    case kInit: return vtag == 0;
    case kAbort:
    case kShutdownComplete:
      return vtag == (chunk.flags() & kTagReflected ? peer_tag() : expected());
    case kCookieEcho: return vtag == expected();
    case kCookieAck: track().init = {}; return true;
    case kHeartbeat: return heartbeat(skip);
    case kHeartbeatAck: return heartbeat_ack();
    default: return true;
  }
}

/// An INIT names the tag that it wants to see in the other direction.
bool Passage::note_init(const Chunk& chunk, Cell from, Cell to) {
  if (!has_tag(packet, chunk)) return false;
  const uint32_t tag = tag_of(chunk);
  auto& init = track().init;
  const size_t mine = index_of(dir), other = index_of(opposite(dir));
  // One that names the known tag again is a copy, and opens nothing.
  if (from == NO || tag != peer_tag()) {
    if (init[mine] && init[other]) init[other] = 0;
    init[mine] = 1;
  }
  peer_tag() = tag;
  // Copies of the first INIT do not keep the entry alive.
  if (from == CL && to == CL && ct.has(kConfirmed)) ignored = true;
  return true;
}

bool Passage::note_init_ack(const Chunk& chunk) {
  if (!has_tag(packet, chunk)) return false;
  const uint32_t tag = tag_of(chunk);
  const auto& init = track().init;
  const bool asked = init[index_of(opposite(dir))];
  const bool collision = asked && init[index_of(dir)];
  if (!asked && peer_tag() != 0 && peer_tag() != tag) return false;
  if (collision && peer_tag() != tag) return false;
  peer_tag() = tag;
  return true;
}

/// One chunk. False: the packet is INVALID, though what its earlier chunks did stays done.
bool Passage::step(const Chunk& chunk) {
  bool skip = false;
  if (!check_tag(chunk, skip)) {
    context.explain(IPPROTO_SCTP, "the tag of chunk type {} is wrong", chunk.type());
    return false;
  }
  if (skip) return true;
  const Cell from{static_cast<Cell>(track().state)};
  state = next_state(dir, from, chunk.type());
  if (state == IV) {
    context.say(IPPROTO_SCTP, "Invalid, old_state {}, dir {}, type {}", +from,
                static_cast<int>(dir), chunk.type());
    return false;
  }
  const bool noted = chunk.type() == kInit      ? note_init(chunk, from, state)
                     : chunk.type() == kInitAck ? note_init_ack(chunk)
                                                : true;
  if (!noted) {
    context.explain(IPPROTO_SCTP, "the INIT or INIT ACK is short or names another tag");
    return false;
  }
  track().state = state;
  if (from == state) return true;
  context.actions.cache_event(ct, kEventProtoinfo);
  if (state == ES && !ct.has(kAssured)) {
    ct.status |= kAssured;
    context.actions.cache_event(ct, kEventAssured);
  }
  return true;
}

}  // namespace

TrackVerdict track_sctp(const ProtoContext& context, Conn& ct, CtInfo info,
                        const packet::Packet& packet) {
  ChunkSet chunks;
  const TrackVerdict readable = read_packet(context, packet, chunks);
  if (readable != TrackVerdict::kAccept) return readable;

  const uint32_t vtag = load_raw(packet.l4() + 4);
  if (!ct.has(kConfirmed) && !begin(context, ct.track.sctp, packet, chunks, vtag))
    return TrackVerdict::kInvalid;

  const Direction dir = direction_of(info);
  const uint32_t expected = ct.track.sctp.vtag[index_of(dir)];
  if (!has_own_tag_rule(chunks) && vtag != expected) {
    context.say(IPPROTO_SCTP, "verification tag check failed {:x} vs {:x} for dir {}", vtag,
                expected, static_cast<int>(dir));
    return TrackVerdict::kInvalid;
  }

  Passage passage{context, ct, packet, chunks, dir, vtag};
  if (!for_each_chunk(packet, [&](const Chunk& chunk, unsigned) { return passage.step(chunk); }))
    return TrackVerdict::kInvalid;
  if (passage.ignored) {
    context.explain(IPPROTO_SCTP, "passes without renewing the timeout");
    return TrackVerdict::kAccept;
  }
  const Tick ticks = Tick{context.settings.sctp[passage.state]} * kTicksPerSecond;
  context.refresh(ct, info, packet, ticks, kStateTimeouts[passage.state]);
  return TrackVerdict::kAccept;
}

}  // namespace ctwin::conntrack
