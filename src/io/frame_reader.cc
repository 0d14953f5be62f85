#include "io/frame_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ctwin::io {

FrameReader::FrameReader(ByteStream stream, std::string name)
    : stream_(std::move(stream)), name_(std::move(name)) {
  counts_.file_size = stream_.file_size();
}

size_t FrameReader::read(std::span<CapturedPacket> packets) {
  size_t count = 0;
  Frame frame;
  while (count < packets.size() && !damage_ && next_frame(frame, count == 0)) {
    ++counts_.packets;
    if (frame.readable && deliver(frame, packets[count]))
      ++count;
    else
      ++counts_.not_ip;
  }
  counts_.bytes_read = stream_.offset();
  return count;
}

bool FrameReader::deliver(const Frame& frame, CapturedPacket& packet) {
  LinkHeader header;
  if (!read_link_header(frame.link_type, frame.bytes, header)) return false;
  constexpr size_t kEthernetHeader = 14;
  packet.bytes = frame.bytes.subspan(header.size);
  packet.ethernet = frame.link_type == LinkType::kEthernet ? frame.bytes.first(kEthernetHeader)
                                                           : std::span<const uint8_t>();
  // Some writers give a length on the wire that is less than what they captured.
  packet.wire_length =
      std::max(frame.wire_length, static_cast<uint32_t>(frame.bytes.size())) - header.size;
  packet.time = frame.time;
  packet.interface = frame.interface;
  if (!frame.one_interface && header.interface_index != 0)
    packet.interface = interface_of_system(header.interface_index, frame.interface);
  packet.direction =
      frame.direction == PacketDirection::kUnknown ? header.direction : frame.direction;
  packet.checksum_not_ready = frame.checksum_not_ready;
  packet.vlan = header.vlan;
  return true;
}

bool FrameReader::need(size_t size, bool may_read, const char* what) {
  if (stream_.available() >= size) return true;
  if (!may_read) return false;
  if (stream_.have(size)) return true;
  if (stream_.waits()) return false;
  if (stream_.failure() != 0)
    return fail(stream_.offset(), fmt::format("cannot read: {}", std::strerror(stream_.failure())));
  if (stream_.available() == 0) return false;
  return fail(stream_.offset(),
              fmt::format("the file ends inside of a {}: {} bytes of {} are there", what,
                          stream_.available(), size));
}

bool FrameReader::fail(uint64_t offset, const std::string& what) {
  damage_ = Error{EINVAL, fmt::format("{}: offset {}: {}", name_, offset, what)};
  return false;
}

bool FrameReader::find_interface(const std::string& name, uint32_t& index) {
  const auto found = std::find(names_.begin(), names_.end(), name);
  index = static_cast<uint32_t>(found - names_.begin());
  if (found != names_.end()) return true;
  if (names_.size() == kMaxInterfaces) return false;
  names_.push_back(name);
  return true;
}

/// What is past the limit stays with the interface of the file.
uint32_t FrameReader::interface_of_system(uint32_t number, uint32_t otherwise) {
  for (const auto& [known, index] : by_number_)
    if (known == number) return index;
  uint32_t index;
  if (!find_interface(fmt::format("if{}", number), index)) return otherwise;
  by_number_.emplace_back(number, index);
  return index;
}

}  // namespace ctwin::io
