// Text in aligned columns.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

namespace ctwin::cli {

/// Appends lines of cells, of which the first `names` stand to the left of their columns, numbers
/// to the right. All lines have as many cells as the first.
void print_columns(const std::vector<std::vector<std::string>>& lines, size_t names,
                   fmt::memory_buffer& out);

/// "12.5%"; nothing of nothing is 0.0%.
std::string percent(uint64_t part, uint64_t whole);

}  // namespace ctwin::cli
