#include "setup/shell_words.h"

#include <fmt/format.h>

namespace ctwin::setup {

namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kSupported = "supported is one command a line, of plain or quoted words";

bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }

/// Why a character may not stand unquoted; null when it may.
const char* special(char c) {
  switch (c) {
    case '$': return "variables and substitutions are not expanded";
    case '`': return "commands are not substituted";
    case '|':
    case '&':
    case ';':
    case '(':
    case ')': return "a line is one command";
    case '<':
    case '>': return "files are not redirected (sysctl -w sets what is under /proc/sys)";
    case '*':
    case '?': return "file names are not expanded; in quotes it is a character as any other";
    default: return nullptr;
  }
}

/// A line as it is taken apart. Reads on in the next one behind a backslash.
class Splitter {
 public:
  Splitter(std::string_view line, Lines& lines, Command& command)
      : line_(line), lines_(lines), command_(command) {
    command_ = {};
    command_.line = lines.number();
  }

  std::optional<Mistake> split() {
    while (!mistake_) {
      while (skip_continuation() || (at_ < line_.size() && is_blank(line_[at_]))) ++at_;
      if (at_ >= line_.size() || line_[at_] == '#') break;
      if (line_.substr(at_).starts_with("<<"))
        here_document();
      else if (command_.here)
        refuse(line_[at_], "nothing may stand behind the end word of <<");
      else
        word();
    }
    return mistake_;
  }

 private:
  uint32_t column() const { return base_ + static_cast<uint32_t>(at_) + 1; }

  void refuse(char c, std::string_view why) {
    if (!mistake_) mistake_ = Mistake{column(), fmt::format("'{}': {}; {}", c, why, kSupported)};
  }

  /// A backslash at the end: goes to the place before the next line's first character.
  bool skip_continuation() {
    const size_t behind = at_ + 1;
    const bool last = at_ < line_.size() && line_[at_] == '\\' &&
                      (behind == line_.size() || line_.substr(behind) == "\r");
    if (!last) return false;
    base_ += static_cast<uint32_t>(line_.size());
    if (!lines_.next(line_)) line_ = {};
    command_.breaks.push_back(base_);
    at_ = static_cast<size_t>(-1);
    return true;
  }

  /// What stands in quotes, from the opening one on.
  void quoted(std::string& text) {
    const char quote = line_[at_];
    const uint32_t begin = column();
    for (++at_; at_ < line_.size() && line_[at_] != quote; ++at_) {
      char c = line_[at_];
      if (quote == '"') {
        if (c == '$' || c == '`') return refuse(c, special(c));
        constexpr std::string_view kEscaped = "$`\"\\";
        const bool escape = c == '\\' && at_ + 1 < line_.size() &&
                            kEscaped.find(line_[at_ + 1]) != std::string_view::npos;
        if (escape) c = line_[++at_];
      }
      text += c;
    }
    if (at_ >= line_.size()) {
      mistake_ = Mistake{begin, fmt::format("{}: the quote is not closed on its line", quote)};
      return;
    }
    ++at_;
  }

  void word() {
    Word word{{}, column()};
    while (!mistake_ && at_ < line_.size() && !is_blank(line_[at_])) {
      const char c = line_[at_];
      if (c == '\'' || c == '"') {
        quoted(word.text);
        continue;
      }
      if (skip_continuation()) {
        ++at_;
        continue;
      }
      if (const char* why = special(c)) return refuse(c, why);
      if (c == '~' && word.text.empty())
        return refuse(c, "home directories are not expanded; in quotes it is a plain character");
      if (c == '\\') ++at_;
      word.text += line_[at_++];
    }
    command_.words.push_back(std::move(word));
  }

  void here_document() {
    if (command_.here) return refuse('<', "one << is enough");
    HereDocument& here = command_.here.emplace();
    at_ += 2;
    here.strips_tabs = at_ < line_.size() && line_[at_] == '-';
    at_ += here.strips_tabs;
    while (at_ < line_.size() && is_blank(line_[at_])) ++at_;
    const size_t begin = at_;
    word();
    if (mistake_) return;
    here.quoted = line_.substr(begin, at_ - begin).find_first_of("'\"\\") != std::string_view::npos;
    here.end = std::move(command_.words.back().text);
    command_.words.pop_back();
    if (here.end.empty()) refuse('<', "a word that ends the document must follow <<");
  }

  std::string_view line_;
  Lines& lines_;
  Command& command_;
  size_t at_ = 0;
  uint32_t base_ = 0;  ///< columns of the lines before
  std::optional<Mistake> mistake_;
};

}  // namespace

bool Lines::next(std::string_view& line) {
  if (rest_.empty()) return false;
  const size_t end = rest_.find('\n');
  line = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  ++number_;
  return true;
}

Command::Place Command::place_of(uint32_t column) const {
  Place place{line, column};
  for (const uint32_t begin : breaks) {
    if (column <= begin) break;
    ++place.line;
    place.column = column - begin;
  }
  return place;
}

std::optional<Mistake> split_command(std::string_view line, Lines& lines, Command& command) {
  return Splitter(line, lines, command).split();
}

std::optional<Mistake> split_saved(std::string_view line, std::vector<Word>& words) {
  words.clear();
  size_t at = 0;
  while (true) {
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at >= line.size()) return std::nullopt;
    Word& word = words.emplace_back(Word{{}, static_cast<uint32_t>(at) + 1});
    bool quoted = false;
    for (; at < line.size() && (quoted || !is_blank(line[at])); ++at) {
      if (line[at] == '"') {
        quoted = !quoted;
        continue;
      }
      if (quoted && line[at] == '\\' && at + 1 < line.size()) ++at;
      word.text += line[at];
    }
    if (quoted) return Mistake{word.column, "\": the quote is not closed on its line"};
  }
}

}  // namespace ctwin::setup
