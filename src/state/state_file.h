// The file that a state is kept in: read whole, replaced whole, by one writer at a time.
//
// A writer holds a lock on the file from before it reads until it is done, so that what it writes
// follows from what it read. It writes a new file beside the old one, has it on the disk, and then
// renames it over the old one: whoever opens the path, at any moment, finds the old state or the
// new one. Readers need no lock. The lock is that of the file itself, not of its name; who gets it
// for a file that has been replaced meanwhile goes on to the new one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/posix.h"
#include "ctwin/result.h"

namespace ctwin::state {

class StateFile {
 public:
  enum class Access : uint8_t { kRead, kWrite };

  /// Opens the file; a writer makes it when there is none, and waits up to `wait_ms` for its lock.
  /// Errors name the file: EAGAIN when another held the lock all the time, EINTR when a signal
  /// came, else what the system said. A file that was made and never written goes again with the
  /// last who has it.
  static Result<StateFile> open(const std::string& path, Access access, uint64_t wait_ms);

  ~StateFile();
  StateFile(StateFile&&) noexcept = default;
  StateFile& operator=(StateFile&&) noexcept = default;

  const std::string& path() const { return path_; }
  /// All that it holds; empty when there is none, or when it was made just now.
  Result<std::vector<uint8_t>> read() const;

  /// Replaces the file. The lock goes over to the new one. Fails with the old file untouched.
  Status replace(std::span<const uint8_t> bytes);

 private:
  StateFile(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;  ///< behind all symbolic links
  UniqueFd fd_;
  bool is_new_ = false;  ///< made here, and still empty
};

}  // namespace ctwin::state
