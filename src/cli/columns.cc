#include "cli/columns.h"

#include <algorithm>

namespace ctwin::cli {

std::string percent(uint64_t part, uint64_t whole) {
  return fmt::format(
      "{:.1f}%", whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

void print_columns(const std::vector<std::vector<std::string>>& lines, size_t names,
                   fmt::memory_buffer& out) {
  std::vector<size_t> widths(lines.front().size());
  for (const auto& line : lines)
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  const auto at = fmt::appender(out);
  for (const auto& line : lines)
    for (size_t i = 0; i < line.size(); ++i) {
      const bool last = i + 1 == line.size();
      if (i < names)
        fmt::format_to(at, "{:<{}}  ", line[i], widths[i]);
      else
        fmt::format_to(at, "{:>{}}{}", line[i], widths[i], last ? "\n" : "  ");
    }
}

}  // namespace ctwin::cli
