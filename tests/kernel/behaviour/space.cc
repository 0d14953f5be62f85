#include "space.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace ctwin::test {

namespace {

std::optional<PrivateFolder> run_folder;

/// The value of a result that must not be an error.
template <typename T>
T taken(Result<T> result) {
  if (!result) FAIL(result.error().text);
  return std::move(*result);
}

/// A namespace whose rules make the kernel track packets, translate addresses and keep labels.
NetworkNamespace tracking_namespace() {
  NetworkNamespace where = taken(NetworkNamespace::create());
  const char* rules =
      "iptables-legacy -t nat -A OUTPUT -p udp -d 127.0.0.5 -j DNAT --to-destination 127.0.0.1 &&"
      "ip6tables-legacy -t nat -A OUTPUT -d fd00:99::1 -j DNAT --to-destination ::1 &&"
      "iptables-legacy -A OUTPUT -m connlabel --label 100 -j ACCEPT";
  const Ended ended = taken(run({"/bin/sh", {"sh", "-c", rules}, {}}, where));
  REQUIRE_MESSAGE(ended.exit_code == 0, ended.errors);
  REQUIRE(where.set_sysctl("net/netfilter/nf_conntrack_acct", "1").ok());
  return where;
}

int groups_of(const UniqueFd& socket) {
  unsigned groups[4] = {};
  socklen_t size = sizeof groups;
  if (getsockopt(socket.get(), SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, groups, &size) < 0) return 0;
  return static_cast<int>(groups[0]);
}

std::string first_word(const std::string& path) {
  const std::string text = read_text(path);
  return text.substr(0, text.find(' '));
}

/// The letter that /proc has for what a process does.
char state_of(pid_t pid) {
  const std::string text = read_text("/proc/" + std::to_string(pid) + "/stat");
  const size_t end = text.rfind(')');
  return end == std::string::npos || end + 2 >= text.size() ? ' ' : text[end + 2];
}

}  // namespace

Status prepare_folder() {
  if (geteuid() != 0) return Error{EPERM, "not root"};
  if (const auto where = NetworkNamespace::create(); !where) return where.error();
  auto folder = PrivateFolder::create();
  if (!folder) return folder.error();
  run_folder.emplace(std::move(*folder));
  return {};
}

void remove_folder() { run_folder.reset(); }

std::string file_path(std::string_view name) {
  return run_folder->path() + "/" + std::string(name);
}

std::string write_file(std::string_view name, std::string_view text) {
  const std::string path = file_path(name);
  const Status status = write_text(path, text);
  REQUIRE_MESSAGE(status.ok(), status.error().text);
  return path;
}

std::string ctwin_path() {
  const char* path = std::getenv("CTWIN");
  return path ? path : CTWIN_PATH;
}

