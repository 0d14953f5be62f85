#include "cli/output.h"

#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ctwin::cli {

volatile std::sig_atomic_t stop_signal = 0;
volatile std::sig_atomic_t reload_signal = 0;

namespace {

constexpr int kNotSupported = 524;  // the kernel's ENOTSUPP, which has no name here

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

Program::Program(std::string_view argv0) : path(argv0) {
  const std::string_view base = argv0.substr(argv0.rfind('/') + 1);
  const bool as_conntrack = base == "conntrack";
  name = as_conntrack ? "conntrack" : "ctwin";
  version = as_conntrack ? "conntrack v1.4.9 (ctwin " CTWIN_VERSION ")" : "ctwin v" CTWIN_VERSION;
  prefix = version + ": ";
}

void Output::flush() {
  if (held_) return;
  write_out({buffer_.data(), buffer_.size()});
  buffer_.clear();
}

void Output::write_error(std::string_view text) {
  flush();
  if (held_)
    errors_.push_back({buffer_.size(), std::string(text)});
  else
    write_all(STDERR_FILENO, text);
}

void Output::release() {
  held_ = false;
  const std::string_view text(buffer_.data(), buffer_.size());
  size_t at = 0;
  for (const HeldError& error : errors_) {
    write_out(text.substr(at, error.behind - at));
    at = error.behind;
    write_all(STDERR_FILENO, error.text);
  }
  write_out(text.substr(at));
  buffer_.clear();
  errors_.clear();
}

void Output::write_out(std::string_view text) {
  while (!text.empty() && error_ == 0) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0)
      text.remove_prefix(static_cast<size_t>(written));
    else if (errno != EINTR)
      error_ = errno;
  }
}

int Output::error() const { return error_ == EPIPE ? 0 : error_; }

void Messages::raw(std::string_view text) { output_.write_error(text); }

void Messages::say(std::string_view text) {
  raw(std::string(program_.prefix).append(text).append("\n"));
}

int Messages::report(const Problem& problem) {
  say(problem.text);
  if (problem.exit_code == kUsageProblem)
    raw("Try `" + program_.name + " -h' or '" + program_.name + " --help' for more information.\n");
  return problem.exit_code;
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = [](int number) { stop_signal = number; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

void stop_after(uint32_t milliseconds) {
  struct sigaction action {};
  action.sa_handler = [](int number) { stop_signal = number; };
  sigaction(SIGALRM, &action, nullptr);
  const itimerval timer{{}, {milliseconds / 1000, milliseconds % 1000 * 1000}};
  setitimer(ITIMER_REAL, &timer, nullptr);
}

void catch_reload() {
  struct sigaction action {};
  action.sa_handler = [](int number) { reload_signal = number; };
  sigaction(SIGHUP, &action, nullptr);
}

std::string explain_errno(int code, Command command, Table table) {
  const bool expect = table == Table::kExpect;
  const auto is = [&](auto... commands) { return !expect && ((command == commands) || ...); };
  if (code == kNotSupported && is(Command::kList)) return "function not implemented";
  // conntrack has no words of its own for the commands that came late to it.
  const bool early = !is(Command::kAdd, Command::kStats) &&
                     !(expect && (command == Command::kCount || command == Command::kStats));
  if (code == EINVAL && early) return "invalid parameters";
  if (code == EEXIST && is(Command::kCreate)) return "Such conntrack exists, try -U to update";
  if (code == ENOENT && is(Command::kCreate, Command::kGet, Command::kDelete, Command::kAdd))
    return "such conntrack doesn't exist";
  if (code == ENOMEM && is(Command::kCreate, Command::kGet, Command::kAdd))
    return "not enough memory";
  if (code == EAFNOSUPPORT && is(Command::kGet)) return "protocol not supported";
  if (code == ETIME && is(Command::kCreate, Command::kAdd)) return "conntrack has expired";
  if (code == ENOENT && expect && command == Command::kCreate) return "master conntrack not found";
  if (code == EPERM) return "sorry, you must be root or get CAP_NET_ADMIN capability to do this";
  return code == kNotSupported ? "Unknown error 524" : std::strerror(code);
}

}  // namespace ctwin::cli
