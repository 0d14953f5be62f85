#include "normalise.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "invocation.h"

namespace ctwin::test {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

size_t digits_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

uint64_t number_at(std::string_view text, size_t at, size_t length) {
  uint64_t value = 0;
  std::from_chars(text.data() + at, text.data() + at + length, value);
  return value;
}

/// Where the timeout of a plain line stands: behind the protocol's name and number, or at the
/// beginning of an expectation. npos if there is none.
size_t plain_timeout(std::string_view text) {
  size_t at = 0;
  const auto skip_blanks = [&] {
    while (at < text.size() && text[at] == ' ') ++at;
  };
  const auto skip_word = [&] {
    while (at < text.size() && text[at] != ' ') ++at;
    skip_blanks();
  };
  skip_blanks();
  if (text.substr(at).starts_with("[TIME]\t")) at += 7, skip_blanks();
  for (const std::string_view event : {"[NEW] ", "[UPDATE] ", "[DESTROY] "})
    if (text.substr(at).starts_with(event)) at += event.size();
  const size_t digits = digits_at(text, at);
  if (digits != 0 && text.substr(at + digits).starts_with(" proto=")) return at;
  if (text.substr(at).starts_with("ipv")) skip_word(), skip_word();
  skip_word();
  const size_t proto = digits_at(text, at);
  if (proto == 0 || at + proto >= text.size() || text[at + proto] != ' ') return std::string::npos;
  skip_word();
  return digits_at(text, at) != 0 ? at : std::string::npos;
}

/// Replaces the number behind every `key` by what `replace` makes of it.
template <typename Replace>
void replace_numbers(std::string& text, std::string_view key, const Replace& replace) {
  for (size_t at = text.find(key); at != std::string::npos; at = text.find(key, at)) {
    at += key.size();
    const size_t length = digits_at(text, at);
    if (length == 0) continue;
    const std::string now = replace(number_at(text, at, length), text.substr(at, length));
    text.replace(at, length, now);
    at += now.size();
  }
}

/// The same for ids of entries, but not for those of pings, which stand behind a code.
template <typename Replace>
void replace_ids(std::string& text, std::string_view key, const Replace& replace) {
  size_t at = 0;
  replace_numbers(text, key, [&](uint64_t id, std::string digits) {
    at = text.find(key, at) + key.size();
    const std::string_view before = std::string_view(text).substr(0, at - key.size());
    const bool of_ping =
        before.ends_with("</code>") || before.substr(before.rfind(' ') + 1).starts_with("code=");
    return of_ping ? digits : replace(id, digits);
  });
}

/// Cuts what stands between `open` and `close` out of the text, and puts `instead` there.
void blank_out(std::string& text, std::string_view open, std::string_view close,
               std::string_view instead) {
  for (size_t at = text.find(open); at != std::string::npos; at = text.find(open, at)) {
    at += open.size();
    const size_t end = text.find(close, at);
    if (end == std::string::npos) return;
    text.replace(at, end - at, instead);
  }
}

void hide_event_time(std::string& text) {
  if (!text.starts_with('[')) return;
  const size_t close = text.find("]\t");
  if (close == std::string::npos) return;
  for (size_t i = 1; i < close; ++i)
    if (!is_digit(text[i]) && text[i] != '.' && text[i] != ' ') return;
  text.replace(0, close + 1, "[TIME]");
}

/// A save line has its timeout behind -t; nothing else does that begins with a verb.
bool is_save_line(std::string_view text) {
  return text.starts_with("-A ") || text.starts_with("-U ") || text.starts_with("-D ");
}

bool is_entry_line(const std::string& text) {
  return !text.starts_with("<?xml") && text != "<conntrack>" && text != "</conntrack>" &&
         text != "<expect>" && text != "</expect>";
}

bool seconds_agree(const Line& a, const Line& b) {
  if (a.seconds.size() != b.seconds.size()) return false;
  for (size_t i = 0; i < a.seconds.size(); ++i) {
    const uint64_t low = std::min(a.seconds[i], b.seconds[i]);
    if (std::max(a.seconds[i], b.seconds[i]) - low > 1) return false;
  }
  return true;
}

bool before(const Line& a, const Line& b) {
  return a.text != b.text ? a.text < b.text : a.seconds < b.seconds;
}

std::string shown(const Line& line) { return line.readable(); }
std::string shown(const std::string& line) { return line; }
bool equal(const std::string& expected, const std::string& actual) {
  constexpr std::string_view kAnything = "…";
  if (!expected.ends_with(kAnything)) return expected == actual;
  return actual.starts_with(expected.substr(0, expected.size() - kAnything.size()));
}

bool equal(const Line& expected, const Line& actual) {
  if (expected.text.ends_with("…")) return equal(expected.text, actual.text);
  return expected.text == actual.text && seconds_agree(expected, actual);
}

/// "…" alone stands for any lines, but at least one.
bool any_lines(const std::vector<Line>& expected, const std::vector<Line>& actual) {
  return expected.size() == 1 && expected.front().text == "…" && !actual.empty();
}

template <typename T>
void add_lines(std::string& text, const char* label, const std::vector<T>& lines, size_t first,
               size_t last) {
  constexpr size_t kShown = 6;
  for (size_t i = first; i < std::min(last, first + kShown); ++i)
    text += label + shown(lines[i]) + "\n";
  if (last > first + kShown)
    text += std::string(label) + "… and " + std::to_string(last - first - kShown) + " more\n";
}

/// The lines that only one side has, after those that both begin and end with are left out.
template <typename T>
std::string differing_lines(const char* what, const std::vector<T>& expected,
                            const std::vector<T>& actual) {
  size_t begin = 0;
  size_t end = 0;
  const size_t common = std::min(expected.size(), actual.size());
  while (begin < common && equal(expected[begin], actual[begin])) ++begin;
  if (begin == expected.size() && begin == actual.size()) return {};
  while (end < common - begin &&
         equal(expected[expected.size() - 1 - end], actual[actual.size() - 1 - end]))
    ++end;
  std::string text = std::string("  ") + what + ":\n";
  add_lines(text, "    expected: ", expected, begin, expected.size() - end);
  add_lines(text, "    got:      ", actual, begin, actual.size() - end);
  return text;
}

std::string end_text(const Observation& observation) {
  if (observation.late) return "did not end";
  if (observation.signal != 0) return "killed by signal " + std::to_string(observation.signal);
  return "exit code " + std::to_string(observation.exit_code);
}

}  // namespace

