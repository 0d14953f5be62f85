// The values of --filter: what stands behind host, port, state and the like.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/filter_tree.h"
#include "cli/filter_words.h"
#include "cli/labels.h"

namespace ctwin::cli {

/// What a value is read for.
struct FilterValueContext {
  const SubjectWord& subject;
  uint8_t protocol;        ///< that stands in front of the subject, or 0
  const LabelMap* labels;  ///< may be null
};

/// Adds the value to the condition that `node` is, or makes `node` its negation (of unreplied).
/// Answers with what is wrong with the text, if anything.
std::optional<std::string> read_filter_value(std::string_view text,
                                             const FilterValueContext& context, FilterNode& node);

/// A single number of what `subject` counts, as < and > take it.
std::optional<uint64_t> read_filter_number(std::string_view text, const SubjectWord& subject);

/// Whether `text` looks like a number or an address, not like a word of the language.
bool looks_like_value(std::string_view text);
bool looks_like_address(std::string_view text);

/// Whether flows of the protocol have states.
bool has_states(uint8_t proto);

}  // namespace ctwin::cli
