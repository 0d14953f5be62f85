#include "captures.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "io/capture_reader.h"

namespace ctwin::test {

namespace {

constexpr size_t kMtu = 1500;
constexpr uint8_t kTtl = 64;

bool is_forwardable_v4(PacketView packet) {
  if (packet.size() < 20 || (packet[0] & 15) != 5) return false;  // a router acts upon options
  const auto source_and_target = {packet[12], packet[16]};
  return std::all_of(source_and_target.begin(), source_and_target.end(),
                     [](uint8_t first) { return first != 0 && first != 127 && first < 224; });
}

bool is_forwardable_v6(PacketView packet) {
  if (packet.size() < 40 || packet[6] == 0) return false;
  const bool unspecified =
      std::all_of(packet.begin() + 8, packet.begin() + 23, [](uint8_t byte) { return byte == 0; });
  return !unspecified && packet[8] != 0xfe && packet[8] != 0xff && packet[24] != 0xfe &&
         packet[24] != 0xff;
}

/// The packet as a router may get it: not too old. Nothing when it would not forward it.
Packet forwardable(const io::CapturedPacket& captured) {
  const PacketView bytes = captured.bytes;
  if (bytes.size() < captured.wire_length || bytes.empty()) return {};
  const bool six = bytes[0] >> 4 == 6;
  if (six ? !is_forwardable_v6(bytes) : !is_forwardable_v4(bytes)) return {};
  const size_t length = six ? 40 + get16(bytes, 4) : get16(bytes, 2);
  if (length > bytes.size() || length > kMtu) return {};
  Packet packet(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length));
  packet[six ? 7 : 8] = kTtl;
  if (!six) {
    set16(packet, 10, 0);
    set16(packet, 10, internet_checksum(PacketView(packet).first(20)));
  }
  return packet;
}

/// Tells the side of a packet by its addresses.
class Sides {
 public:
  Side side_of(PacketView packet) {
    const bool six = packet[0] >> 4 == 6;
    const ptrdiff_t at = six ? 8 : 12, size = six ? 16 : 4;
    Packet source(packet.begin() + at, packet.begin() + at + size);
    Packet target(packet.begin() + at + size, packet.begin() + at + 2 * size);
    const bool swap = target < source;
    if (swap) std::swap(source, target);
    const auto [known, first] = left_.try_emplace({source, target}, swap);
    return known->second == swap ? Side::kLeft : Side::kRight;
  }

 private:
  std::map<std::pair<Packet, Packet>, bool> left_;  ///< by both addresses: is the larger one left?
};

void read_capture(const std::string& path, io::CaptureReader& reader, size_t packets,
                  CaptureSequences& result) {
  Sides sides;
  io::CapturedPacket captured;
  size_t part = 0;
  std::vector<std::string>* steps = nullptr;
  while (reader.next(captured)) {
    const Packet packet = forwardable(captured);
    if (packet.empty()) {
      ++result.left_out;
      continue;
    }
    if (!steps || steps->size() == packets)
      steps = &result.sequences
                   .emplace_back(Sequence{fmt::format("{} part {}", path, ++part),
                                          {{"nf_conntrack_acct", "1"}},
                                          {},
                                          false})
                   .steps;
    steps->push_back(raw_step(sides.side_of(packet), packet));
  }
}

}  // namespace

Result<CaptureSequences> read_captures(const std::string& folder, size_t packets) {
  std::vector<std::string> paths;
  std::error_code code;
  for (const auto& file : std::filesystem::directory_iterator(folder, code))
    if (file.is_regular_file()) paths.push_back(file.path().string());
  if (code) return Error{code.value(), "cannot read " + folder + ": " + code.message()};
  std::sort(paths.begin(), paths.end());
  CaptureSequences result;
  for (const std::string& path : paths)
    if (auto reader = io::CaptureReader::open(path)) read_capture(path, **reader, packets, result);
  return result;
}

}  // namespace ctwin::test
