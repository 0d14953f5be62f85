// Signals that wait until somebody is ready for them, or for the thread that they are for.
#pragma once

#include <csignal>
#include <initializer_list>

namespace ctwin {

/// SIGINT, SIGTERM, SIGALRM and SIGHUP do not arrive while this lives, but in a wait that is given
/// the mask of `before`: so that none is lost between a look at what their handlers noted and the
/// wait.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t held;
    sigemptyset(&held);
    for (const int number : {SIGINT, SIGTERM, SIGALRM, SIGHUP}) sigaddset(&held, number);
    sigprocmask(SIG_BLOCK, &held, &before_);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

  const sigset_t& before() const { return before_; }

 private:
  sigset_t before_;
};

/// While this lives, threads that are started take no signals: they are for the one that waits to
/// be told to stop.
class SignalsForCaller {
 public:
  SignalsForCaller() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsForCaller(const SignalsForCaller&) = delete;
  SignalsForCaller& operator=(const SignalsForCaller&) = delete;
  ~SignalsForCaller() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace ctwin
