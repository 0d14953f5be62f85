// What --group-by and --nat-usage print, for tests of both.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace ctwin::test {

/// One object a line.
template <typename Sums>
std::vector<nlohmann::json> objects(const Sums& sums, size_t top = SIZE_MAX) {
  fmt::memory_buffer out;
  sums.print_json(top, out);
  std::istringstream lines(fmt::to_string(out));
  std::vector<nlohmann::json> all;
  for (std::string line; std::getline(lines, line);) all.push_back(nlohmann::json::parse(line));
  return all;
}

template <typename Sums>
std::string table(const Sums& sums, size_t top = SIZE_MAX) {
  fmt::memory_buffer out;
  sums.print_table(top, out);
  return fmt::to_string(out);
}

}  // namespace ctwin::test
