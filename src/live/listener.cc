#include "live/listener.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace ctwin::live {

namespace {

namespace fs = std::filesystem;

constexpr int kBacklog = 128;

Error failed(const std::string& path, const std::string& what) {
  return {errno, "cannot serve on " + path + ": " + what + ": " + std::strerror(errno)};
}
Error refused(const std::string& path, const std::string& why) {
  return {EADDRINUSE, "cannot serve on " + path + ": " + why};
}

bool fill_address(const std::string& path, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  return true;
}

Result<gid_t> find_group(const std::string& name) {
  gid_t number = 0;
  const char* end = name.data() + name.size();
  if (const auto read = std::from_chars(name.data(), end, number);
      read.ec == std::errc() && read.ptr == end)
    return number;
  errno = 0;
  if (const group* found = getgrnam(name.c_str())) return found->gr_gid;
  return Error{EINVAL, "--socket-group '" + name + "': there is no such group"};
}

/// Looks at what lies under the name. Nothing, or the socket of an engine that has ended, is right;
/// the answer is then true or false: is there something to be replaced?
Result<bool> look_at(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (lstat(path.c_str(), &found) < 0) {
    if (errno == ENOENT) return false;
    return failed(path, "cannot look at it");
  }
  if (!S_ISSOCK(found.st_mode))
    return refused(path, "there is something else, no socket; move it away, or choose another");
  const UniqueFd probe(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (probe.get() < 0) return failed(path, "cannot make a socket");
  const auto* there = reinterpret_cast<const sockaddr*>(&address);
  if (connect(probe.get(), there, sizeof address) == 0 || errno == EAGAIN || errno == EPROTOTYPE)
    return refused(path, "another program serves there; end it, or choose another path");
  if (errno == ECONNREFUSED) return true;
  if (errno == ENOENT) return false;
  return failed(path, "there is a socket, and whether anybody serves there cannot be found out");
}

/// Stands in a directory, and goes back.
class Visit {
 public:
  Visit() : home_(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) {}
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit() {
    if (home_.get() >= 0 && fchdir(home_.get()) < 0) std::perror("cannot return to the directory");
  }
  bool enter(int directory) const { return home_.get() >= 0 && fchdir(directory) == 0; }

 private:
  UniqueFd home_;
};

/// Binds the socket under a name of its own in the current directory, with its last mode and group,
/// and listens. It is never open to anyone but its owner before that.
Status bind_aside(int fd, const std::string& name, mode_t mode, std::optional<gid_t> group) {
  sockaddr_un address;
  fill_address(name, address);
  unlink(name.c_str());  // of a process that had this number before
  const mode_t before = umask(0177);
  const int bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(before);
  if (bound < 0) return Error{errno, "cannot make the socket"};
  if (group && chown(name.c_str(), static_cast<uid_t>(-1), *group) < 0)
    return Error{errno, "cannot give it to the group"};
  if (chmod(name.c_str(), mode) < 0) return Error{errno, "cannot set its mode"};
  if (::listen(fd, kBacklog) < 0) return Error{errno, "cannot listen"};
  return {};
}

}  // namespace

Result<Listener> Listener::open(const Options& options) {
  const std::string& path = options.path;
  sockaddr_un address;
  if (!fill_address(path, address))
    return Error{ENAMETOOLONG, "cannot serve on '" + path + "': a socket's path has 1 to " +
                                   std::to_string(sizeof address.sun_path - 1) +
                                   " bytes; this one has " + std::to_string(path.size())};
  std::optional<gid_t> group;
  if (options.group) {
    const auto found = find_group(*options.group);
    if (!found) return found.error();
    group = *found;
  }
  std::error_code ignored;
  const fs::path full = fs::absolute(path, ignored);
  const UniqueFd directory(::open(full.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Two that begin at the same time must not both replace what an earlier one has left.
  if (directory.get() < 0 || flock(directory.get(), LOCK_EX) < 0)
    return failed(path, "cannot open its directory");
  const auto stale = look_at(path, address);
  if (!stale) return stale.error();

  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return failed(path, "cannot make a socket");
  const Visit visit;
  if (!visit.enter(directory.get())) return failed(path, "cannot enter its directory");
  const std::string aside = ".ctwin-" + std::to_string(getpid());
  const std::string name = full.filename();
  Status bound = bind_aside(fd.get(), aside, options.mode, group);
  struct stat made {};
  if (bound.ok() && stat(aside.c_str(), &made) < 0) bound = Error{errno, "cannot look at it"};
  if (bound.ok() && *stale && unlink(name.c_str()) < 0 && errno != ENOENT)
    bound = Error{errno, "cannot remove the socket that an engine has left there"};
  if (bound.ok() &&
      renameat2(AT_FDCWD, aside.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE) < 0)
    bound = Error{errno, "cannot give it its name"};
  if (bound.ok()) return Listener(std::move(fd), full, made.st_dev, made.st_ino);
  errno = bound.error().code;
  Error error = failed(path, bound.error().text);
  unlink(aside.c_str());
  return error;
}

Listener::~Listener() {
  if (fd_.get() < 0) return;
  struct stat found {};
  if (lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_)
    unlink(path_.c_str());
}

}  // namespace ctwin::live
