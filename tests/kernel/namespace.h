// Private network namespaces for tests, and programs that run inside them.
//
// A NetworkNamespace lives as long as its object. The standard streams of a program are files in
// memory: it never waits for its reader, and its output can be looked at while it grows. Nothing
// here sleeps; every wait is for an event and has a limit.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/posix.h"
#include "ctwin/result.h"

namespace ctwin::test {

/// The calling thread is in another network namespace as long as this lives.
class InsideNamespace {
 public:
  explicit InsideNamespace(int fd);
  InsideNamespace(const InsideNamespace&) = delete;
  InsideNamespace& operator=(const InsideNamespace&) = delete;
  ~InsideNamespace();

 private:
  UniqueFd home_;
};

class NetworkNamespace {
 public:
  /// A new namespace with its loopback device up; the caller stays where it is.
  static Result<NetworkNamespace> create();

  int fd() const { return fd_.get(); }

  /// Calls `function` from within.
  template <typename Function>
  auto inside(Function&& function) const {
    const InsideNamespace stay(fd());
    return function();
  }

  /// `name` with slashes: "net/netfilter/nf_conntrack_acct".
  Status set_sysctl(std::string_view name, std::string_view value) const;

 private:
  explicit NetworkNamespace(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

struct Program {
  std::string path;
  std::vector<std::string> words;  ///< argv, the program's own name first
  std::string input;
  bool privileged = true;                     ///< false: user 0 still, but without any capability
  std::vector<std::string> environment = {};  ///< NAME=VALUE, besides the usual
};

struct Ended {
  std::string output;
  std::string errors;
  int exit_code = 0;
  int signal = 0;     ///< not 0: it was killed by this signal
  bool late = false;  ///< it did not end in time, and was killed for that
};

/// A running program. An object that goes away takes its program with it.
class Child {
 public:
  static Result<Child> start(const Program& program, const NetworkNamespace& where);
  Child(Child&&) = default;
  Child& operator=(Child&&) = default;
  ~Child();

  pid_t pid() const { return process_.id; }
  bool ended() const;
  /// Waits for the end, kills at the limit, and collects.
  Ended finish(int limit_ms);
  void send_signal(int number) const;

  /// It is subscribed to netlink events and has nothing left to read: it waits for more. No other
  /// program may listen in its namespace.
  bool listens_and_waits(const NetworkNamespace& where) const;
  /// It waits in a system call that receives from a socket: nothing is there to be read.
  bool waits_to_receive() const;

 private:
  struct Process {
    explicit Process(pid_t pid) : id(pid) {}
    Process(Process&& other) noexcept : id(std::exchange(other.id, 0)) {}
    Process& operator=(Process&& other) noexcept {
      std::swap(id, other.id);
      return *this;
    }
    pid_t id;
  };
  Child(pid_t pid, UniqueFd handle, UniqueFd output, UniqueFd errors)
      : process_(pid),
        handle_(std::move(handle)),
        output_(std::move(output)),
        errors_(std::move(errors)) {}

  Process process_;
  UniqueFd handle_;  ///< a pidfd, readable at the end
  UniqueFd output_;
  UniqueFd errors_;
};

/// All threads of a process sleep. The first one is looked at last: what the others hand over to it
/// wakes it before they go to sleep.
bool is_asleep(pid_t pid);

/// Starts the program and waits for it.
Result<Ended> run(const Program& program, const NetworkNamespace& where, int limit_ms = 20'000);

/// A folder that vanishes with the object, and that only this process and its children see; `etc`
/// is what they see as /etc: everything of the real one by links, plus what the test writes there.
class PrivateFolder {
 public:
  static Result<PrivateFolder> create();
  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  ~PrivateFolder();

  const std::string& path() const { return path_; }

 private:
  explicit PrivateFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

Status write_text(const std::string& path, std::string_view text);
std::string read_text(const std::string& path);  ///< empty if it cannot be read

}  // namespace ctwin::test
