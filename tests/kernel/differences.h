// Where ctwin differs from conntrack 1.4.7 on purpose, and what it must do there instead.
//
// A difference is not an excuse but another expectation: it changes what conntrack is run with, or
// which entries it gets to see, or what is expected of its outcome. ctwin is compared with the
// result as strictly as anywhere else.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runner.h"
#include "scan.h"

namespace ctwin::test {

struct Difference;

/// What is to be expected of one invocation.
class Plan {
 public:
  /// Changes what is expected, after the runs; `run` is what conntrack did instead.
  using Edit = std::function<void(const Run& run, Observation& expected)>;
  /// Makes the expectation by runs of its own.
  using Produce = std::function<Run(Runner& runner, const Plan& plan)>;

  Plan(const Invocation& invocation, const Run& conntrack)
      : like(invocation), line(invocation.words), invocation_(invocation), conntrack_(conntrack) {}

  Invocation like;  ///< what conntrack is run with instead; `line` is its words, taken apart
  CommandLine line;
  bool rewritten = false;  ///< `line` is to be used for the words of `like`

  const Invocation& invocation() const { return invocation_; }
  const Run& conntrack() const { return conntrack_; }

  void keep(Keep keep) { keep_.push_back(std::move(keep)); }
  void edit(Edit edit) { edits_.push_back(std::move(edit)); }
  void produce(Produce produce) { produce_ = std::move(produce); }
  void credit(std::string_view name) { names_.emplace_back(name); }
  const std::vector<std::string>& names() const { return names_; }

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
  const char* description;
  bool (*apply)(Plan& plan);  ///< false where it does not concern the invocation
};

std::span<const Difference> listed_differences();
void find_differences(Plan& plan);

}  // namespace ctwin::test
