// Requests go to the kernel many at a time: counted by tracing the program.
#include <fcntl.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "space.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

constexpr unsigned kEntries = 1000;

[[noreturn]] void become_traced(int where, const std::vector<std::string>& words) {
  setns(where, CLONE_NEWNET);
  const std::string path = ctwin_path();
  std::vector<char*> argv{const_cast<char*>("ctwin")};
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const int nowhere = open("/dev/null", O_RDWR);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nowhere, fd);
  setenv("ASAN_OPTIONS", "detect_leaks=0", 1);  // its search for leaks wants to trace as well
  ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  execv(path.c_str(), argv.data());
  _exit(127);
}

/// Lets the stopped `pid` run to its next stop; false when it has ended, `status` says how.
bool next_stop(pid_t pid, int& status) {
  ptrace(PTRACE_SYSCALL, pid, nullptr, nullptr);
  return waitpid(pid, &status, 0) == pid && WIFSTOPPED(status);
}

/// How many times ctwin sends something, given these words; it must succeed.
unsigned sends(const Space& space, const std::vector<std::string>& words) {
  const pid_t pid = fork();
  if (pid == 0) become_traced(space.where().fd(), words);
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFSTOPPED(status));
  ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  unsigned count = 0;
  while (next_stop(pid, status)) {
    __ptrace_syscall_info info{};
    ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) continue;
    count += info.entry.nr == SYS_sendto || info.entry.nr == SYS_sendmsg;
  }
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  return count;
}

}  // namespace

TEST_CASE("a thousand entries are created, updated and deleted in few sends") {
  Space space;
  std::string lines;
  for (unsigned i = 0; i < kEntries; ++i) lines += udp_line("-A", i);
  const std::string file = write_file("load", lines);
  const unsigned creating = sends(space, {"-R", file});
  CHECK(creating > 0);
  CHECK(creating < 20);
  CHECK(space.entries().size() == kEntries);
  CHECK(sends(space, {"-R", file}) < 100);
  CHECK(sends(space, {"-U", "-p", "udp", "-m", "1"}) < 100);
  CHECK(sends(space, {"-D"}) < 20);
  CHECK(space.entries().empty());
}
