// Packets of any bytes, one after the other, are parsed, put together and summed. A packet that was
// cut is never worse than the same packet whole.
//
//   input  := packet*
//   packet := size:u16 cut:u16 bytes{size}      little endian; the last one may be short
//
// The checksum of an IPv4 header is set right, or else a mutation would rarely be more than that;
// the upper bit of `cut` leaves it as it is.
#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "fuzz/fuzz.h"
#include "packet/checksum.h"
#include "packet/defrag.h"

using namespace ctwin;
using packet::Packet;
using packet::ParseResult;

namespace {

using Bytes = std::vector<uint8_t>;

std::string name_of(ParseResult result) { return std::to_string(static_cast<int>(result)); }

void check_offsets(const Packet& packet, ParseResult result) {
  if (packet.captured > packet.length)
    fuzz::fail("more is captured than there is", std::to_string(packet.captured),
               std::to_string(packet.length));
  if (result == ParseResult::kOk && packet.l4_offset > packet.length)
    fuzz::fail("the transport begins behind the end", std::to_string(packet.l4_offset),
               std::to_string(packet.length));
}

void sum(const Packet& packet) {
  packet::transport_checksum_ok(packet, packet.proto);
  packet::plain_checksum_ok(packet);
  packet::sctp_checksum_ok(packet);
  packet::looks_offloaded(packet);
}

/// Hop-by-hop options without a length are a jumbogram's, whose end is where the capture ends.
bool has_no_length(const Bytes& bytes) {
  return bytes.size() >= 40 && bytes[0] >> 4 == 6 && bytes[4] == 0 && bytes[5] == 0 &&
         bytes[6] == 0;
}

void check_cut(const Bytes& whole, ParseResult result, size_t captured) {
  const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(captured));
  Packet packet;
  const ParseResult after = packet::parse_packet(cut, packet);
  check_offsets(packet, after);
  if (result == ParseResult::kDropped || has_no_length(whole)) return;
  if (after != result && after != ParseResult::kCut)
    fuzz::fail("a cut changed what the packet is", name_of(after), name_of(result));
}

ParseResult take(const Bytes& bytes, packet::Defragmenter& defragmenter, uint64_t time) {
  Packet packet;
  packet.time = time;
  const ParseResult result = packet::parse_packet(bytes, packet);
  check_offsets(packet, result);
  if (result == ParseResult::kOk) sum(packet);
  if (result != ParseResult::kFragment) return result;
  const packet::DefragResult together = defragmenter.add(packet);
  if (!together.goes_on()) return result;
  check_offsets(together.packet, together.parsed);
  if (together.parsed == ParseResult::kOk) sum(together.packet);
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kHead = 4;
  constexpr uint64_t kStep = 5'000'000'000;
  packet::Defragmenter defragmenter;
  for (uint64_t time = 0; size >= kHead; time += kStep) {
    const size_t length = std::min<size_t>(data[0] | data[1] << 8, size - kHead);
    const size_t cut = static_cast<size_t>(data[2] | data[3] << 8);
    Bytes bytes(data + kHead, data + kHead + length);
    if (!(cut & 0x8000)) fuzz::repair_checksum(bytes);
    check_cut(bytes, take(bytes, defragmenter, time), cut % (length + 1));
    data += kHead + length;
    size -= kHead + length;
  }
  defragmenter.expire(UINT64_MAX);
  if (defragmenter.memory(AF_INET) != 0 || defragmenter.memory(AF_INET6) != 0)
    fuzz::fail("memory of nothing", std::to_string(defragmenter.memory(AF_INET)),
               std::to_string(defragmenter.memory(AF_INET6)));
  return 0;
}
