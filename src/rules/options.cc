#include "rules/options.h"

#include <fmt/format.h>

namespace ctwin::rules {

namespace {

Found wrong(Found found, std::string text) {
  found.kind = Found::Kind::kMistake;
  found.mistake = {found.column, std::move(text)};
  return found;
}

}  // namespace

OptionScanner::OptionScanner(std::span<const Word> words, std::span<const OptionRow> own)
    : words_(words) {
  groups_.push_back({nullptr, own});
}

void OptionScanner::add(const Extension* owner, std::span<const OptionRow> rows) {
  groups_.insert(groups_.begin() + 1, {owner, rows});
}

Found OptionScanner::next() {
  last_ = position_;
  if (position_.word == words_.size()) return {};
  const Word& word = words_[position_.word];
  if (position_.letter != 0) return next_short(word);
  if (word.text.starts_with("--") && word.text.size() > 2) return next_long(word);
  if (word.text.starts_with('-') && word.text.size() > 1 && word.text != "--") {
    position_.letter = 1;
    return next_short(word);
  }
  ++position_.word;
  Found found;
  found.kind = Found::Kind::kWord;
  found.written = word.text;
  found.column = found.value_column = word.column;
  return found;
}

Found OptionScanner::next_short(const Word& word) {
  const size_t at = position_.letter;
  Found found;
  found.column = found.value_column = word.column + static_cast<uint32_t>(at == 1 ? 0 : at);
  found.written = at == 1 && word.text.size() == 2 ? std::string_view(word.text)
                                                   : std::string_view(word.text).substr(at, 1);
  const auto advance = [&](bool whole_word) {
    if (whole_word || at + 1 == word.text.size())
      position_ = {position_.word + 1, 0};
    else
      ++position_.letter;
  };
  for (const OptionRow& row : groups_.front().rows) {
    if (row.id != static_cast<uint8_t>(word.text[at])) continue;
    found.kind = Found::Kind::kOption;
    found.row = &row;
    if (row.takes == OptionRow::Takes::kNothing) {
      advance(false);
      return found;
    }
    advance(true);
    if (at + 1 < word.text.size()) {
      found.value = std::string_view(word.text).substr(at + 1);
      found.value_column = word.column + static_cast<uint32_t>(at) + 1;
      found.has_value = true;
      return found;
    }
    take_argument(found);
    return found;
  }
  advance(true);
  found.unknown = true;
  return wrong(found, fmt::format("unknown option \"-{}\"", word.text[at]));
}

Found OptionScanner::next_long(const Word& word) {
  ++position_.word;
  const std::string_view text = word.text;
  const size_t equals = text.find('=');
  Found found;
  found.column = found.value_column = word.column;
  found.written = text.substr(0, equals);
  if (!look_up(found.written.substr(2), found)) return found;
  if (equals != text.npos) {
    if (found.row->takes == OptionRow::Takes::kNothing)
      return wrong(found, fmt::format("option \"{}\" takes no argument", found.written));
    found.value = text.substr(equals + 1);
    found.value_column = word.column + static_cast<uint32_t>(equals) + 1;
    found.has_value = true;
  } else {
    take_argument(found);
  }
  return found;
}

/// An exact name, else the only one that `name` begins; several that mean the same are one.
bool OptionScanner::look_up(std::string_view name, Found& found) const {
  const OptionRow* begun = nullptr;
  const Extension* owner = nullptr;
  bool ambiguous = false;
  for (const Group& group : groups_) {
    for (const OptionRow& row : group.rows) {
      const std::string_view full = row.name;
      if (!full.starts_with(name)) continue;
      if (full.size() == name.size()) {
        found.kind = Found::Kind::kOption;
        found.row = &row;
        found.owner = group.owner;
        return true;
      }
      if (begun && (owner != group.owner || begun->id != row.id)) ambiguous = true;
      if (begun) continue;
      begun = &row;
      owner = group.owner;
    }
  }
  found.row = begun;
  found.owner = owner;
  found.kind = Found::Kind::kOption;
  if (begun && !ambiguous) return true;
  found.unknown = true;
  found =
      wrong(found, fmt::format("{} option \"{}\"", begun ? "ambiguous" : "unknown", found.written));
  return false;
}

/// The next word, whatever it is, when the option must have one.
void OptionScanner::take_argument(Found& found) {
  if (found.row->takes != OptionRow::Takes::kArgument) return;
  if (position_.word == words_.size()) {
    found = wrong(found, fmt::format("option \"{}\" requires an argument", found.written));
    return;
  }
  const Word& word = words_[position_.word++];
  found.value = word.text;
  found.value_column = word.column;
  found.has_value = true;
}

const Word* OptionScanner::take_word() {
  if (position_.letter != 0 || position_.word == words_.size()) return nullptr;
  const Word& word = words_[position_.word];
  if (word.text.starts_with('-') || word.text.starts_with('!')) return nullptr;
  ++position_.word;
  return &word;
}

uint32_t OptionScanner::end_column() const {
  if (words_.empty()) return 1;
  return words_.back().column + static_cast<uint32_t>(words_.back().text.size());
}

}  // namespace ctwin::rules
