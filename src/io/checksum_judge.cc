#include "io/checksum_judge.h"

#include "packet/checksum.h"

namespace ctwin::io {

packet::ChecksumState ChecksumJudge::judge(const CapturedPacket& captured) {
  if (checksums_ == Checksums::kVerify) return packet::ChecksumState::kUnknown;
  if (checksums_ == Checksums::kIgnore) return packet::ChecksumState::kTrusted;
  packet::Packet packet;
  const bool plain = packet::parse_packet(captured.bytes, packet) == packet::ParseResult::kOk;
  const bool offloaded = captured.checksum_not_ready || (plain && packet::looks_offloaded(packet));
  offloaded_ += offloaded;
  return offloaded ? packet::ChecksumState::kTrusted : packet::ChecksumState::kUnknown;
}

}  // namespace ctwin::io
