// The event loop of an engine that lives: descriptors, and who is called when one is ready.
//
// One thread, one turn after the other. A turn waits until a descriptor is ready or its time is up,
// then calls the handlers of those that are. A handler may watch, change and forget any descriptor,
// its own included.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "base/posix.h"
#include "ctwin/result.h"

namespace ctwin::live {

class Loop {
 public:
  /// `events` are those of epoll(7): EPOLLIN, EPOLLOUT, and EPOLLHUP and EPOLLERR unasked.
  using Handler = std::function<void(uint32_t events)>;

  static Result<std::unique_ptr<Loop>> make();

  /// Calls `handler` whenever one of `events` holds for `fd`, which stays its owner's.
  Status watch(int fd, uint32_t events, Handler handler);
  /// Changes the events that are waited for.
  void change(int fd, uint32_t events);
  /// To be called before the descriptor is closed.
  void forget(int fd);

  /// Waits for up to `milliseconds`, without an end if that is negative, and calls the handlers of
  /// what is ready. A signal ends the wait early and is no error.
  Status turn(int milliseconds);

  /// The two halves of a turn, for who has something to do between them. With `mask` only the
  /// signals outside of it can end the wait.
  Status wait(int milliseconds, const sigset_t* mask = nullptr);
  void dispatch();

 private:
  explicit Loop(UniqueFd epoll) : epoll_(std::move(epoll)) {}

  struct Watch {
    uint64_t serial;  ///< tells a descriptor from an earlier one of the same number
    std::shared_ptr<Handler> handler;
  };

  UniqueFd epoll_;
  std::unordered_map<int, Watch> watches_;
  uint64_t last_serial_ = 0;
  std::array<epoll_event, 64> ready_;
  size_t ready_count_ = 0;
};

}  // namespace ctwin::live