const std::string& prefix() {
  static const std::string text = [] {
    const NetworkNamespace where = taken(NetworkNamespace::create());
    const Ended ended = taken(run({ctwin_path(), {"ctwin", "-V"}, {}}, where));
    return ended.output.substr(0, ended.output.find('\n')) + ": ";
  }();
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Space::Space() : where_(tracking_namespace()), table_(taken(Table::open(where_))) {}

std::vector<Entry> Space::entries() { return taken(table_.read()).entries; }

std::vector<std::string> Space::texts() {
  std::vector<std::string> texts;
  for (const Entry& entry : entries()) texts.push_back(entry.text());
  return texts;
}

Child Space::start(std::vector<std::string> words, std::string input) const {
  words.insert(words.begin(), "ctwin");
  return taken(Child::start({ctwin_path(), std::move(words), std::move(input)}, where_));
}

Ended Space::ctwin(std::vector<std::string> words, std::string input) const {
  const Ended ended = start(std::move(words), std::move(input)).finish(kLimitMs);
  REQUIRE_FALSE(ended.late);
  REQUIRE(ended.signal == 0);
  return ended;
}

Child Space::start_shell(std::string script) const {
  return taken(
      Child::start({"/bin/bash", {"bash", "-c", std::move(script), ctwin_path()}, {}}, where_));
}

Ended Space::shell(std::string script) const {
  const Ended ended = start_shell(std::move(script)).finish(kLimitMs);
  REQUIRE_FALSE(ended.late);
  return ended;
}

void Space::load(std::string_view lines) const {
  const Ended ended = ctwin({"-R", "-"}, std::string(lines));
  REQUIRE_MESSAGE(ended.exit_code == 0, ended.errors);
}

Child Space::watch(std::vector<std::string> words) const {
  words.insert(words.begin(), "-E");
  Child child = start(std::move(words));
  REQUIRE(comes_true([&] { return child.ended() || event_socket(child).get() >= 0; }));
  if (child.ended()) FAIL(child.finish(kLimitMs).errors);
  return child;
}

void let_it_catch_up(const Child& watcher) {
  const UniqueFd socket = event_socket(watcher);
  const auto drained = [&] {
    pollfd events{socket.get(), POLLIN, 0};
    return poll(&events, 1, 0) == 0;
  };
  REQUIRE(comes_true(
      [&] { return watcher.ended() || (drained() && is_asleep(watcher.pid()) && drained()); }));
}

Ended stop(Child& watcher, int signal) {
  let_it_catch_up(watcher);
  watcher.send_signal(signal);
  const Ended ended = watcher.finish(kLimitMs);
  CHECK_FALSE(ended.late);
  CHECK(ended.signal == 0);
  return ended;
}

UniqueFd event_socket(const Child& child) {
  const UniqueFd handle(static_cast<int>(syscall(SYS_pidfd_open, child.pid(), 0)));
  std::error_code ignored;
  const std::string folder = "/proc/" + std::to_string(child.pid()) + "/fd";
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const int number = std::atoi(entry.path().filename().c_str());
    UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_getfd, handle.get(), number, 0)));
    if (fd.get() >= 0 && groups_of(fd) != 0) return fd;
  }
  return {};
}

int receive_buffer(const UniqueFd& socket) {
  int size = 0;
  socklen_t length = sizeof size;
  getsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &size, &length);
  return size;
}

bool sits_in(pid_t pid, long system_call) {
  return first_word("/proc/" + std::to_string(pid) + "/syscall") == std::to_string(system_call);
}

void suspend(const Child& child) {
  child.send_signal(SIGSTOP);
  REQUIRE(comes_true([&] { return state_of(child.pid()) == 'T'; }));
}

SlowReader::SlowReader() : path_(file_path("pipe")) {
  constexpr int kSmallest = 4096;
  REQUIRE(mkfifo(path_.c_str(), 0600) == 0);
  // Opened for both, so that neither side waits for the other to open it.
  fd_ = UniqueFd(open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  REQUIRE(fcntl(fd_.get(), F_SETPIPE_SZ, kSmallest) == kSmallest);
}

SlowReader::~SlowReader() { unlink(path_.c_str()); }

std::string SlowReader::read_some() const {
  std::string text(1 << 16, '\0');
  const ssize_t size = read(fd_.get(), text.data(), text.size());
  text.resize(size < 0 ? 0 : static_cast<size_t>(size));
  return text;
}

std::string SlowReader::read_to_end(const Child& child) const {
  std::string text;
  CHECK(comes_true([&] {
    const bool ended = child.ended();
    const std::string more = read_some();
    text += more;
    return ended && more.empty();
  }));
  return text;
}

std::string udp_line(std::string_view command, unsigned number, std::string_view more) {
  const auto byte = [&](unsigned shift) { return std::to_string(number >> shift & 255); };
  std::string line(command);
  line += " -p udp -t 600 -s 10." + byte(16) + "." + byte(8) + "." + byte(0);
  line += " -d 192.0.2.1 --sport 4000 --dport 53 ";
  return line.append(more).append("\n");
}

std::string udp_tuple(unsigned number) {
  const auto byte = [&](unsigned shift) { return std::to_string(number >> shift & 255); };
  return "src=10." + byte(16) + "." + byte(8) + "." + byte(0) +
         " dst=192.0.2.1 sport=4000 dport=53 ";
}

}  // namespace ctwin::test
