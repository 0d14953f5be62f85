#include "cli/filter_lexer.h"

#include <array>

namespace ctwin::cli {

namespace {

using Kind = FilterTokenKind;

struct Symbol {
  std::string_view text;
  Kind kind;
};

// A longer symbol stands in front of the one that it begins with.
constexpr std::array<Symbol, 15> kSymbols{{{"&&", Kind::kAnd},
                                           {"||", Kind::kOr},
                                           {"==", Kind::kEqual},
                                           {"!=", Kind::kNotEqual},
                                           {"<=", Kind::kLessEqual},
                                           {">=", Kind::kGreaterEqual},
                                           {"=", Kind::kEqual},
                                           {"<", Kind::kLess},
                                           {">", Kind::kGreater},
                                           {"!", Kind::kNot},
                                           {"(", Kind::kOpen},
                                           {")", Kind::kClose},
                                           {"{", Kind::kListOpen},
                                           {"}", Kind::kListClose},
                                           {",", Kind::kComma}}};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool ends_word(char c) {
  return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f ||
         std::string_view("(){},!&|=<>\"").find(c) != std::string_view::npos;
}

}  // namespace

FilterToken FilterLexer::take(Kind kind, size_t size) {
  const FilterToken token{kind, text_.substr(at_, size), at_};
  at_ += size;
  return token;
}

FilterToken FilterLexer::take_symbol() {
  for (const Symbol& symbol : kSymbols)
    if (text_.substr(at_).starts_with(symbol.text)) return take(symbol.kind, symbol.text.size());
  return take(Kind::kStray, 1);
}

FilterToken FilterLexer::take_quoted() {
  const size_t close = text_.find('"', at_ + 1);
  if (close == std::string_view::npos) return take(Kind::kStray, text_.size() - at_);
  FilterToken token = take(Kind::kQuoted, close + 1 - at_);
  token.text = token.text.substr(1, token.text.size() - 2);
  return token;
}

FilterToken FilterLexer::next() {
  while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  if (at_ == text_.size()) return {Kind::kEnd, {}, at_};
  if (text_[at_] == '"') return take_quoted();
  size_t size = 0;
  while (at_ + size < text_.size() && !ends_word(text_[at_ + size])) ++size;
  return size == 0 ? take_symbol() : take(Kind::kWord, size);
}

}  // namespace ctwin::cli