void add_ids(const TableState& state, IdNames& names) {
  for (const Entry& entry : state.entries) names[entry.id] = "<" + entry.name() + ">";
}

std::string Line::readable() const {
  std::string result;
  size_t next = 0;
  for (const char c : text) {
    if (c == '@' && next < seconds.size())
      result += std::to_string(seconds[next++]);
    else
      result += c;
  }
  return result;
}

Line normalised_line(std::string_view original, const IdNames& names) {
  Line line;
  std::string& text = line.text;
  text = original;
  hide_event_time(text);
  const auto to_seconds = [&line](uint64_t number, const std::string&) {
    // An age of -1: conntrack's clock is a little behind the kernel's.
    constexpr uint64_t kNegative = uint64_t{1} << 63;
    line.seconds.push_back(number >= kNegative ? 0 : number);
    return std::string("@");
  };
  const auto to_name = [&names](uint64_t number, std::string digits) {
    const auto found = names.find(static_cast<uint32_t>(number));
    return found == names.end() ? digits : found->second;
  };
  if (is_save_line(text)) {
    replace_numbers(text, " -t ", to_seconds);
    return line;
  }
  if (text.starts_with('<')) {
    replace_numbers(text, "<timeout>", to_seconds);
    replace_numbers(text, "<deltatime>", to_seconds);
    replace_ids(text, "<id>", to_name);
    for (const char* tag : {"start", "stop", "when"})
      blank_out(text, std::string("<") + tag + ">", std::string("</") + tag + ">", "TIME");
  } else if (const size_t at = plain_timeout(text); at != std::string::npos) {
    const size_t length = digits_at(text, at);
    line.seconds.push_back(number_at(text, at, length));
    text.replace(at, length, "@");
    replace_numbers(text, " delta-time=", to_seconds);
    replace_ids(text, " id=", to_name);
    blank_out(text, "[start=", "]", "TIME");
    blank_out(text, "[stop=", "]", "TIME");
  }
  replace_numbers(text, " portid=", [](uint64_t, const std::string&) { return "PORT"; });
  return line;
}

