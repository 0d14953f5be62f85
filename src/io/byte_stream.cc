#include "io/byte_stream.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ctwin::io {

namespace {

constexpr size_t kWindow = size_t{1} << 20;

}  // namespace

ByteStream::ByteStream(UniqueFd fd)
    : fd_(std::move(fd)),
      buffer_(std::make_unique_for_overwrite<uint8_t[]>(kWindow)),
      capacity_(kWindow) {
  struct stat status;
  if (fstat(fd_.get(), &status) == 0 && S_ISREG(status.st_mode))
    file_size_ = static_cast<uint64_t>(status.st_size);
}

bool ByteStream::is_ready() const {
  pollfd source{fd_.get(), POLLIN, 0};
  return poll(&source, 1, 0) != 0;
}

bool ByteStream::fill(size_t size, bool patient) {
  waits_ = false;
  if (size > capacity_) {
    auto larger = std::make_unique_for_overwrite<uint8_t[]>(size);
    std::memcpy(larger.get(), data(), available());
    buffer_ = std::move(larger);
    capacity_ = size;
  } else {
    std::memmove(buffer_.get(), data(), available());
  }
  end_ -= begin_;
  begin_ = 0;
  while (available() < size) {
    waits_ = !patient && !is_ready();
    if (waits_) return false;
    const ssize_t got = read(fd_.get(), buffer_.get() + end_, capacity_ - end_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) failure_ = errno;
    if (got <= 0) return false;
    end_ += static_cast<size_t>(got);
    read_ += static_cast<uint64_t>(got);
  }
  return true;
}

bool ByteStream::skip(uint64_t size) {
  while (size > 0) {
    if (available() == 0 && !fill(1, true)) return false;
    const size_t step = static_cast<size_t>(std::min<uint64_t>(size, available()));
    consume(step);
    size -= step;
  }
  return true;
}

}  // namespace ctwin::io
