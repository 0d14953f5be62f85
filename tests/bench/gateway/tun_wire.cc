// A wire between two TUN devices, for the bench of the gateway: what comes out of one goes into the
// other, as it is. It does what ctwin has to do to move a packet, and nothing else.
//
//   tun_wire DEVICE DEVICE
#include <poll.h>

#include <array>
#include <cstdio>

#include "io/tun.h"

using namespace ctwin;

namespace {

constexpr size_t kBatch = 32;

std::unique_ptr<io::TunDevice> open_device(const char* name) {
  auto device = io::TunDevice::open(name);
  if (device && (*device)->give_large(true).ok()) return std::move(*device);
  std::fprintf(stderr, "%s: %s\n", name, device ? "no long segments" : device.error().text.c_str());
  return nullptr;
}

/// False when the device is gone.
bool pass(io::TunDevice& from, io::TunDevice& to) {
  std::array<io::CapturedPacket, kBatch> packets;
  const auto count = from.read(packets);
  if (!count) return false;
  for (size_t i = 0; i < *count; ++i) {
    const io::CapturedPacket& packet = packets[i];
    const uint32_t l4_offset = packet.bytes[0] >> 4 == 4 ? (packet.bytes[0] & 0x0fu) * 4 : 40;
    to.write({0, 0, packet.bytes, packet.wire_length, packet.segment_size, l4_offset});
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: tun_wire DEVICE DEVICE\n", stderr);
    return 2;
  }
  const auto left = open_device(argv[1]), right = open_device(argv[2]);
  if (!left || !right) return 1;
  pollfd sources[] = {{left->fd(), POLLIN, 0}, {right->fd(), POLLIN, 0}};
  while (poll(sources, 2, -1) > 0) {
    if (sources[0].revents && !pass(*left, *right)) return 0;
    if (sources[1].revents && !pass(*right, *left)) return 0;
  }
  return 0;
}
