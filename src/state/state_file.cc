#include "state/state_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>

namespace ctwin::state {

namespace {

constexpr std::string_view kNewSuffix = ".ctwin-new";

Error failed(const char* what, const std::string& path) {
  const int code = errno;
  return {code, std::string(what) + " the state file " + path + ": " + std::strerror(code)};
}

/// The file that a path leads to, behind symbolic links; the path itself when there is none yet.
std::string resolve(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> found(realpath(path.c_str(), nullptr), std::free);
  return found ? std::string(found.get()) : path;
}

/// Is this still the file of that name?
bool is_current(int fd, const std::string& path) {
  struct stat held {
  }, named{};
  return fstat(fd, &held) == 0 && stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
         held.st_dev == named.st_dev;
}

/// Waits for the lock: first often, then less so. flock(2) has no limit of time of its own.
Status lock(int fd, const std::string& path, uint64_t wait_ms) {
  const uint64_t begun = monotonic_clock_ns();
  for (long pause_us = 200;; pause_us = std::min(pause_us * 2, 10'000L)) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return {};
    if (errno != EWOULDBLOCK) return failed("cannot lock", path);
    if ((monotonic_clock_ns() - begun) / 1'000'000 >= wait_ms)
      return Error{EAGAIN, "the state file " + path + " has been in use by another ctwin for " +
                               std::to_string(wait_ms / 1000) +
                               " s; if that one serves (--serve), ask it with --backend unix:PATH"};
    const timespec pause{0, pause_us * 1000};
    if (nanosleep(&pause, nullptr) < 0) return failed("interrupted while waiting for", path);
  }
}

Status write_all(int fd, std::span<const uint8_t> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("cannot write", path);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

/// Has the name itself on the disk.
void sync_directory(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const UniqueFd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() >= 0) (void)fsync(fd.get());
}

}  // namespace

Result<StateFile> StateFile::open(const std::string& path, Access access, uint64_t wait_ms) {
  const std::string target = resolve(path);
  const bool writes = access == Access::kWrite;
  for (;;) {
    UniqueFd fd(::open(target.c_str(), (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC));
    const bool is_new = fd.get() < 0 && writes && errno == ENOENT;
    if (is_new) {
      fd = UniqueFd(::open(target.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (fd.get() < 0 && errno == EEXIST) continue;  // another was faster
    }
    if (fd.get() < 0 && !writes && errno == ENOENT) return StateFile(target, UniqueFd());
    if (fd.get() < 0) return failed("cannot open", target);
    struct stat about {};
    if (fstat(fd.get(), &about) < 0) return failed("cannot look at", target);
    if (!S_ISREG(about.st_mode))
      return Error{EINVAL, "cannot keep state in " + target + ": it is no regular file"};
    if (writes)
      if (Status locked = lock(fd.get(), target, wait_ms); !locked) return locked.error();
    if (writes && !is_current(fd.get(), target)) continue;
    StateFile file(target, std::move(fd));
    file.is_new_ = is_new;
    return file;
  }
}

StateFile::~StateFile() {
  if (is_new_ && fd_.get() >= 0) (void)unlink(path_.c_str());
}

Result<std::vector<uint8_t>> StateFile::read() const {
  std::vector<uint8_t> bytes;
  if (fd_.get() < 0) return bytes;
  struct stat about {};
  if (fstat(fd_.get(), &about) < 0) return failed("cannot look at", path_);
  bytes.resize(static_cast<size_t>(about.st_size));
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t size =
        pread(fd_.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failed("cannot read", path_);
    if (size == 0) bytes.resize(at);
    at += static_cast<size_t>(size);
  }
  return bytes;
}

Status StateFile::replace(std::span<const uint8_t> bytes) {
  // Only who holds the lock is here, so a file of this name is what an interrupted run left.
  const std::string aside = path_ + std::string(kNewSuffix);
  (void)unlink(aside.c_str());
  UniqueFd fd(::open(aside.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (fd.get() < 0) return failed("cannot write beside", path_);
  const auto give_up = [&](Status why) {
    (void)unlink(aside.c_str());
    return why;
  };
  struct stat before {};
  if (fstat(fd_.get(), &before) == 0) {
    (void)fchmod(fd.get(), before.st_mode & 07777);
    if (fchown(fd.get(), before.st_uid, before.st_gid) < 0 && geteuid() == 0)
      return give_up(failed("cannot give its owner to", path_));
  }
  if (Status written = write_all(fd.get(), bytes, path_); !written) return give_up(written);
  if (fsync(fd.get()) < 0) return give_up(failed("cannot write", path_));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) < 0) return give_up(failed("cannot lock", path_));
  if (rename(aside.c_str(), path_.c_str()) < 0) return give_up(failed("cannot replace", path_));
  sync_directory(path_);
  fd_ = std::move(fd);
  is_new_ = false;
  return {};
}

}  // namespace ctwin::state
