// Receives ahead: a thread takes the datagrams of a dump off a conversation while the caller works
// on earlier ones, so that a listing takes as long as the slower of the two and not as both.
//
// The datagrams wait in a ring of a fixed number of buffers; when it is full the thread waits, and
// with it the answerer, which makes a dump only as it is read. The thread ends itself behind the
// message that ends the dump, or with an error. Until then nobody else may use the conversation.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "ctwin/backend.h"

namespace ctwin::ctnetlink {

constexpr size_t kDatagramBytes = 1 << 16;  ///< the kernel's dumps fill at most 32 KiB

/// Waits for one datagram of an answer. A signal is no reason to give up an answer that is on its
/// way, and an empty datagram says that nobody is there any more.
Result<std::span<const std::byte>> receive_answer(Backend& backend, std::span<std::byte> buffer);

class ReadAhead {
 public:
  /// Sends `request`, if it has any bytes, and receives until a message with this sequence number
  /// ends the dump.
  ReadAhead(Backend& backend, std::span<const std::byte> request, uint32_t sequence);
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  /// Waits for the end of the dump; what was not taken is thrown away.
  ~ReadAhead();

  /// The next datagram, valid until the next call. Not to be called behind the end or an error.
  Result<std::span<const std::byte>> next();

 private:
  struct Slot {
    std::vector<std::byte> buffer;
    size_t size = 0;
    Status status;
  };

  void run();
  /// Receives into `slot`; false when nothing will follow.
  bool fill(Slot& slot);
  bool ends_the_dump(std::span<const std::byte> datagram) const;

  Backend& backend_;
  std::vector<std::byte> request_;
  const uint32_t sequence_;

  std::array<Slot, 32> slots_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t filled_ = 0;  ///< slots filled since the beginning
  size_t taken_ = 0;   ///< slots given back since the beginning
  bool holding_ = false;
  bool abandoned_ = false;
  std::thread thread_;
};

/// Whether a second thread can do any good here: the conversation waits for somebody else, and
/// there is more than one processor.
bool can_read_ahead(const Backend& backend);

}  // namespace ctwin::ctnetlink
