#include "live/loop.h"

#include <cerrno>
#include <utility>

namespace ctwin::live {

namespace {

/// What epoll hands back: the descriptor, and enough of its watch's serial to know it again.
uint64_t cookie(int fd, uint64_t serial) { return serial << 32 | static_cast<uint32_t>(fd); }

}  // namespace

Result<std::unique_ptr<Loop>> Loop::make() {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (epoll.get() < 0) return Error{errno, "cannot make an event loop"};
  return std::unique_ptr<Loop>(new Loop(std::move(epoll)));
}

Status Loop::watch(int fd, uint32_t events, Handler handler) {
  const uint64_t serial = ++last_serial_;
  epoll_event wanted{};
  wanted.events = events;
  wanted.data.u64 = cookie(fd, serial);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &wanted) < 0)
    return Error{errno, "cannot wait for a descriptor"};
  watches_[fd] = {serial, std::make_shared<Handler>(std::move(handler))};
  return {};
}

void Loop::change(int fd, uint32_t events) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  epoll_event wanted{};
  wanted.events = events;
  wanted.data.u64 = cookie(fd, found->second.serial);
  (void)epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &wanted);
}

void Loop::forget(int fd) {
  if (watches_.erase(fd) != 0) (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Status Loop::turn(int milliseconds) {
  Status waited = wait(milliseconds);
  dispatch();
  return waited;
}

Status Loop::wait(int milliseconds, const sigset_t* mask) {
  ready_count_ = 0;
  const int count =
      epoll_pwait(epoll_.get(), ready_.data(), static_cast<int>(ready_.size()), milliseconds, mask);
  if (count < 0) return errno == EINTR ? Status() : Status(Error{errno, "cannot wait"});
  ready_count_ = static_cast<size_t>(count);
  return {};
}

void Loop::dispatch() {
  const size_t count = std::exchange(ready_count_, 0);
  for (size_t i = 0; i < count; ++i) {
    const int fd = static_cast<int>(static_cast<uint32_t>(ready_[i].data.u64));
    const auto found = watches_.find(fd);
    // An earlier handler of this turn may have forgotten it.
    if (found == watches_.end() || cookie(fd, found->second.serial) != ready_[i].data.u64) continue;
    const std::shared_ptr<Handler> handler = found->second.handler;  // it may forget itself
    (*handler)(ready_[i].events);
  }
}

}  // namespace ctwin::live
