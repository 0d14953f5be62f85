// Receives events, and does nothing else: a thread that takes datagrams off a conversation as fast
// as they come, so that the answerer's buffer stays empty while events are printed.
//
// Datagrams wait in chunks, in the order in which they came, until the caller takes them. All of
// them together take no more than a given number of bytes; when that is reached the thread leaves
// further ones in the answerer's buffer until room is made. What overflows there is reported in
// its place: the answerer drops everything from the first message that does not fit until its
// buffer has been read empty, so the report stands behind what had been in the buffer, and from
// there on nothing is missing.
//
// While an EventReader lives nobody else may use the conversation.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "base/posix.h"
#include "ctwin/backend.h"

namespace ctwin::ctnetlink {

class EventReader {
 public:
  enum class Kind : uint32_t {
    kDatagram,
    kLost,      ///< events were lost here; `number` in all, since the beginning
    kCaughtUp,  ///< see `mark`
    kFailed,    ///< the conversation is over, see `failure`
  };
  struct Item {
    Kind kind = Kind::kDatagram;
    std::span<const std::byte> datagram;
    uint64_t number = 0;
  };

  class Chunk;
  /// What was taken; gives out its items once, in order.
  class Batch {
   public:
    Batch();
    ~Batch();
    bool next(Item& item);

   private:
    friend class EventReader;
    std::deque<std::unique_ptr<Chunk>> chunks_;
    size_t at_ = 0;
  };

  /// The backend has a descriptor (Backend::fd); `most_bytes` is what may wait here.
  EventReader(Backend& backend, size_t most_bytes);
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;
  ~EventReader();

  /// Readable, for poll(2), when something can be taken, once `take` has found nothing.
  int fd() const { return ready_.get(); }

  /// All that has come since the last call; items of earlier batches are gone. False when there is
  /// nothing.
  bool take(Batch& batch);

  /// Puts a kCaughtUp among the items as soon as nothing waits in the answerer's buffer: what
  /// happened before this call stands in front of it.
  void mark();

  /// Why the conversation is over, once kFailed has been taken.
  const Error& failure() const { return failure_; }

  /// Ends the thread. What it has received can still be taken.
  void stop();

 private:
  void run();
  bool receive_one();
  void when_drained();
  void append_mark(Kind kind, uint64_t number);
  void hand_over();
  void wait_for_more();

  Backend& backend_;
  const size_t most_bytes_;
  UniqueFd ready_;  ///< an eventfd: the queue has something
  UniqueFd wake_;   ///< an eventfd: the thread is to look at `stop_` and `mark_`

  // The thread's own.
  std::unique_ptr<Chunk> current_;
  bool losing_ = false;
  Error failure_;

  std::atomic<bool> hungry_ = true;  ///< the queue was found empty
  std::atomic<bool> stop_ = false;
  std::atomic<bool> mark_ = false;
  std::mutex mutex_;
  std::condition_variable room_;
  std::deque<std::unique_ptr<Chunk>> queue_;
  size_t queued_bytes_ = 0;
  std::thread thread_;
};

}  // namespace ctwin::ctnetlink
