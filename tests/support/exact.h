// Bytes in an allocation that ends where they do, so that a sanitizer sees a read behind them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

namespace ctwin::test {

class Exact {
 public:
  explicit Exact(std::span<const std::byte> bytes)
      : memory_(new std::byte[bytes.size()]), size_(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), memory_.get());
  }

  std::span<const std::byte> view() const { return {memory_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> memory_;
  size_t size_;
};

}  // namespace ctwin::test
