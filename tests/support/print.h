// Printing for tests: a record in, text out.
#pragma once

#include <string>

#include "cli/print.h"

namespace ctwin::test {

inline std::string text_of(const fmt::memory_buffer& buffer) {
  return {buffer.data(), buffer.size()};
}

inline std::string printed(const cli::FlowRecord& record, const cli::PrintOptions& options = {}) {
  fmt::memory_buffer buffer;
  print_flow(record, options, buffer);
  return text_of(buffer);
}

inline std::string printed(const cli::ExpectationRecord& record,
                           const cli::PrintOptions& options = {}) {
  fmt::memory_buffer buffer;
  print_expectation(record, options, buffer);
  return text_of(buffer);
}

}  // namespace ctwin::test
