#include "live/loop.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>

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
  std::array<epoll_event, 64> ready;
  const int count =
      epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), milliseconds);
  if (count < 0) return errno == EINTR ? Status() : Status(Error{errno, "cannot wait"});
  for (int i = 0; i < count; ++i) {
    const int fd = static_cast<int>(static_cast<uint32_t>(ready[i].data.u64));
    const auto found = watches_.find(fd);
    // An earlier handler of this turn may have forgotten it.
    if (found == watches_.end() || cookie(fd, found->second.serial) != ready[i].data.u64) continue;
    const std::shared_ptr<Handler> handler = found->second.handler;  // it may forget itself
    (*handler)(ready[i].events);
  }
  return {};
}

}  // namespace ctwin::live
