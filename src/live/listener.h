// A unix socket in the file system that clients connect to.
//
// It appears under its name when it listens, with the mode and the group it is to have, so whoever
// waits for the file can connect. It never takes a file away that is not the rest of an engine that
// has ended: an engine that serves there, or a file that is no socket, is an error.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/posix.h"
#include "ctwin/result.h"

namespace ctwin::live {

class Listener {
 public:
  struct Options {
    std::string path;
    mode_t mode = 0600;
    std::optional<std::string> group;  ///< a name or a number
  };

  static Result<Listener> open(const Options& options);

  Listener(Listener&&) noexcept = default;
  Listener& operator=(Listener&&) = delete;
  /// Closes the socket, and removes its file if that is still its own.
  ~Listener();

  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }

 private:
  Listener(UniqueFd fd, std::string path, dev_t device, ino_t inode)
      : fd_(std::move(fd)), path_(std::move(path)), device_(device), inode_(inode) {}

  UniqueFd fd_;
  std::string path_;  ///< absolute, so that a change of directory does not matter
  dev_t device_;
  ino_t inode_;
};

}  // namespace ctwin::live
