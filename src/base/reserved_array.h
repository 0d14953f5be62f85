// An array whose place is reserved and whose memory comes as it is used.
//
// It takes address space for all its elements at once, so that none ever moves, and memory, zeroed
// by the system, with the first touch of each page: huge pages where the system has them, since
// tables that packets look into at random would spend their time on finding small ones. T must be a
// type for which zero bytes are a value; no constructor and no destructor is run.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace ctwin {

template <typename T>
class ReservedArray {
 public:
  static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);

  ReservedArray() = default;
  explicit ReservedArray(size_t count) : count_(count) {
    void* memory = mmap(nullptr, bytes(), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    (void)madvise(memory, bytes(), MADV_HUGEPAGE);
    elements_ = static_cast<T*>(memory);
  }
  ~ReservedArray() {
    if (elements_) munmap(static_cast<void*>(elements_), bytes());
  }
  ReservedArray(ReservedArray&& other) noexcept
      : elements_(std::exchange(other.elements_, nullptr)),
        count_(std::exchange(other.count_, 0)) {}
  ReservedArray& operator=(ReservedArray&& other) noexcept {
    std::swap(elements_, other.elements_);
    std::swap(count_, other.count_);
    return *this;
  }

  T& operator[](size_t i) { return elements_[i]; }
  const T& operator[](size_t i) const { return elements_[i]; }
  T* data() { return elements_; }
  size_t size() const { return count_; }

 private:
  size_t bytes() const { return count_ * sizeof(T); }

  T* elements_ = nullptr;
  size_t count_ = 0;
};

}  // namespace ctwin
