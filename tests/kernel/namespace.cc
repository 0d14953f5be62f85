#include "namespace.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>

namespace ctwin::test {

namespace {

Error failed(const std::string& what) {
  return {errno, "cannot " + what + ": " + std::strerror(errno)};
}

Status bring_loopback_up() {
  const UniqueFd socket_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(socket_fd.get(), SIOCSIFFLAGS, &request) < 0) return failed("bring lo up");
  return {};
}

UniqueFd memory_file(std::string_view text) {
  UniqueFd fd(memfd_create("stream", 0));
  if (write(fd.get(), text.data(), text.size()) < 0) return UniqueFd();
  lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

std::string contents(int fd) {
  struct stat about {};
  fstat(fd, &about);
  std::string text(static_cast<size_t>(about.st_size), '\0');
  const ssize_t size = pread(fd, text.data(), text.size(), 0);
  text.resize(size < 0 ? 0 : static_cast<size_t>(size));
  return text;
}

/// What the child does between fork and exec; does not return.
[[noreturn]] void become(const Program& program, int where, int input, int output, int errors) {
  setns(where, CLONE_NEWNET);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  close_range(STDERR_FILENO + 1, ~0U, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Without the special rights of user 0, exec drops all capabilities.
  if (!program.privileged) prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP);
  std::vector<char*> argv;
  for (const std::string& word : program.words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::vector<const char*> environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                                          "TZ=UTC"};
  for (const std::string& word : program.environment) environment.push_back(word.c_str());
  environment.push_back(nullptr);
  execve(program.path.c_str(), argv.data(), const_cast<char**>(environment.data()));
  _exit(127);
}

/// One line of /proc/net/netlink: which family, which groups, how much waits to be read.
struct NetlinkSocket {
  int family = 0;
  unsigned groups = 0;
  unsigned unread = 0;
};

/// Those of the namespace that the caller is in.
std::vector<NetlinkSocket> netlink_sockets() {
  std::vector<NetlinkSocket> sockets;
  std::istringstream lines(read_text("/proc/thread-self/net/netlink"));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string address, port;
    NetlinkSocket socket;
    fields >> address >> socket.family >> port >> std::hex >> socket.groups >> std::dec >>
        socket.unread;
    if (fields) sockets.push_back(socket);
  }
  return sockets;
}

bool sleeps(const std::string& task) {
  const std::string text = read_text(task + "/stat");
  const size_t end = text.rfind(')');
  return end != std::string::npos && text.substr(end + 1, 2) == " S";
}

/// Copies a folder's entries as links to where they really are.
void link_entries(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(from, ignored))
    std::filesystem::create_symlink(entry.path(), to / entry.path().filename(), ignored);
}

}  // namespace

bool is_asleep(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/task";
  const std::string first = folder + "/" + std::to_string(pid);
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator(folder, ignored))
    if (task.path() != first && !sleeps(task.path())) return false;
  return sleeps(first);
}

InsideNamespace::InsideNamespace(int fd) : home_(open("/proc/thread-self/ns/net", O_RDONLY)) {
  setns(fd, CLONE_NEWNET);
}

InsideNamespace::~InsideNamespace() { setns(home_.get(), CLONE_NEWNET); }

