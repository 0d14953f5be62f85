// A file or pipe as a stream that can be looked into: a window of bytes over read(2).
//
// The window holds what was read and not yet consumed. Pointers into it are good until the next
// call of `have` or `skip`; consuming alone moves nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/posix.h"

namespace ctwin::io {

class ByteStream {
 public:
  explicit ByteStream(UniqueFd fd);

  /// Makes sure that `size` bytes can be looked at; false when the stream ends before. The window
  /// grows for it, so the caller bounds `size`.
  bool have(size_t size) { return available() >= size || fill(size, !impatient_); }
  /// The same, with patience whatever `do_not_wait` said.
  bool await(size_t size) { return available() >= size || fill(size, true); }
  const uint8_t* data() const { return buffer_.get() + begin_; }
  size_t available() const { return end_ - begin_; }
  void consume(size_t size) { begin_ += size; }
  /// Passes over bytes without keeping them; false when the stream ends before.
  bool skip(uint64_t size);

  /// From now on `have` does not wait for a writer: it is false when nothing is there yet, and
  /// `waits` says so.
  void do_not_wait() { impatient_ = true; }
  bool waits() const { return waits_; }
  int fd() const { return fd_.get(); }

  /// Where `data` stands in the file.
  uint64_t offset() const { return read_ - available(); }
  /// 0 when it is not known (a pipe).
  uint64_t file_size() const { return file_size_; }
  /// errno of the read that failed; 0 when the stream just ended.
  int failure() const { return failure_; }

 private:
  bool fill(size_t size, bool patient);
  bool is_ready() const;

  UniqueFd fd_;
  std::unique_ptr<uint8_t[]> buffer_;
  size_t capacity_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t read_ = 0;
  uint64_t file_size_ = 0;
  int failure_ = 0;
  bool impatient_ = false;
  bool waits_ = false;
};

}  // namespace ctwin::io
