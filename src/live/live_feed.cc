#include "live/live_feed.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>

#include "base/signals.h"

namespace ctwin::live {

namespace {

constexpr size_t kBatch = 32;
/// Batches of one device, or of captures, in a turn.
constexpr int kBatches = 8;
/// Nothing to do is looked for no longer than this.
constexpr uint64_t kLongestWait = 60'000'000'000;
constexpr uint64_t kMillisecond = 1'000'000;

/// What the clock on the wall says of a packet, unless somebody has set it.
uint64_t time_of(const io::CapturedPacket& packet, uint64_t now) {
  constexpr uint64_t kCredible = 1'000'000'000;
  return packet.time <= now && now - packet.time <= kCredible ? packet.time : now;
}

packet::ChecksumState stated_by(const io::CapturedPacket& packet) {
  return packet.checksum_not_ready ? packet::ChecksumState::kTrusted
                                   : packet::ChecksumState::kUnknown;
}

}  // namespace

// ---- who takes part ----

Status LiveFeed::add(std::unique_ptr<io::LiveDevice> device) {
  const int fd = device->fd();
  devices_.push_back(std::make_unique<Device>(Device{std::move(device), {}, false}));
  Device& added = *devices_.back();
  const uint32_t number = engine_.device(added.device->name());
  if (by_number_.size() <= number) by_number_.resize(number + 1);
  by_number_[number] = added.device.get();
  if (added.device->has_times()) lag_ = io::LiveDevice::kLargestDelay;
  return loop_.watch(fd, EPOLLIN, [this, &added](uint32_t) { read_device(added); });
}

void LiveFeed::pass_captures(io::CaptureFeed* captures) {
  captures_ = captures;
  if (captures_) captures_->do_not_wait();
}

void LiveFeed::end_with_reader_of(int fd) {
  // A file cannot be waited for, and has no reader that could go away.
  (void)loop_.watch(fd, 0, [this, fd](uint32_t) {
    loop_.forget(fd);
    reader_gone_ = true;
  });
}

// ---- a turn ----

bool LiveFeed::step() {
  if (Status waited = wait(); !waited) {
    failure_ = waited;
    return false;
  }
  tell_time();
  busy_ = false;
  loop_.dispatch();
  if (passing()) step_captures();
  if (tend_) tend_();
  if (options_.after_turn) options_.after_turn();
  return lives();
}

bool LiveFeed::lives() const {
  if (reader_gone_) return false;
  if (tend_ || passing()) return true;
  return std::ranges::any_of(devices_, [](const auto& device) { return !device->gone; });
}

Status LiveFeed::wait() {
  if (busy_) return loop_.wait(0);
  if (options_.before_wait) options_.before_wait();
  // A writer of captures is waited for like everybody else, for this once.
  const int writer = passing() ? captures_->waits_for() : -1;
  if (writer >= 0)
    if (Status watched = loop_.watch(writer, EPOLLIN, [](uint32_t) {}); !watched) return watched;
  Status waited;
  {
    const HeldSignals held;
    if (!options_.interrupted || !options_.interrupted())
      waited = loop_.wait(milliseconds_to_wait(), &held.before());
  }
  if (writer >= 0) loop_.forget(writer);
  return waited;
}

int LiveFeed::milliseconds_to_wait() const {
  if (!clock_) return 0;
  const uint64_t now = clock_->now_ns() - lag_;
  const uint64_t next = engine_.tracker().next_look_ns(now + kLongestWait);
  if (next <= now) return 0;
  return static_cast<int>((next - now + kMillisecond - 1) / kMillisecond);
}

void LiveFeed::tell_time() {
  if (!clock_ && devices_.empty() && passing() && captures_->waits_for() < 0) return;
  if (!clock_) clock_.emplace(engine_.now_ns() != 0 ? engine_.now_ns() : wall_clock_ns());
  // Packets of captures may be ahead.
  clock_->at_least(engine_.now_ns());
  engine_.advance(clock_->now_ns() - lag_);
}

void LiveFeed::step_captures() {
  for (int i = 0; i < kBatches; ++i) {
    const bool more = captures_->step();
    if (captures_->waits_for() >= 0) return;
    busy_ = true;
    captures_ended_ = !more;
    if (captures_ended_) return;
  }
}

// ---- packets ----

void LiveFeed::read_device(Device& device) {
  for (int i = 0; i < kBatches; ++i)
    if (pass_batch(device) < kBatch) return;
}

/// Reads what is there and lets it pass; answers how many packets that were.
size_t LiveFeed::pass_batch(Device& device) {
  std::array<io::CapturedPacket, kBatch> captured;
  const auto count = device.device->read(captured);
  if (!count) {
    lose(device, count.error());
    return 0;
  }
  const auto& names = device.device->interfaces();
  while (device.numbers.size() < names.size())
    device.numbers.push_back(engine_.device(names[device.numbers.size()]));
  const bool has_times = device.device->has_times();
  const bool finished = device.device->checksums_are_finished();
  const uint64_t now = clock_->now_ns();
  std::array<engine::RawPacket, kBatch> packets;
  for (size_t i = 0; i < *count; ++i) {
    const io::CapturedPacket& from = captured[i];
    packets[i] = {from.bytes,
                  from.wire_length,
                  device.numbers[from.interface],
                  has_times ? time_of(from, now) : now,
                  finished ? stated_by(from) : checksums_.judge(from),
                  from.ethernet,
                  from.direction == io::PacketDirection::kOutbound,
                  from.segment_size};
  }
  engine_.process(std::span(packets.data(), *count));
  packets_ += *count;
  busy_ |= *count == kBatch;
  return *count;
}

/// The others go on without it.
void LiveFeed::lose(Device& device, const Error& error) {
  loop_.forget(device.device->fd());
  device.gone = true;
  if (!lives())
    failure_ = error;
  else if (options_.remark)
    options_.remark(error.text);
}

void LiveFeed::depart(const engine::Departure& departure) {
  io::LiveDevice* const device =
      departure.device < by_number_.size() ? by_number_[departure.device] : nullptr;
  if (device) {
    device->write(departure);
    return;
  }
  if (lost_departures_.size() <= departure.device) lost_departures_.resize(departure.device + 1);
  ++lost_departures_[departure.device];
}

// ---- the end ----

void LiveFeed::say_last_words() {
  if (!options_.remark) return;
  for (const auto& device : devices_)
    if (const std::string words = device->device->last_words(); !words.empty())
      options_.remark(words);
  for (uint32_t number = 0; number < lost_departures_.size(); ++number)
    if (const uint64_t count = lost_departures_[number]; count != 0)
      options_.remark(std::to_string(count) + " packets left by " + engine_.device_name(number) +
                      ", which is no device of --tun");
}

Feed::Progress LiveFeed::progress() const { return {packets_, 0, 0, engine_.tracker().count()}; }

Status LiveFeed::status() const {
  if (!failure_.ok()) return failure_;
  return captures_ ? captures_->status() : Status();
}

}  // namespace ctwin::live
