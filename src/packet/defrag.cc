// Reassembly as the kernel does it, quirks included, because what is put together decides what
// conntrack sees.
//
// Every packet that is being put together has a queue, found by addresses, identification, protocol
// (IPv4), device (IPv6, where the destination is one of a link) and user. A fragment is tried in
// four steps: does its end agree with what is known of the packet's length; does it bring bytes
// that are here already; is it kept; is the packet now whole. The families differ in what a failed
// step does:
//
//   step                        IPv4                          IPv6
//   length does not agree       queue and fragment dropped    fragment dropped, queue stays
//   empty fragment              queue and fragment dropped    fragment dropped, queue stays
//   end not a multiple of 8     tail cut off                  queue dropped, fragment passes
//   bytes within one run        fragment dropped              fragment dropped
//   any other overlap           queue and fragment dropped    queue and fragment dropped
//   end beyond 65,535           whole packet dropped          fragment dropped, queue stays
//
// Runs are what the kernel appended in order; a run and its neighbour are not merged when the gap
// between them closes. So a fragment that repeats bytes of two runs is an overlap, not a duplicate.
//
// A queue lives from its first fragment on for a fixed time. IPv4 alone begins it anew when its
// source sent too many other fragments in between (ipfrag_max_dist): the identification has then
// likely been used again.
//
// Not done here: the ICMP "reassembly time exceeded" that a router owes for packets to itself.

#include "packet/defrag.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "packet/checksum.h"

