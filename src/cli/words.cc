#include "cli/words.h"

#include <array>
#include <unordered_map>

namespace ctwin::cli {

namespace {

/// Rows by letter and by full name: a file of commands looks up millions.
struct Index {
  std::array<const OptionRow*, 256> letters{};
  std::unordered_map<std::string_view, const OptionRow*> names;
};

const Index& index() {
  static const Index kIndex = [] {
    Index built;
    for (const OptionRow& row : option_table()) {
      if (row.letter != 0) built.letters[static_cast<unsigned char>(row.letter)] = &row;
      built.names.emplace(row.name, &row);
      if (!row.alias.empty()) built.names.emplace(row.alias, &row);
    }
    return built;
  }();
  return kIndex;
}

}  // namespace

bool WordScanner::fail(std::string_view before, std::string_view word, std::string_view after) {
  error_.assign(before).append(word).append(after);
  return false;
}

bool WordScanner::is_known(const OptionRow& row) const {
  if (row.command == Command::kLoad) return false;  // only as the first word, see options.cc
  return row.protocols == 0 || (row.protocols & protocols_) != 0;
}

const OptionRow* WordScanner::find_letter(char letter) const {
  const OptionRow* row = index().letters[static_cast<unsigned char>(letter)];
  return row && is_known(*row) ? row : nullptr;
}

/// An exact name, else the only row that `name` begins.
const OptionRow* WordScanner::find_long(std::string_view name) const {
  const auto& names = index().names;
  if (const auto exact = names.find(name); exact != names.end() && is_known(*exact->second))
    return exact->second;
  const OptionRow* found = nullptr;
  for (const OptionRow& row : option_table()) {
    if (!is_known(row) || is_own(row.group) || name.empty()) continue;
    if (!row.name.starts_with(name) && !row.alias.starts_with(name)) continue;
    if (found && (found->option != row.option || found->command != row.command)) return nullptr;
    found = &row;
  }
  return found;
}

/// The next word as an argument, unless it looks like an option or a negation.
std::optional<std::string_view> WordScanner::take_optional() {
  if (!cluster_.empty() || next_ >= words_.size()) return {};
  const std::string_view word = words_[next_];
  if (word.starts_with('-') || word.starts_with('!')) return {};
  ++next_;
  return word;
}

bool WordScanner::take_argument(std::string_view attached, bool has_attached, Word& word) {
  switch (word.row->argument) {
    case Argument::kNone: return !has_attached || fail("unknown option `", current_, "'");
    case Argument::kRequired:
      if (has_attached)
        word.value = attached;
      else if (next_ < words_.size())
        word.value = words_[next_++];
      else
        return fail("option `", current_, "' requires an argument");
      return true;
    case Argument::kAttached:
      if (has_attached) word.value = attached;
      return true;
    case Argument::kOptional:
    case Argument::kTable:
    case Argument::kTableAttached:
      word.value = has_attached ? std::optional(attached) : take_optional();
      return true;
  }
  return true;
}

bool WordScanner::next_long(std::string_view name, Word& word) {
  const size_t equals = name.find('=');
  const bool has_value = equals != std::string_view::npos;
  word.row = find_long(name.substr(0, equals));
  if (!word.row) return fail("unknown option `", current_, "'");
  return take_argument(has_value ? name.substr(equals + 1) : std::string_view{}, has_value, word);
}

bool WordScanner::next_letter(Word& word) {
  const char letter = cluster_.front();
  cluster_.remove_prefix(1);
  word.row = find_letter(letter);
  if (!word.row) {
    // getopt has not moved past a cluster that goes on, and conntrack names the word in front.
    const std::string_view before = any_stray_ ? last_stray_ : words_[next_ - 2];
    return fail("unknown option `", cluster_.empty() ? current_ : before, "'");
  }
  const Argument argument = word.row->argument;
  const bool attaches = argument == Argument::kRequired || argument == Argument::kOptional ||
                        argument == Argument::kTableAttached;
  if (!attaches || cluster_.empty()) return take_argument({}, false, word);
  const std::string_view attached = cluster_;
  cluster_ = {};
  return take_argument(attached, true, word);
}

bool WordScanner::next(Word& word) {
  word = {};
  if (!cluster_.empty()) return next_letter(word);
  for (; next_ < words_.size(); ++next_) {
    current_ = words_[next_];
    if (current_.size() < 2 || current_.front() != '-') {
      last_stray_ = current_;
      any_stray_ = true;
      continue;
    }
    ++next_;
    if (current_ == "--") break;
    if (current_.starts_with("--")) return next_long(current_.substr(2), word);
    cluster_ = current_.substr(1);
    return next_letter(word);
  }
  return false;
}

}  // namespace ctwin::cli
