#include "ctnetlink/event_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/signals.h"
#include "ctnetlink/read_ahead.h"

namespace ctwin::ctnetlink {

namespace {

constexpr size_t kChunkBytes = 4 * kDatagramBytes;

struct ItemHeader {
  EventReader::Kind kind;
  uint32_t size;    ///< of the datagram
  uint64_t number;  ///< for other kinds
};

void signal(const UniqueFd& event) {
  const uint64_t one = 1;
  (void)!write(event.get(), &one, sizeof one);
}

void reset(const UniqueFd& event) {
  uint64_t count;
  (void)!read(event.get(), &count, sizeof count);
}

size_t padded(size_t size) { return (size + alignof(ItemHeader) - 1) & ~(alignof(ItemHeader) - 1); }

}  // namespace

/// Items back to back, each behind its header.
class EventReader::Chunk {
 public:
  bool empty() const { return used_ == 0; }
  size_t used() const { return used_; }
  bool has_room() const { return kChunkBytes - used_ >= sizeof(ItemHeader) + kDatagramBytes; }
  std::span<std::byte> room() const {
    return {bytes_.get() + used_ + sizeof(ItemHeader), kDatagramBytes};
  }

  /// The item whose datagram, if it has one, is in `room` already.
  void append(const ItemHeader& header) {
    std::memcpy(bytes_.get() + used_, &header, sizeof header);
    used_ += sizeof header + padded(header.size);
  }

  bool read(size_t& at, Item& item) const {
    if (at == used_) return false;
    ItemHeader header;
    std::memcpy(&header, bytes_.get() + at, sizeof header);
    item = {header.kind, {bytes_.get() + at + sizeof header, header.size}, header.number};
    at += sizeof header + padded(header.size);
    return true;
  }

 private:
  std::unique_ptr<std::byte[]> bytes_{new std::byte[kChunkBytes]};
  size_t used_ = 0;
};

EventReader::Batch::Batch() = default;
EventReader::Batch::~Batch() = default;

bool EventReader::Batch::next(Item& item) {
  while (!chunks_.empty()) {
    if (chunks_.front()->read(at_, item)) return true;
    chunks_.pop_front();
    at_ = 0;
  }
  return false;
}

EventReader::EventReader(Backend& backend, size_t most_bytes)
    : backend_(backend),
      most_bytes_(most_bytes),
      ready_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      current_(std::make_unique<Chunk>()) {
  const int flags = fcntl(backend_.fd(), F_GETFL);
  (void)fcntl(backend_.fd(), F_SETFL, flags | O_NONBLOCK);
  const SignalsForCaller signals;
  thread_ = std::thread([this] { run(); });
}

EventReader::~EventReader() { stop(); }

void EventReader::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  room_.notify_all();
  signal(wake_);
  thread_.join();
}

void EventReader::mark() {
  mark_ = true;
  signal(wake_);
}

bool EventReader::take(Batch& batch) {
  const std::lock_guard lock(mutex_);
  reset(ready_);
  batch.chunks_.clear();
  batch.at_ = 0;
  batch.chunks_.swap(queue_);
  queued_bytes_ = 0;
  room_.notify_all();
  if (!batch.chunks_.empty()) return true;
  hungry_ = true;
  signal(wake_);  // for a chunk that is not full, and would not be handed over to a busy caller
  return false;
}

void EventReader::run() {
  while (!stop_) {
    if (!receive_one()) break;
    if (!current_->has_room() || hungry_) hand_over();
  }
  hand_over();
}

/// One datagram, or a wait for one; false when there will be no more.
bool EventReader::receive_one() {
  const auto datagram = backend_.receive(current_->room());
  if (datagram && !datagram->empty()) {
    current_->append({Kind::kDatagram, static_cast<uint32_t>(datagram->size()), 0});
    return true;
  }
  const int code = datagram ? ECONNRESET : datagram.error().code;
  if (code == EINTR) return true;
  if (code == ENOBUFS) {
    losing_ = true;
    return true;
  }
  if (code != EAGAIN) {
    failure_ = datagram ? Error{ECONNRESET, "the table has gone away"} : datagram.error();
    append_mark(Kind::kFailed, 0);
    return false;
  }
  when_drained();
  return true;
}

/// Nothing waits to be received.
void EventReader::when_drained() {
  if (losing_) append_mark(Kind::kLost, backend_.lost());
  losing_ = false;
  if (mark_.exchange(false)) append_mark(Kind::kCaughtUp, 0);
  if (hungry_) hand_over();
  wait_for_more();
}

void EventReader::append_mark(Kind kind, uint64_t number) {
  if (!current_->has_room()) hand_over();
  current_->append({kind, 0, number});
}

void EventReader::wait_for_more() {
  pollfd sources[] = {{backend_.fd(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  (void)poll(sources, 2, -1);
  if (sources[1].revents != 0) reset(wake_);
}

/// Makes what was received available, and waits while too much of it is left lying.
void EventReader::hand_over() {
  if (current_->empty()) return;
  std::unique_lock lock(mutex_);
  room_.wait(lock, [&] {
    return stop_ || queued_bytes_ == 0 || queued_bytes_ + current_->used() <= most_bytes_;
  });
  queued_bytes_ += current_->used();
  queue_.push_back(std::move(current_));
  hungry_ = false;
  lock.unlock();
  signal(ready_);
  current_ = std::make_unique<Chunk>();
}

}  // namespace ctwin::ctnetlink
