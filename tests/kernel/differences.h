// Where ctwin differs from conntrack 1.4.7 on purpose, and what it must do there instead.
//
// A difference is not an excuse but another expectation: it changes what conntrack is run with, or
// which entries it gets to see, or what is expected of its outcome. ctwin is compared with the
// result as strictly as anywhere else.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runner.h"
#include "scan.h"

namespace ctwin::test {

/// The line that follows a usage problem.
constexpr std::string_view kTry = "Try `conntrack -h' or 'conntrack --help' for more information.";

/// What is to be expected of one invocation, begun with what conntrack does.
class Plan {
 public:
  /// Changes what is expected, after the runs; `run` is what conntrack did instead.
  using Edit = std::function<void(const Run& run, Observation& expected)>;
  /// Makes the expectation by runs of its own.
  using Produce = std::function<Run(Runner& runner, const Plan& plan)>;

  Plan(const Invocation& invocation, const Run& conntrack)
      : like(invocation), line(invocation.words), invocation_(invocation), conntrack_(conntrack) {}

  Invocation like;         ///< what conntrack is run with instead
  CommandLine line;        ///< its words
  bool rewritten = false;  ///< `line` was changed
  bool settled = false;    ///< nothing more is to be changed

  const Invocation& invocation() const { return invocation_; }
  /// What conntrack does with the invocation as it is.
  const Run& conntrack() const { return conntrack_; }
  /// conntrack refuses the words themselves.
  bool refused() const { return conntrack_.seen.signal == 0 && conntrack_.seen.exit_code == 2; }

  void keep(Keep keep) { keep_.push_back(std::move(keep)); }
  bool keeps(const Entry& entry) const;
  void edit(Edit edit) { edits_.push_back(std::move(edit)); }
  void produce(Produce produce) { produce_ = std::move(produce); }
  void credit(std::string_view name) { names_.emplace_back(name); }
  const std::vector<std::string>& names() const { return names_; }

  /// `like` with the words of `line`.
  Invocation instead() const;
  Observation expected(Runner& runner) const;

 private:
  const Invocation& invocation_;
  const Run& conntrack_;
  std::vector<Keep> keep_;
  std::vector<Edit> edits_;
  Produce produce_;
  std::vector<std::string> names_;
};

struct Difference {
  const char* name;
  const char* description;    ///< names the row of the specification that it comes from
  bool (*apply)(Plan& plan);  ///< false where it does not concern the invocation
};

std::span<const Difference> listed_differences();

/// Applies every difference that concerns the plan's invocation.
void find_differences(Plan& plan);

// ---- parts of the list, each in a file of its own ----

std::span<const Difference> differences_of_words();
std::span<const Difference> differences_of_selection();
std::span<const Difference> differences_of_changes();
std::span<const Difference> differences_of_output();
std::span<const Difference> differences_of_files();

// ---- what several of them need ----

/// A usage problem: nothing printed, nothing changed.
void expect_refusal(const Plan& plan, std::string text, Observation& expected, int exit_code = 2);

/// Puts the number in place of the one in "PFX: N flow entries have been …".
void set_summary_count(Observation& expected, size_t count);

/// -o words and the like: `word` is a prefix of `name`, whatever the case.
bool begins(std::string_view word, std::string_view name);
std::vector<std::string> split_list(std::string_view text);
bool wants_format(const CommandLine& line, std::string_view format);

/// The lines of these entries, in order.
std::vector<Line> entry_lines(const std::vector<Entry>& entries);

/// The number, by strtoul's rules and with nothing behind it; nothing if it is not one.
std::optional<uint64_t> number(std::string_view text, int base, uint64_t max);

/// The bits that the label file of the invocation gives the names of a list.
std::vector<unsigned> label_bits(std::string_view names);
bool has_labels(const Entry& entry, const std::vector<unsigned>& bits);

/// The entry that a fixture's row became.
const Entry* find_entry(const std::vector<Entry>& entries, const FixtureEntry& wanted);

}  // namespace ctwin::test
