// A file of any bytes is read as a capture: packet by packet and in batches, as a file and as a
// pipe, with the same packets and the same complaint.
//
//   input := the file
#include <vector>

#include "fuzz/fuzz.h"
#include "io/capture_reader.h"
#include "support/capture_builder.h"

using namespace ctwin;

namespace {

/// What there is to say of a capture: one line a packet.
std::string describe(UniqueFd fd, size_t batch) {
  auto reader = io::CaptureReader::open(std::move(fd), "FILE");
  if (!reader) return reader.error().text;
  std::string text;
  std::vector<io::CapturedPacket> packets(batch);
  while (const size_t count = (*reader)->read(packets)) {
    for (size_t i = 0; i < count; ++i) {
      const io::CapturedPacket& packet = packets[i];
      uint32_t sum = 0;
      for (const uint8_t byte : packet.bytes) sum = sum * 31 + byte;
      if (packet.wire_length < packet.bytes.size())
        fuzz::fail("shorter than what was captured", std::to_string(packet.wire_length),
                   std::to_string(packet.bytes.size()));
      for (const uint64_t number :
           {uint64_t{packet.bytes.size()}, uint64_t{packet.wire_length}, packet.time,
            uint64_t{packet.vlan}, static_cast<uint64_t>(packet.direction),
            uint64_t{packet.checksum_not_ready}, uint64_t{sum}})
        text += std::to_string(number) + " ";
      text += (*reader)->interfaces().at(packet.interface) + "\n";
    }
  }
  const io::CaptureCounts& counts = (*reader)->counts();
  text += std::to_string(counts.packets) + " " + std::to_string(counts.not_ip) + "\n";
  return text + ((*reader)->damage() ? (*reader)->damage()->text : "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kFitsIntoPipe = 32768;
  const test::Bytes bytes(data, data + size);
  const std::string one = describe(test::file_of(bytes), 1);
  const std::string many = describe(test::file_of(bytes), 16);
  if (one != many) fuzz::fail("a batch differs from its packets", many, one);
  if (size > kFitsIntoPipe) return 0;
  const std::string piped = describe(test::pipe_of(bytes), 16);
  if (one != piped) fuzz::fail("a pipe differs from a file", piped, one);
  return 0;
}
