#include "io/merge.h"

#include <algorithm>

namespace ctwin::io {

namespace {

/// Packets that are taken from a file at a time.
constexpr size_t kBatch = 64;

}  // namespace

void CaptureMerger::add(std::unique_ptr<CaptureReader> reader,
                        std::optional<std::string> interface) {
  Source source;
  source.reader = std::move(reader);
  if (interface) source.forced = interface_index(*interface);
  source.packets.resize(kBatch);
  exhausted_.push_back(sources_.size());
  sources_.push_back(std::move(source));
}

uint32_t CaptureMerger::interface_index(const std::string& name) {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) {
    names_.push_back(name);
    return static_cast<uint32_t>(names_.size() - 1);
  }
  return static_cast<uint32_t>(found - names_.begin());
}

/// From the reader's interfaces to ours.
void CaptureMerger::translate(Source& source, std::span<CapturedPacket> packets) {
  if (source.forced) {
    for (CapturedPacket& packet : packets) packet.interface = *source.forced;
    return;
  }
  const auto& names = source.reader->interfaces();
  while (source.interfaces.size() < names.size())
    source.interfaces.push_back(interface_index(names[source.interfaces.size()]));
  for (CapturedPacket& packet : packets) packet.interface = source.interfaces[packet.interface];
}

size_t CaptureMerger::read_one_file(Source& source, std::span<CapturedPacket> packets) {
  const bool was_damaged = source.reader->damage().has_value();
  const size_t count = source.reader->read(packets);
  translate(source, packets.first(count));
  if (!was_damaged && source.reader->damage()) damage_.push_back(*source.reader->damage());
  return count;
}

/// Puts the sources that have packets again into the heap; false when one of them has none yet.
bool CaptureMerger::refill() {
  const auto later = [this](size_t a, size_t b) { return is_later(a, b); };
  waits_for_ = -1;
  std::erase_if(exhausted_, [&](size_t i) {
    Source& source = sources_[i];
    source.next = 0;
    source.count = read_one_file(source, source.packets);
    if (source.is_empty() && source.reader->waits_for() >= 0) {
      waits_for_ = source.reader->waits_for();
      return false;
    }
    if (source.is_empty()) return true;
    heap_.push_back(i);
    std::push_heap(heap_.begin(), heap_.end(), later);
    return true;
  });
  return waits_for_ < 0;
}

/// Order of the heap, which has its greatest in front: time, then the files' order.
bool CaptureMerger::is_later(size_t a, size_t b) const {
  const uint64_t time_a = sources_[a].packets[sources_[a].next].time;
  const uint64_t time_b = sources_[b].packets[sources_[b].next].time;
  return time_a != time_b ? time_a > time_b : a > b;
}

void CaptureMerger::do_not_wait() {
  for (Source& source : sources_) source.reader->do_not_wait();
}

/// Stops at the last packet that a file has ready: asking it for more would take the bytes of those
/// that are handed out here.
size_t CaptureMerger::read(std::span<CapturedPacket> packets) {
  if (sources_.size() == 1) {
    const size_t count = read_one_file(sources_[0], packets);
    waits_for_ = count == 0 ? sources_[0].reader->waits_for() : -1;
    return count;
  }
  const auto later = [this](size_t a, size_t b) { return is_later(a, b); };
  if (!refill()) return 0;
  size_t count = 0;
  while (count < packets.size() && !heap_.empty() && exhausted_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const size_t earliest = heap_.back();
    Source& source = sources_[earliest];
    packets[count++] = source.packets[source.next++];
    if (source.is_empty()) {
      heap_.pop_back();
      exhausted_.push_back(earliest);
    } else {
      std::push_heap(heap_.begin(), heap_.end(), later);
    }
  }
  return count;
}

CaptureCounts CaptureMerger::counts() const {
  CaptureCounts sum;
  bool sizes_known = true;
  for (const Source& source : sources_) {
    const CaptureCounts& counts = source.reader->counts();
    sum.packets += counts.packets;
    sum.not_ip += counts.not_ip;
    sum.bytes_read += counts.bytes_read;
    sum.file_size += counts.file_size;
    sizes_known = sizes_known && counts.file_size != 0;
  }
  if (!sizes_known) sum.file_size = 0;
  return sum;
}

}  // namespace ctwin::io
