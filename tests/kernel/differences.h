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
  /// Changes what is expected: what conntrack did instead comes in, what ctwin must do goes out.
  /// Entries are changed in `run.after`, everything else in `run.seen`.
  using Edit = std::function<void(Run& run)>;
  /// Makes the expectation by runs of its own.
  using Produce = std::function<Run(Runner& runner, const Plan& plan)>;

  Plan(const Invocation& invocation, const Run& conntrack, Runner& runner, bool as_json)
      : like(invocation),
        line(invocation.words),
        invocation_(invocation),
        conntrack_(conntrack),
        runner_(runner),
        as_json_(as_json) {}

  Invocation like;         ///< what conntrack is run with instead
  CommandLine line;        ///< its words
  bool rewritten = false;  ///< `line` was changed
  bool settled = false;    ///< nothing more is to be changed
  bool forgiven = false;   ///< what conntrack refuses was taken out of `line`

  const Invocation& invocation() const { return invocation_; }
  /// What conntrack does with the invocation as it is.
  const Run& conntrack() const { return conntrack_; }
  Runner& runner() const { return runner_; }
  /// The words had "json" where `invocation` has "id".
  bool as_json() const { return as_json_; }
  /// conntrack refuses the words themselves.
  bool refused() const {
    const Observation& seen = conntrack_.seen;
    return !forgiven && seen.signal == 0 && seen.exit_code == 2;
  }

  void keep(Keep keep) { keep_.push_back(std::move(keep)); }
  bool keeps(const Entry& entry) const;
  void edit(Edit edit) { edits_.push_back(std::move(edit)); }
  /// The same, but behind all other edits.
  void finally(Edit edit) { last_edits_.push_back(std::move(edit)); }
  void produce(Produce produce) { produce_ = std::move(produce); }
  void credit(std::string_view name) { names_.emplace_back(name); }
  const std::vector<std::string>& names() const { return names_; }

  /// `like` with the words of `line`.
  Invocation instead() const;
  Run expected(Runner& runner) const;

 private:
  const Invocation& invocation_;
  const Run& conntrack_;
  Runner& runner_;
  bool as_json_;
  std::vector<Keep> keep_;
  std::vector<Edit> edits_;
  std::vector<Edit> last_edits_;
  Produce produce_;
  std::vector<std::string> names_;
};

struct Difference {
  const char* name;
  const char* description;    ///< names the row of the specification that it comes from
  bool (*apply)(Plan& plan);  ///< false where it does not concern the invocation
};

std::span<const Difference> listed_differences();

/// What ctwin must do, if that is not what conntrack does.
struct Expected {
  Run run;
  std::vector<std::string> differences;  ///< their names; empty: it is what conntrack does
};
Expected expected_of(Runner& runner, const Invocation& invocation, const Run& conntrack);

// ---- parts of the list, each in a file of its own ----

std::span<const Difference> differences_of_words();
std::span<const Difference> differences_of_selection();
std::span<const Difference> differences_of_changes();
std::span<const Difference> differences_of_output();
std::span<const Difference> differences_of_files();

// ---- what several of them need ----

/// A usage problem: nothing printed, nothing changed.
void expect_refusal(const Plan& plan, std::string text, Run& run, int exit_code = 2);

/// Puts the number in place of the one in "PFX: N flow entries have been …".
void set_summary_count(Observation& expected, size_t count);

/// -o words and the like: `word` is a prefix of `name`, whatever the case.
bool begins(std::string_view word, std::string_view name);
std::vector<std::string> split_list(std::string_view text);
bool wants_format(const CommandLine& line, std::string_view format);

/// The number, by strtoul's rules and with nothing behind it; nothing if it is not one.
std::optional<uint64_t> number(std::string_view text, int base, uint64_t max);

}  // namespace ctwin::test
