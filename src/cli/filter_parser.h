// From the text of a --filter expression to its tree.
//
//   expression := terms of one of the two joints: factor { "and" factor } { "or" … }, see below
//   factor     := ( "not" | "!" ) factor | "(" expression ")" | condition
//   condition  := { qualifier } subject [ comparison ] values
//   qualifier  := protocol | "orig" | "reply" | "any" | "src" | "dst"
//   values     := value | "{" value { [","] value } "}"
//
// The joints are and, &&, or and ||. tcpdump reads `a or b and c` from left to right, C and SQL
// read the and first; so an and behind an or is refused, and parentheses say what is meant. Where
// and stands in front of or both readings are the same. ctwin(8) lists the conditions.
#pragma once

#include <string_view>
#include <variant>

#include "cli/filter_expr.h"
#include "cli/filter_tree.h"

namespace ctwin::cli {

std::variant<FilterNode, FilterMistake> parse_filter(std::string_view text, const LabelMap* labels);

}  // namespace ctwin::cli
