// The language of --filter: conditions on an entry in words that tcpdump and conntrack have, joined
// by and, or, not and parentheses. ctwin(8) has the grammar; filter_parser.cc reads it.
//
// An expression is parsed once into steps, each a condition and where to go when it holds and when
// it does not, so that what does not matter any more is never looked at. Asking it of an entry
// allocates nothing.
//
// What an entry does not tell – its counters, its age – fulfils neither a condition nor its
// negation, or a deletion of what has not carried much would hit whatever was not counted. So in a
// step behind an odd number of nots, what is not told counts as fulfilled.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/filter_tree.h"
#include "cli/labels.h"
#include "ctwin/filter.h"
#include "ctwin/flow.h"

namespace ctwin::cli {

/// What is wrong with an expression, and where: a byte of its text.
struct FilterMistake {
  size_t at = 0;
  std::string text;
};

/// Three lines: the text, the expression, of which no more is shown than fits in 80 columns, and a
/// caret under the place.
std::string point_at(const FilterMistake& mistake, std::string_view expression);

class FilterExpr {
 public:
  /// `labels` gives names of labels their numbers; without (null) only numbers are known.
  static std::variant<FilterExpr, FilterMistake> parse(std::string_view text,
                                                       const LabelMap* labels);

  /// `now` is the table's time, ns since the epoch; it matters only where uses_time().
  bool matches(const Flow& flow, uint64_t now) const;
  bool uses_time() const { return uses_time_; }

  /// Adds to `filter` what every entry fulfils that the expression selects, as far as a Filter can
  /// say it and does not speak of that field already.
  void narrow(Filter& filter) const;

 private:
  struct Step {
    FilterCondition condition;
    uint32_t if_true;
    uint32_t if_false;
    bool negated;  ///< stands behind an odd number of nots
  };

  static constexpr uint32_t kAccept = UINT32_MAX;
  static constexpr uint32_t kReject = UINT32_MAX - 1;

  /// Appends the steps of `node` and answers with the first of them.
  uint32_t compile(const FilterNode& node, uint32_t if_true, uint32_t if_false, bool negated);
  void collect_implied(const FilterNode& node);

  std::vector<Step> steps_;
  uint32_t first_ = kReject;
  bool uses_time_ = false;
  std::vector<FilterCondition> implied_;
  uint32_t implied_clear_ = 0;  ///< status bits that must not be set
};

}  // namespace ctwin::cli