namespace ctwin::packet {

namespace {

constexpr uint32_t kIpv6Header = 40;
constexpr uint32_t kFragmentHeader = 8;
constexpr uint32_t kMaxPacket = 65535;

constexpr uint16_t kDontFragment = 0x4000;
constexpr uint16_t kMoreFragmentsV4 = 0x2000;
constexpr uint16_t kMoreFragmentsV6 = 0x0001;

/// What an empty queue costs (struct ipq, struct frag_queue).
constexpr uint32_t queue_memory(uint8_t family) { return family == AF_INET ? 200 : 184; }

/// What a packet of `length` bytes costs that came from a TUN device: struct sk_buff, and a buffer
/// with room in front and its own bookkeeping behind, in the sizes that the allocator has. What
/// does not fit into a page goes into pages of its own.
uint64_t fragment_memory(uint32_t length) {
  constexpr uint32_t kSkBuff = 256;
  constexpr uint32_t kHeadroom = 64;
  constexpr uint32_t kSharedInfo = 320;
  constexpr uint32_t kSmallest = 576;
  constexpr uint32_t kPage = 4096;
  constexpr uint32_t kLinear = kPage - kSharedInfo - kHeadroom;
  const uint32_t paged = length > kLinear ? length - kLinear : 0;
  const uint32_t size = ((length - paged + kHeadroom + 63) & ~63u) + kSharedInfo;
  const uint32_t buffer = size <= kSmallest ? kSmallest : std::bit_ceil(size);
  return kSkBuff + buffer + (uint64_t{paged} + kPage - 1) / kPage * kPage;
}

// ---- ECN (RFC 3168, 5.3): bits are 1 << codepoint ----

enum EcnSeen : uint8_t { kNotEct = 1, kEct1 = 2, kEct0 = 4, kCe = 8 };
constexpr uint8_t kEcnCongestion = 3;

constexpr uint8_t ecn_seen(uint8_t traffic) { return static_cast<uint8_t>(1 << (traffic & 3)); }

/// Congestion that one fragment met the packet has met. But fragments of one packet are all
/// capable of ECN or none is.
constexpr bool ecn_agrees(uint8_t seen) { return seen == kNotEct || !(seen & kNotEct); }
constexpr uint8_t ecn_to_set(uint8_t seen) {
  return (seen & kCe) && (seen & (kEct0 | kEct1)) ? kEcnCongestion : 0;
}

uint8_t traffic_class(const Packet& packet) {
  return packet.family == AF_INET ? packet.bytes[1]
                                  : static_cast<uint8_t>(load16(packet.bytes) >> 4);
}

void store16(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

std::array<uint8_t, 4> ipv4_source(const std::array<uint8_t, 32>& addresses) {
  return {addresses[0], addresses[1], addresses[2], addresses[3]};
}

DefragResult dropped(DefragOutcome outcome) {
  DefragResult result;
  result.outcome = outcome;
  return result;
}

DefragResult passed(const Packet& fragment) {
  DefragResult result;
  result.outcome = DefragOutcome::kPassed;
  result.packet = fragment;
  result.parsed = find_transport(result.packet);
  return result;
}

/// The byte that announces the fragment header at `offset`.
uint32_t find_next_header_at(const Packet& packet, uint32_t offset) {
  uint32_t next_at = 6;
  uint32_t at = kIpv6Header;
  while (at < offset) {
    const uint32_t size = extension_length(packet.bytes[next_at], packet.bytes[at + 1]);
    next_at = at;
    at += size;
  }
  return next_at;
}

/// Multicast and link-local destinations mean something else on every link.
bool is_scoped(const uint8_t* address) {
  return address[0] == 0xff || (address[0] == 0xfe && (address[1] & 0xc0) == 0x80);
}

/// Does a first fragment end before the header that says what it belongs to (RFC 8200, 4.5)? The
/// kernel lets it through alone, to be INVALID.
bool transport_is_truncated(const Packet& fragment) {
  Packet first = fragment;
  if (find_transport(first) != ParseResult::kOk) return false;
  uint32_t needed = 1;
  switch (first.proto) {
    case 6: needed = 20; break;
    case 17:
    case 58: needed = 8; break;
    default: break;
  }
  return first.l4_length() < needed;
}

/// The headers as the kernel leaves them: as if the packet had never been cut.
void patch_ipv4(std::vector<uint8_t>& whole, uint32_t header, uint8_t ecn, bool dont_fragment) {
  whole[1] |= ecn;
  store16(&whole[2], static_cast<uint32_t>(whole.size()));
  store16(&whole[6], dont_fragment ? kDontFragment : 0);
  store16(&whole[10], 0);
  store16(&whole[10], fold_checksum(add_checksum({whole.data(), header}, 0)));
}

void patch_ipv6(std::vector<uint8_t>& whole, uint8_t ecn) {
  whole[1] |= static_cast<uint8_t>(ecn << 4);
  store16(&whole[4], static_cast<uint32_t>(whole.size()) - kIpv6Header);
}

}  // namespace

DefragResult Defragmenter::add(const Packet& fragment, uint32_t user) {
  expire(fragment.time);
  return fragment.family == AF_INET ? add_ipv4(fragment, user) : add_ipv6(fragment, user);
}

void Defragmenter::expire(uint64_t now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now)
    forget(queues_.find(deadlines_.begin()->second));
}

DefragResult Defragmenter::add_ipv4(const Packet& fragment, uint32_t user) {
  if (memory_is_full(AF_INET)) return dropped(DefragOutcome::kNoMemory);
  const uint8_t* header = fragment.bytes;
  const uint16_t field = load16(header + 6);
  Key key{};
  std::copy_n(header + 12, 8, key.addresses.begin());
  key.id = load16(header + 4);
  key.user = user;
  key.family = AF_INET;
  key.proto = header[9];
  const auto entry = find_or_make(key, fragment.time);
  restart_if_too_far(entry, fragment.time);
  Queue& queue = entry->second;

  Place place;
  place.payload_at = (header[0] & 0x0fu) * 4;
  place.begin = (field & 0x1fffu) * 8;
  place.end = place.begin + fragment.length - place.payload_at;
  place.last = !(field & kMoreFragmentsV4);
  if (!place.last) place.end &= ~7u;
  DefragOutcome outcome = agree_on_length(queue, place);
  if (outcome == DefragOutcome::kWaiting) outcome = insert(queue, place.begin, place.end);
  if (outcome != DefragOutcome::kWaiting) {
    if (outcome != DefragOutcome::kDuplicate) forget(entry);
    return dropped(outcome);
  }
  const uint32_t size = place.payload_at + place.end - place.begin;
  queue.largest = std::max(queue.largest, size);
  if (field & kDontFragment) queue.largest_df = std::max(queue.largest_df, size);
  keep(entry, fragment, place);
  return complete(entry, fragment);
}

DefragResult Defragmenter::add_ipv6(const Packet& fragment, uint32_t user) {
  const uint32_t at = fragment.l4_offset;
  if (transport_is_truncated(fragment)) return passed(fragment);
  if (fragment.length < at + kFragmentHeader) return dropped(DefragOutcome::kMalformed);
  const uint8_t* header = fragment.bytes + at;
  const uint16_t field = load16(header + 2);
  if (memory_is_full(AF_INET6)) return dropped(DefragOutcome::kNoMemory);
  Key key{};
  std::copy_n(fragment.bytes + 8, 32, key.addresses.begin());
  key.id = load32(header + 4);
  key.user = user;
  if (is_scoped(fragment.bytes + 24)) key.device = fragment.device;
  key.family = AF_INET6;
  const auto entry = find_or_make(key, fragment.time);
  Queue& queue = entry->second;

  Place place;
  place.payload_at = at + kFragmentHeader;
  place.begin = field & ~7u;
  place.end = place.begin + fragment.length - place.payload_at;
  place.last = !(field & kMoreFragmentsV6);
  if (place.end > kMaxPacket) return dropped(DefragOutcome::kTooLong);
  if (!place.last && (place.end & 7) != 0) {
    forget(entry);
    return passed(fragment);
  }
  DefragOutcome outcome = agree_on_length(queue, place);
  if (outcome != DefragOutcome::kWaiting) return dropped(outcome);
  outcome = insert(queue, place.begin, place.end);
  if (outcome != DefragOutcome::kWaiting) {
    if (outcome != DefragOutcome::kDuplicate) forget(entry);
    return dropped(outcome);
  }
  queue.largest = std::max(queue.largest, fragment.length);
  if (place.begin == 0) {
    queue.next_header_at = find_next_header_at(fragment, at);
    queue.next_header = header[0];
  }
  keep(entry, fragment, place);
  return complete(entry, fragment);
}

bool Defragmenter::memory_is_full(uint8_t family) const {
  const uint32_t limit = family == AF_INET ? limits_.ipv4_memory : limits_.ipv6_memory;
  return limit == 0 || memory(family) > limit;
}

Defragmenter::Queues::iterator Defragmenter::find_or_make(const Key& key, uint64_t now) {
  const auto [entry, made] = queues_.try_emplace(key);
  if (made) {
    const bool v4 = key.family == AF_INET;
    const uint64_t timeout = v4 ? limits_.ipv4_timeout : limits_.ipv6_timeout;
    entry->second.deadline = deadlines_.emplace(now + timeout, key);
    entry->second.memory = queue_memory(key.family);
    memory_of(key.family) += entry->second.memory;
    if (v4) ++sources_[ipv4_source(key.addresses)].queues;
  }
  return entry;
}

void Defragmenter::forget(Queues::iterator entry) {
  const Key& key = entry->first;
  memory_of(key.family) -= entry->second.memory;
  deadlines_.erase(entry->second.deadline);
  if (key.family == AF_INET) {
    const auto source = sources_.find(ipv4_source(key.addresses));
    if (--source->second.queues == 0) sources_.erase(source);
  }
  queues_.erase(entry);
}

/// ip_frag_too_far and ip_frag_reinit.
void Defragmenter::restart_if_too_far(Queues::iterator entry, uint64_t now) {
  if (limits_.ipv4_max_distance == 0) return;
  const Key& key = entry->first;
  Queue& queue = entry->second;
  const uint32_t before = queue.source_count;
  queue.source_count = ++sources_[ipv4_source(key.addresses)].fragments;
  if (queue.pieces.empty() || queue.source_count - before <= limits_.ipv4_max_distance) return;
  deadlines_.erase(queue.deadline);
  queue.deadline = deadlines_.emplace(now + limits_.ipv4_timeout, key);
  memory_of(AF_INET) -= queue.memory - queue_memory(AF_INET);
  queue.memory = queue_memory(AF_INET);
  queue.pieces.clear();
  queue.runs.clear();
  queue.length = queue.received = 0;
  queue.has_first = queue.has_last = false;
  queue.trusted = true;
  queue.ecn = 0;
}

/// The last fragment says how long the packet is; none may say otherwise before or after.
DefragOutcome Defragmenter::agree_on_length(Queue& queue, const Place& place) {
  if (place.last) {
    if (place.end < queue.length || (queue.has_last && place.end != queue.length))
      return DefragOutcome::kMalformed;
    queue.has_last = true;
    queue.length = place.end;
  } else if (place.end > queue.length) {
    if (queue.has_last) return DefragOutcome::kMalformed;
    queue.length = place.end;
  }
  return place.end == place.begin ? DefragOutcome::kMalformed : DefragOutcome::kWaiting;
}

/// inet_frag_queue_insert.
DefragOutcome Defragmenter::insert(Queue& queue, uint32_t begin, uint32_t end) {
  auto& runs = queue.runs;
  if (runs.empty() || end > runs.back().end) {
    if (!runs.empty() && begin < runs.back().end) return DefragOutcome::kOverlap;
    if (!runs.empty() && begin == runs.back().end)
      runs.back().end = end;
    else
      runs.push_back({begin, end});
    return DefragOutcome::kWaiting;
  }
  const auto run = std::upper_bound(runs.begin(), runs.end(), begin,
                                    [](uint32_t at, const Range& r) { return at < r.end; });
  if (end <= run->begin) {
    runs.insert(run, {begin, end});
    return DefragOutcome::kWaiting;
  }
  return begin >= run->begin && end <= run->end ? DefragOutcome::kDuplicate
                                                : DefragOutcome::kOverlap;
}

void Defragmenter::keep(Queues::iterator entry, const Packet& fragment, const Place& place) {
  Queue& queue = entry->second;
  const uint8_t* bytes = fragment.bytes;
  const uint32_t captured =
      std::clamp(fragment.captured, place.payload_at, place.payload_at + place.end - place.begin);
  queue.pieces.push_back(
      {place.begin, place.end, std::vector(bytes + place.payload_at, bytes + captured)});
  queue.received += place.end - place.begin;
  queue.ecn |= ecn_seen(traffic_class(fragment));
  queue.trusted = queue.trusted && fragment.checksum == ChecksumState::kTrusted;
  const uint64_t memory = fragment_memory(fragment.length);
  queue.memory += memory;
  memory_of(entry->first.family) += memory;
  if (place.begin == 0) {
    const bool v4 = fragment.family == AF_INET;
    queue.has_first = true;
    queue.header.assign(bytes, bytes + place.payload_at - (v4 ? 0 : kFragmentHeader));
  }
}

/// Puts headers and payload together in `whole_`, with zeros where the capture has nothing. Returns
/// how many bytes there are before the first of those.
uint32_t Defragmenter::join(const Queue& queue) {
  whole_.assign(queue.header.begin(), queue.header.end());
  whole_.resize(queue.header.size() + queue.length);
  uint32_t captured = static_cast<uint32_t>(whole_.size());
  for (const Piece& piece : queue.pieces) {
    const size_t at = queue.header.size() + piece.begin;
    if (!piece.bytes.empty()) std::memcpy(&whole_[at], piece.bytes.data(), piece.bytes.size());
    if (piece.bytes.size() < piece.end - piece.begin)
      captured = std::min(captured, static_cast<uint32_t>(at + piece.bytes.size()));
  }
  return captured;
}

DefragResult Defragmenter::complete(Queues::iterator entry, const Packet& last) {
  Queue& queue = entry->second;
  if (!queue.has_first || !queue.has_last || queue.received != queue.length)
    return dropped(DefragOutcome::kWaiting);
  const bool v4 = last.family == AF_INET;
  const uint32_t header = static_cast<uint32_t>(queue.header.size());
  const uint32_t counted = header + queue.length - (v4 ? 0 : kIpv6Header);
  if (!ecn_agrees(queue.ecn) || counted > kMaxPacket) {
    const bool bad_ecn = !ecn_agrees(queue.ecn);
    forget(entry);
    return dropped(bad_ecn ? DefragOutcome::kBadEcn : DefragOutcome::kTooLong);
  }
  DefragResult result;
  result.outcome = DefragOutcome::kWhole;
  result.packet = last;
  result.packet.captured = join(queue);
  if (v4) {
    patch_ipv4(whole_, header, ecn_to_set(queue.ecn), queue.largest_df == queue.largest);
  } else {
    whole_[queue.next_header_at] = queue.next_header;
    patch_ipv6(whole_, ecn_to_set(queue.ecn));
  }
  result.packet.bytes = whole_.data();
  result.packet.length = static_cast<uint32_t>(whole_.size());
  result.packet.was_fragmented = true;
  result.packet.checksum = queue.trusted ? ChecksumState::kTrusted
                           : result.packet.captured < result.packet.length
                               ? ChecksumState::kUncheckable
                               : ChecksumState::kUnknown;
  result.largest_fragment = static_cast<uint16_t>(std::max(queue.largest, queue.largest_df));
  forget(entry);
  result.parsed = find_transport(result.packet);
  return result;
}

}  // namespace ctwin::packet
