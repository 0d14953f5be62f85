#include "ctnetlink/read_ahead.h"

#include <cerrno>

#include "base/signals.h"
#include "base/worker.h"
#include "netlink/message.h"

namespace ctwin::ctnetlink {

Result<std::span<const std::byte>> receive_answer(Backend& backend, std::span<std::byte> buffer) {
  for (;;) {
    auto datagram = backend.receive(buffer);
    if (datagram.ok() && datagram->empty()) return Error{ECONNRESET, "the table has gone away"};
    if (datagram.ok() || datagram.error().code != EINTR) return datagram;
  }
}

bool can_read_ahead(const Backend& backend) { return several_processors() && backend.fd() >= 0; }

ReadAhead::ReadAhead(Backend& backend, std::span<const std::byte> request, uint32_t sequence)
    : backend_(backend), request_(request.begin(), request.end()), sequence_(sequence) {
  const SignalsForCaller signals;
  thread_ = std::thread([this] { run(); });
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Result<std::span<const std::byte>> ReadAhead::next() {
  std::unique_lock lock(mutex_);
  if (holding_) {
    ++taken_;
    changed_.notify_all();
  }
  changed_.wait(lock, [&] { return filled_ != taken_; });
  holding_ = true;
  const Slot& slot = slots_[taken_ % slots_.size()];
  if (!slot.status) return slot.status.error();
  return std::span<const std::byte>(slot.buffer).first(slot.size);
}

void ReadAhead::run() {
  for (bool more = true; more;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return abandoned_ || filled_ - taken_ < slots_.size(); });
      // Nobody takes anything any more; the slot behind the one that is held may be overwritten.
      if (abandoned_ && filled_ - taken_ == slots_.size()) --filled_;
    }
    more = fill(slots_[filled_ % slots_.size()]);
    {
      const std::lock_guard lock(mutex_);
      ++filled_;
    }
    changed_.notify_all();
  }
}

bool ReadAhead::fill(Slot& slot) {
  if (!request_.empty()) {
    slot.status = backend_.send(request_);
    request_.clear();
    if (!slot.status) return false;
  }
  slot.buffer.resize(kDatagramBytes);
  const auto datagram = receive_answer(backend_, slot.buffer);
  slot.size = datagram ? datagram->size() : 0;
  slot.status = datagram ? Status() : Status(datagram.error());
  return slot.status.ok() && !ends_the_dump(*datagram);
}

bool ReadAhead::ends_the_dump(std::span<const std::byte> datagram) const {
  netlink::MessageReader reader(datagram);
  for (netlink::Message message; reader.next(message);)
    if (message.header.nlmsg_seq == sequence_ && (message.is_error() || message.is_done()))
      return true;
  return reader.malformed();
}

}  // namespace ctwin::ctnetlink
