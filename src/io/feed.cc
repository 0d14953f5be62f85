#include "io/feed.h"

#include <sys/stat.h>

#include <array>

namespace ctwin::io {

namespace {

constexpr size_t kBatch = 32;

}  // namespace

std::pair<std::optional<std::string>, std::string> split_capture(const std::string& capture) {
  const size_t equals = capture.find('=');
  struct stat found;
  if (equals == std::string::npos || equals == 0 || stat(capture.c_str(), &found) == 0)
    return {std::nullopt, capture};
  return {capture.substr(0, equals), capture.substr(equals + 1)};
}

Status CaptureFeed::add(const std::string& capture) {
  auto [interface, path] = split_capture(capture);
  auto reader = CaptureReader::open(path);
  if (!reader) return reader.error();
  merger_.add(std::move(*reader), std::move(interface));
  return {};
}

bool CaptureFeed::step() {
  std::array<CapturedPacket, kBatch> captured;
  const size_t count = merger_.read(captured);
  if (count == 0) return waits_for() >= 0 || (options_.run_out && run_out());
  while (devices_.size() < merger_.interfaces().size())
    devices_.push_back(engine_.device(merger_.interfaces()[devices_.size()]));
  std::array<engine::RawPacket, kBatch> packets;
  for (size_t i = 0; i < count; ++i) {
    const CapturedPacket& from = captured[i];
    packets[i] = {from.bytes,
                  from.wire_length,
                  devices_[from.interface],
                  from.time,
                  checksums_.judge(from),
                  from.ethernet,
                  from.direction == PacketDirection::kOutbound};
  }
  remark_offloaded();
  engine_.process(std::span(packets.data(), count));
  return true;
}

void CaptureFeed::remark_offloaded() {
  if (checksums_.offloaded() == 0 || said_offloaded_ || !options_.remark) return;
  said_offloaded_ = true;
  options_.remark(
      "the capture was taken where checksums are offloaded: unfinished ones count as "
      "right (--checksum=verify checks them)");
}

/// Lets a little time pass, so that the events of entries that expire together can be read before
/// those of the next; false once the table is empty.
bool CaptureFeed::run_out() {
  constexpr uint64_t kSlice = 1'000'000'000;
  if (engine_.tracker().count() == 0) return false;
  engine_.advance(engine_.now_ns() + kSlice);
  return true;
}

Feed::Progress CaptureFeed::progress() const {
  const CaptureCounts counts = merger_.counts();
  return {counts.packets, counts.bytes_read, counts.file_size, engine_.tracker().count()};
}

Status CaptureFeed::status() const {
  if (merger_.damage().empty()) return {};
  std::string text;
  for (const Error& error : merger_.damage()) text += (text.empty() ? "" : "; ") + error.text;
  return Error{merger_.damage().front().code, text};
}

}  // namespace ctwin::io