Result<NetworkNamespace> NetworkNamespace::create() {
  const UniqueFd home(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (unshare(CLONE_NEWNET) < 0) return failed("make a network namespace");
  UniqueFd fd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  const Status status = bring_loopback_up();
  if (setns(home.get(), CLONE_NEWNET) < 0) return failed("leave a network namespace");
  if (!status.ok()) return status.error();
  return NetworkNamespace(std::move(fd));
}

Status NetworkNamespace::set_sysctl(std::string_view name, std::string_view value) const {
  return inside([&] { return write_text("/proc/sys/" + std::string(name), value); });
}

Result<Child> Child::start(const Program& program, const NetworkNamespace& where) {
  const UniqueFd input = memory_file(program.input);
  UniqueFd output = memory_file({});
  UniqueFd errors = memory_file({});
  if (input.get() < 0 || output.get() < 0 || errors.get() < 0)
    return failed("make a file in memory");
  const pid_t pid = fork();
  if (pid < 0) return failed("fork");
  if (pid == 0) become(program, where.fd(), input.get(), output.get(), errors.get());
  UniqueFd handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  return Child(pid, std::move(handle), std::move(output), std::move(errors));
}

Child::~Child() {
  if (process_.id == 0) return;
  kill(process_.id, SIGKILL);
  waitpid(process_.id, nullptr, 0);
}

bool Child::ended() const {
  pollfd wait{handle_.get(), POLLIN, 0};
  return poll(&wait, 1, 0) == 1;
}

Ended Child::finish(int limit_ms) {
  Ended result;
  pollfd wait{handle_.get(), POLLIN, 0};
  int ready = 0;
  do ready = poll(&wait, 1, limit_ms);
  while (ready < 0 && errno == EINTR);
  result.late = ready == 0;
  if (result.late) kill(process_.id, SIGKILL);
  int status = 0;
  waitpid(process_.id, &status, 0);
  process_.id = 0;
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  result.output = contents(output_.get());
  result.errors = contents(errors_.get());
  return result;
}

void Child::send_signal(int number) const { kill(process_.id, number); }

bool Child::listens_and_waits(const NetworkNamespace& where) const {
  const auto drained = [] {
    bool listening = false;
    for (const NetlinkSocket& socket : netlink_sockets()) {
      if (socket.family != NETLINK_NETFILTER) continue;
      listening |= socket.groups != 0;
      if (socket.unread != 0) return false;
    }
    return listening;
  };
  return where.inside([&] { return drained() && is_asleep(pid()) && drained(); });
}

bool Child::waits_to_receive() const {
  const std::string text = read_text("/proc/" + std::to_string(pid()) + "/syscall");
  const long number = std::strtol(text.c_str(), nullptr, 10);
  return !text.empty() && (number == SYS_recvfrom || number == SYS_recvmsg) && is_asleep(pid());
}

Result<Ended> run(const Program& program, const NetworkNamespace& where, int limit_ms) {
  Result<Child> child = Child::start(program, where);
  if (!child) return child.error();
  return child->finish(limit_ms);
}

Result<PrivateFolder> PrivateFolder::create() {
  char path[] = "/tmp/ctwin-test-XXXXXX";
  if (!mkdtemp(path)) return failed("make a folder under /tmp");
  const std::string folder = path;
  const auto give_up = [&](const char* what) {
    const Error error = failed(what);
    rmdir(path);
    return error;
  };
  if (unshare(CLONE_NEWNS) < 0) return give_up("make a mount namespace");
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0)
    return give_up("make the mounts private");
  if (mount("tmpfs", path, "tmpfs", 0, "mode=755") < 0) return give_up("mount a tmpfs");
  PrivateFolder result(folder);
  for (const char* name : {"/etc", "/real-etc"}) mkdir((folder + name).c_str(), 0755);
  if (mount("/etc", (folder + "/real-etc").c_str(), nullptr, MS_BIND, nullptr) < 0)
    return failed("bind /etc");
  link_entries(folder + "/real-etc", folder + "/etc");
  unlink((folder + "/etc/xtables").c_str());
  mkdir((folder + "/etc/xtables").c_str(), 0755);
  if (mount((folder + "/etc").c_str(), "/etc", nullptr, MS_BIND, nullptr) < 0)
    return failed("bind a folder to /etc");
  return result;
}

PrivateFolder::~PrivateFolder() {
  if (path_.empty()) return;
  umount2("/etc", MNT_DETACH);
  umount2((path_ + "/real-etc").c_str(), MNT_DETACH);
  umount2(path_.c_str(), MNT_DETACH);
  rmdir(path_.c_str());
}

Status write_text(const std::string& path, std::string_view text) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (fd.get() < 0) return failed("open " + path);
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return failed("write " + path);
  return {};
}

std::string read_text(const std::string& path) {
  auto text = read_file(path);
  return text ? std::move(*text) : std::string();
}

}  // namespace ctwin::test
