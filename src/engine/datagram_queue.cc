#include "engine/datagram_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ctwin::engine {

namespace {

/// Memory that an empty queue keeps for the next datagrams.
constexpr size_t kKept = size_t{1} << 20;

constexpr size_t padded(size_t size) { return (size + 7) & ~size_t{7}; }

}  // namespace

std::span<std::byte> DatagramQueue::reserve(size_t size) {
  if (congested_ || tail_ - head_ + sizeof(Header) + padded(size) > room_) {
    congested_ = overrun_ = true;
    ++lost_;
    return {};
  }
  return make_space(size);
}

std::span<std::byte> DatagramQueue::make_space(size_t size) {
  const size_t needed = sizeof(Header) + padded(size);
  if (tail_ + needed > bytes_.size() && head_ > bytes_.size() / 2) {
    std::memmove(bytes_.data(), bytes_.data() + head_, tail_ - head_);
    tail_ -= head_;
    head_ = 0;
  }
  if (tail_ + needed > bytes_.size()) bytes_.resize(std::max(bytes_.size() * 2, tail_ + needed));
  return std::span(bytes_).subspan(tail_ + sizeof(Header), size);
}

void DatagramQueue::commit(size_t size, uint64_t time) {
  const Header header{time, size};
  std::memcpy(bytes_.data() + tail_, &header, sizeof header);
  tail_ += sizeof header + padded(size);
}

void DatagramQueue::push(std::span<const std::byte> datagram, uint64_t time) {
  const std::span<std::byte> space = reserve(datagram.size());
  if (space.size() == datagram.size()) copy(datagram, space, time);
}

void DatagramQueue::force(std::span<const std::byte> datagram, uint64_t time) {
  copy(datagram, make_space(datagram.size()), time);
}

void DatagramQueue::copy(std::span<const std::byte> datagram, std::span<std::byte> space,
                         uint64_t time) {
  std::copy(datagram.begin(), datagram.end(), space.begin());
  commit(datagram.size(), time);
}

DatagramQueue::Header DatagramQueue::header() const {
  Header header;
  std::memcpy(&header, bytes_.data() + head_, sizeof header);
  return header;
}

DatagramQueue::Datagram DatagramQueue::front() const {
  const Header first = header();
  return {std::span(bytes_).subspan(head_ + sizeof first, first.size), first.time};
}

void DatagramQueue::pop() {
  head_ += sizeof(Header) + padded(header().size);
  if (head_ != tail_) return;
  head_ = tail_ = 0;
  if (bytes_.size() > kKept) bytes_ = {};
  congested_ = false;
}

bool DatagramQueue::take_overrun() {
  if (head_ == tail_) congested_ = false;
  return std::exchange(overrun_, false);
}

}  // namespace ctwin::engine
