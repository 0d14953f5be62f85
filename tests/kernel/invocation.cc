#include "invocation.h"

#include <algorithm>

namespace ctwin::test {

namespace {

Error malformed(std::string_view row, const char* what) {
  return {EINVAL, std::string("row of the test: ") + what + ": " + std::string(row)};
}

/// Takes a row apart into words, by a shell's rules for quotes.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text) {}

  /// False at the end.
  bool next(std::string& word) {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ == text_.size()) return false;
    word.clear();
    while (at_ < text_.size() && text_[at_] != ' ') read_part(word);
    return true;
  }
  bool open_quote() const { return open_quote_; }

 private:
  void read_part(std::string& word) {
    const char c = text_[at_++];
    if (c != '\'' && c != '"') return word.push_back(c);
    const size_t end = closing(c);
    open_quote_ |= end == text_.size();
    std::string_view inside = text_.substr(at_, end - at_);
    if (c == '\'')
      word += inside;
    else
      unescape(inside, word);
    at_ = std::min(end + 1, text_.size());
  }
  size_t closing(char quote) const {
    size_t end = at_;
    while (end < text_.size() && text_[end] != quote)
      end += quote == '"' && text_[end] == '\\' ? 2 : 1;
    return std::min(end, text_.size());
  }
  static void unescape(std::string_view text, std::string& word) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\' || i + 1 == text.size()) {
        word.push_back(text[i]);
        continue;
      }
      const char c = text[++i];
      word.push_back(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  bool open_quote_ = false;
};

std::string_view between_brackets(std::string_view mark) {
  const size_t open = mark.find('(');
  return mark.substr(open + 1, mark.size() - open - 2);
}

std::vector<std::string> split_actions(std::string_view text) {
  std::vector<std::string> actions;
  for (;;) {
    const size_t end = text.find(';');
    actions.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return actions;
    text.remove_prefix(end + 1);
  }
}

bool read_mark(std::string_view mark, Invocation& invocation) {
  if (mark == "@empty")
    invocation.contents = Contents::kEmpty;
  else if (mark == "@many")
    invocation.contents = Contents::kMany;
  else if (mark == "@packets")
    invocation.contents = Contents::kPackets;
  else if (mark == "@unprivileged")
    invocation.privileged = false;
  else if (mark == "@same")
    invocation.same_namespace = true;
  else if (mark == "@labels(none)")
    invocation.label_file = false;
  else if (mark.starts_with("@labels("))
    invocation.labels = between_brackets(mark);
  else if (mark.starts_with("@during("))
    invocation.actions = split_actions(between_brackets(mark));
  else
    return false;
  return true;
}

std::string double_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '\n' || c == '\t' || c == '\r')
      quoted += c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r";
    else if (c == '"' || c == '\\')
      quoted += std::string("\\") + c;
    else
      quoted += c;
  }
  return quoted + '"';
}

}  // namespace

Result<Invocation> parse_row(std::string_view row, std::string_view group) {
  Invocation invocation;
  invocation.group = group;
  WordReader reader(row);
  bool marks = true;
  for (std::string word; reader.next(word);) {
    if (marks && word.starts_with('@')) {
      if (!read_mark(word, invocation)) return malformed(row, "unknown mark");
      continue;
    }
    marks = false;
    if (word != "<<<") {
      invocation.words.push_back(word);
      continue;
    }
    if (!reader.next(invocation.input)) return malformed(row, "nothing behind <<<");
    break;
  }
  if (reader.open_quote()) return malformed(row, "an open quote");
  return invocation;
}

std::string shell_quoted(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=+@%{}[]";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos)
    return std::string(word);
  if (word.find_first_of("'\n\t\r") != std::string_view::npos) return double_quoted(word);
  return "'" + std::string(word) + "'";
}

std::string row_text(const Invocation& invocation) {
  std::string text;
  const auto add = [&text](std::string_view word) {
    if (!text.empty()) text += ' ';
    text += word;
  };
  if (invocation.contents == Contents::kEmpty) add("@empty");
  if (invocation.contents == Contents::kMany) add("@many");
  if (invocation.contents == Contents::kPackets) add("@packets");
  if (!invocation.privileged) add("@unprivileged");
  if (invocation.same_namespace) add("@same");
  if (!invocation.label_file) add("@labels(none)");
  if (!invocation.labels.empty()) add("@labels(" + double_quoted(invocation.labels) + ")");
  if (invocation.is_event_case()) {
    std::string actions;
    for (const std::string& action : invocation.actions)
      actions += (actions.empty() ? "" : ";") + action;
    add("@during(" + actions + ")");
  }
  for (const std::string& word : invocation.words) add(shell_quoted(word));
  if (!invocation.input.empty()) add("<<< " + double_quoted(invocation.input));
  return text;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace ctwin::test