Line entry_line(const Entry& entry) {
  Line line{"timeout=", {}};
  if (entry.timeout) {
    line.text += '@';
    line.seconds.push_back(*entry.timeout);
  }
  line.text += " " + entry.text();
  return line;
}

std::vector<Line> entry_lines(const std::vector<Entry>& entries) {
  std::vector<Line> lines;
  for (const Entry& entry : entries) lines.push_back(entry_line(entry));
  std::sort(lines.begin(), lines.end(), before);
  return lines;
}

std::vector<Line> expectation_lines(const std::vector<Expectation>& expectations) {
  std::vector<Line> lines;
  for (const Expectation& expectation : expectations)
    lines.push_back({"timeout=@ " + expectation.text, {expectation.timeout}});
  std::sort(lines.begin(), lines.end(), before);
  return lines;
}

/// Without the name of the entry that could not be changed, which conntrack does not tell: all that
/// stands in parentheses at the end, or what is behind a reason there.
std::string without_entry(std::string text) {
  const size_t open = text.rfind(" ("), tuple = text.find(" src=", open);
  if (open == std::string::npos || tuple == std::string::npos) return text;
  const size_t colon = text.rfind(": ", tuple);
  const bool has_reason = colon != std::string::npos && colon > open;
  text.resize(has_reason ? colon : open);
  return has_reason ? text + ")" : text;
}

std::string normalised_error(std::string_view line) {
  for (const std::string_view known :
       {"conntrack v1.4.7 (conntrack-tools): ", "conntrack v1.4.9 ("}) {
    if (!line.starts_with(known)) continue;
    const size_t end = line.find("): ");
    if (end != std::string_view::npos)
      return "PFX: " + without_entry(std::string(line.substr(end + 3)));
  }
  return std::string(line);
}

void sort_entry_lines(std::vector<Line>& lines) {
  for (auto first = lines.begin(); first != lines.end();) {
    const auto is_entry = [](const Line& line) { return is_entry_line(line.text); };
    first = std::find_if(first, lines.end(), is_entry);
    const auto last = std::find_if_not(first, lines.end(), is_entry);
    std::sort(first, last, before);
    first = last;
  }
}

void hide_use(Line& line) {
  for (const char* key : {" use=", "<use>"})
    replace_numbers(line.text, key, [](uint64_t, const std::string&) { return "N"; });
}

Observation observe(const Ended& ended, const TableState& after, const IdNames& names,
                    const NormaliseOptions& options) {
  Observation result;
  for (const std::string& text : split_lines(ended.output)) {
    Line line = normalised_line(text, names);
    if (options.hide_numbers && text.starts_with("cpu="))
      replace_numbers(line.text, "=", [](uint64_t, const std::string&) { return "N"; });
    if (options.hide_use) hide_use(line);
    if (const size_t cause = line.text.find(" portid=");
        options.hide_causes && cause != std::string::npos)
      line.text.resize(cause);
    result.output.push_back(std::move(line));
  }
  // A last line that does not end shows in the comparison.
  if (!ended.output.empty() && ended.output.back() != '\n')
    result.output.push_back({"(no end of line)", {}});
  if (!options.keep_order) sort_entry_lines(result.output);
  for (const std::string& line : split_lines(ended.errors))
    result.errors.push_back(normalised_error(line));
  result.exit_code = ended.exit_code;
  result.signal = ended.signal;
  result.late = ended.late;
  result.entries = entry_lines(after.entries);
  result.expectations = expectation_lines(after.expectations);
  return result;
}

std::optional<std::string> compare(const Observation& expected, const Observation& actual) {
  std::string text;
  if (end_text(expected) != end_text(actual))
    text += "  expected: " + end_text(expected) + "\n  got:      " + end_text(actual) + "\n";
  text += differing_lines("standard error", expected.errors, actual.errors);
  if (!any_lines(expected.output, actual.output))
    text += differing_lines("standard output", expected.output, actual.output);
  text += differing_lines("table afterwards", expected.entries, actual.entries);
  text += differing_lines("expectations afterwards", expected.expectations, actual.expectations);
  if (text.empty()) return {};
  return text;
}

}  // namespace ctwin::test
