// The words of a --filter expression.
//
//   token  := word | quoted | "(" | ")" | "{" | "}" | "," | "!" | "&&" | "||" | comparison
//   word   := characters other than blanks and those of the other tokens
//   quoted := '"' characters without '"' '"'             for names with blanks in them
//   comparison := "=" | "==" | "!=" | "<" | "<=" | ">" | ">="
#pragma once

#include <cstdint>
#include <string_view>

namespace ctwin::cli {

enum class FilterTokenKind : uint8_t {
  kEnd,
  kWord,
  kQuoted,
  kOpen,
  kClose,
  kListOpen,
  kListClose,
  kComma,
  kNot,
  kAnd,
  kOr,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kStray,  ///< no token: a lone & or |, a quote that is not closed, a control character
};

struct FilterToken {
  FilterTokenKind kind = FilterTokenKind::kEnd;
  std::string_view text;  ///< as it stands; without the quotes of kQuoted
  size_t at = 0;          ///< where it begins
};

class FilterLexer {
 public:
  explicit FilterLexer(std::string_view text) : text_(text) {}

  /// The next token; kEnd at the end, again and again.
  FilterToken next();

 private:
  FilterToken take(FilterTokenKind kind, size_t size);
  FilterToken take_symbol();
  FilterToken take_quoted();

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace ctwin::cli
