#include "fuzz/fuzz.h"
#include "packet/checksum.h"

namespace ctwin::fuzz {

void repair_checksum(std::vector<uint8_t>& bytes) {
  if (bytes.size() < 20 || bytes[0] >> 4 != 4) return;
  const size_t header = (bytes[0] & 0x0fu) * 4;
  if (header < 20 || header > bytes.size()) return;
  bytes[10] = bytes[11] = 0;
  const uint16_t sum = packet::fold_checksum(packet::add_checksum({bytes.data(), header}, 0));
  bytes[10] = static_cast<uint8_t>(sum >> 8);
  bytes[11] = static_cast<uint8_t>(sum);
}

}  // namespace ctwin::fuzz
