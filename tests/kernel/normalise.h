// What a program did, without what must differ between two namespaces and two moments: ids become
// the names of their entries, timeouts and ages numbers that may differ by one second, times of day
// and port ids disappear, and the lines of a table (which come in hash order) are sorted.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "namespace.h"
#include "table.h"

namespace ctwin::test {

/// Names of entries by id.
using IdNames = std::map<uint32_t, std::string>;
void add_ids(const TableState& state, IdNames& names);

/// A line, with '@' in place of each number that counts seconds.
struct Line {
  std::string text;
  std::vector<uint64_t> seconds;

  std::string readable() const;  ///< with the seconds in their places
};

struct Observation {
  std::vector<Line> output;
  std::vector<std::string> errors;  ///< the program's name and version are "PFX: "
  int exit_code = 0;
  int signal = 0;
  bool late = false;
  std::vector<Line> entries;
  std::vector<Line> expectations;
};

struct NormaliseOptions {
  bool keep_order = false;    ///< events, and programs that follow each other in one namespace
  bool hide_numbers = false;  ///< -S: the values of the counters
  bool hide_use = false;      ///< -D: a master is in less use when its child went before it
  bool hide_causes = false;   ///< who caused an event: only the kernel's sockets tell a name
};

Observation observe(const Ended& ended, const TableState& after, const IdNames& names,
                    const NormaliseOptions& options);

Line normalised_line(std::string_view text, const IdNames& names);
Line entry_line(const Entry& entry);
std::vector<Line> entry_lines(const std::vector<Entry>& entries);  ///< in order
std::vector<Line> expectation_lines(const std::vector<Expectation>& expectations);
void hide_use(Line& line);
std::string normalised_error(std::string_view line);

/// Lines that are entries of a table are put in order; what frames them stays where it is.
void sort_entry_lines(std::vector<Line>& lines);

/// What is different, as a text for people; nothing if all is equal. An expected line that
/// ends in "…" stands for every line that begins as it does, "…" alone for any output but none.
std::optional<std::string> compare(const Observation& expected, const Observation& actual);

}  // namespace ctwin::test
