// Result<T>: a value, or what went wrong.
//
// `Error::code` is an errno and is wire truth: the number the kernel or an engine answered with.
// `Error::text` is for people: what was wrong, where, and what to do; it may be empty when the
// errno says it all. Nothing in ctwin throws across parts; a Result is the only way to fail.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace ctwin {

struct Error {
  int code = 0;      ///< errno, never 0 in a failed Result
  std::string text;  ///< for people; may be empty
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& operator*() { return *std::get_if<0>(&state_); }
  const T& operator*() const { return *std::get_if<0>(&state_); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }

  const Error& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}

  bool ok() const { return error_.code == 0; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return error_; }

 private:
  Error error_;
};

}  // namespace ctwin
