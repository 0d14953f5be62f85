// Datagrams that wait to be received, with the engine time at which each was made.
//
// A queue behaves as the kernel's netlink sockets do when it has no room left: the datagram is
// lost, and so is everything that comes until the reader has emptied the queue; the reader learns
// of it once. Memory grows with what waits, up to the bound; when all is read, much of it is given
// back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ctwin::engine {

class DatagramQueue {
 public:
  /// `room` is the bound in bytes.
  explicit DatagramQueue(size_t room) : room_(room) {}

  /// Space for a datagram of up to `size` bytes, to be written and then committed; empty when
  /// there is no room, which counts as a loss.
  std::span<std::byte> reserve(size_t size);
  /// The first `size` bytes of the space reserved last are a datagram made at `time`.
  void commit(size_t size, uint64_t time);
  /// Adds a copy.
  void push(std::span<const std::byte> datagram, uint64_t time);
  /// The same, though there is no room: what must not be lost, and is little.
  void force(std::span<const std::byte> datagram, uint64_t time);

  struct Datagram {
    std::span<const std::byte> bytes;
    uint64_t time = 0;  ///< ns since the epoch
  };

  bool empty() const { return head_ == tail_; }
  /// The datagram that has waited longest; the queue is not empty. Valid until the next change.
  Datagram front() const;
  void pop();

  /// Was anything lost since this was last asked?
  bool take_overrun();
  bool overrun() const { return overrun_; }
  /// Bytes in use, of the room.
  size_t waiting() const { return tail_ - head_; }
  uint64_t lost() const { return lost_; }
  void set_room(size_t room) { room_ = room; }

 private:
  struct Header {
    uint64_t time;
    uint64_t size;
  };

  Header header() const;
  std::span<std::byte> make_space(size_t size);
  void copy(std::span<const std::byte> datagram, std::span<std::byte> space, uint64_t time);

  size_t room_;
  std::vector<std::byte> bytes_;  ///< headers and datagrams in [head_, tail_), each padded to 8
  size_t head_ = 0;
  size_t tail_ = 0;
  uint64_t lost_ = 0;
  bool congested_ = false;
  bool overrun_ = false;
};

}  // namespace ctwin::engine
