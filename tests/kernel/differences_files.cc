// Differences of -R: where a message points to, and lines that do not leak into each other.
#include <algorithm>

#include "differences.h"

namespace ctwin::test {

namespace {

bool is_load(const Invocation& invocation) {
  return invocation.words.size() >= 2 &&
         (invocation.words[0] == "-R" || invocation.words[0] == "--load-file") &&
         (invocation.words[1] == "-" || invocation.words[1] == "{dir}/input");
}

std::string first_lines(const std::vector<std::string>& lines, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += lines[i] + "\n";
  return text;
}

/// The first line with which conntrack fails in the same way.
size_t failing_line(Runner& runner, const Plan& plan, int exit_code) {
  const std::vector<std::string> lines = split_lines(plan.like.input);
  Invocation part = plan.like;
  for (size_t count = 1; count < lines.size(); ++count) {
    part.input = first_lines(lines, count);
    if (runner.run(Side::kConntrack, part).seen.exit_code == exit_code) return count;
  }
  return lines.size();
}

std::string file_name(const Runner& runner, const Plan& plan) {
  const std::string& word = plan.invocation().words[1];
  return word == "-" ? word : runner.folder() + "/input";
}

void locate(std::vector<std::string>& errors, const std::string& place) {
  constexpr std::string_view kBegin = "PFX: ";
  for (std::string& error : errors) {
    if (!error.starts_with(kBegin) || error.ends_with(" has been emptied.")) continue;
    error.insert(kBegin.size(), place);
    return;
  }
}

/// A line of the file as a command of its own; nothing for comments.
std::optional<Invocation> command_of(const std::string& line, const Invocation& from) {
  const size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string::npos || line[begin] == '#') return {};
  std::string row = line;
  std::replace(row.begin(), row.end(), '\t', ' ');
  Result<Invocation> invocation = parse_row(row, from.group);
  if (!invocation) return {};
  invocation->contents = from.contents;
  invocation->privileged = from.privileged;
  invocation->labels = from.labels;
  invocation->label_file = from.label_file;
  return std::move(*invocation);
}

/// A line that is hard to take apart here is compared as conntrack has it.
bool is_plain(const std::string& text) {
  return text.find_first_of("\"'\\\r") == std::string::npos;
}

bool leaks(const CommandLine& line) {
  return line.has_any({"output", "mark", "label", "label-add", "label-del", "labelmap"});
}

bool is_summary(const std::string& error) {
  return error.find(" flow entries have been ") != std::string::npos;
}

/// Is it a command that -R takes?
bool is_usable(const Invocation& command) {
  const CommandLine line(command.words);
  return line.table() == "conntrack" && line.one_of({"create", "add", "update", "delete", "flush"});
}

/// What a line alone is expected to do, on the tables as they are at the start of the file.
struct Outcome {
  size_t line = 0;
  bool differs = false;  ///< from what conntrack does
  Run run;
};

std::vector<Outcome> outcomes_of(const Plan& plan) {
  std::vector<Outcome> outcomes;
  const std::vector<std::string> lines = split_lines(plan.like.input);
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto command = command_of(lines[i], plan.like);
    if (!command) continue;
    // What -R does not take is refused, whatever it does elsewhere.
    const bool usable = is_usable(*command);
    Invocation alone = usable ? *command : plan.like;
    if (!usable) alone.input = lines[i] + "\n";
    Outcome outcome{i + 1, false, plan.runner().run(Side::kConntrack, alone)};
    Expected expected;
    if (usable) expected = expected_of(plan.runner(), *command, outcome.run);
    if (!expected.differences.empty()) {
      outcome.differs = compare(outcome.run.seen, expected.run.seen).has_value();
      outcome.run = std::move(expected.run);
    }
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

/// Puts together what the lines do one by one; they must not touch the same entries.
class OneByOne {
 public:
  explicit OneByOne(const Plan& plan) : plan_(plan) {
    result_.before = result_.after = plan.conntrack().before;
    result_.seen.expectations = expectation_lines(result_.before.expectations);
  }

  Run run(std::vector<Outcome> outcomes) {
    for (Outcome& outcome : outcomes)
      if (outcome.run.seen.exit_code == 2) return refuse(outcome);
    for (Outcome& outcome : outcomes)
      if (!carry_out(outcome)) break;
    return std::move(result_);
  }

 private:
  Run refuse(const Outcome& outcome) {
    result_.seen.errors = outcome.run.seen.errors;
    locate(result_.seen.errors, place(outcome.line));
    result_.seen.exit_code = 2;
    return std::move(result_);
  }

  std::string place(size_t line) const {
    return file_name(plan_.runner(), plan_) + ":" + std::to_string(line) + ": ";
  }

  /// False when the line fails and the rest is not carried out.
  bool carry_out(Outcome& outcome) {
    Observation& seen = result_.seen;
    Observation& more = outcome.run.seen;
    for (Line& line : more.output) {
      hide_use(line);
      seen.output.push_back(std::move(line));
    }
    std::erase_if(more.errors, is_summary);
    apply(outcome.run);
    const bool failed =
        !more.errors.empty() && more.errors.back().starts_with("PFX: Operation failed");
    if (failed) locate(more.errors, place(outcome.line));
    seen.errors.insert(seen.errors.end(), more.errors.begin(), more.errors.end());
    if (failed) seen.exit_code = 1;
    return !failed;
  }

  /// Does to the entries what the line did to those of the start.
  void apply(const Run& run) {
    const auto find = [](std::vector<Entry>& entries, const std::string& name) {
      return std::find_if(entries.begin(), entries.end(),
                          [&](const Entry& entry) { return entry.name() == name; });
    };
    TableState before = result_.before;
    TableState after = run.after;
    std::vector<Entry>& mine = result_.after.entries;
    for (const Entry& entry : before.entries)
      if (find(after.entries, entry.name()) == after.entries.end())
        if (const auto gone = find(mine, entry.name()); gone != mine.end()) mine.erase(gone);
    for (const Entry& entry : after.entries) {
      const auto old = find(before.entries, entry.name());
      if (old != before.entries.end() && same(*old, entry)) continue;
      if (const auto changed = find(mine, entry.name()); changed != mine.end())
        *changed = entry;
      else
        mine.push_back(entry);
    }
    if (run.after.expectations.size() < run.before.expectations.size())
      result_.seen.expectations = run.seen.expectations;
  }

  static bool same(const Entry& a, const Entry& b) {
    const uint32_t first = a.timeout.value_or(0);
    const uint32_t second = b.timeout.value_or(0);
    return a.text() == b.text() && std::max(first, second) - std::min(first, second) <= 1;
  }

  const Plan& plan_;
  Run result_;
};

bool lines_alone(Plan& plan) {
  if (!is_load(plan.invocation()) || plan.like.input.empty() || !is_plain(plan.like.input))
    return false;
  if (!plan.like.privileged) return false;
  bool leaking = false;
  for (const std::string& text : split_lines(plan.like.input)) {
    const auto command = command_of(text, plan.like);
    if (command) leaking |= leaks(CommandLine(command->words));
  }
  auto outcomes = outcomes_of(plan);
  leaking &= outcomes.size() > 1;
  const auto differs = [](const Outcome& outcome) { return outcome.differs; };
  if (!leaking && std::none_of(outcomes.begin(), outcomes.end(), differs)) return false;
  plan.settled = true;
  plan.produce([outcomes = std::move(outcomes)](Runner&, const Plan& made) {
    return OneByOne(made).run(outcomes);
  });
  return true;
}

/// conntrack says that the table is empty before it sees that it is not allowed to do that.
void drop_false_success(std::vector<std::string>& errors) {
  if (errors.size() >= 2 && errors[errors.size() - 2].ends_with(" has been emptied.") &&
      errors.back().ends_with(" to do this"))
    errors.erase(errors.end() - 2);
}

bool location(Plan& plan) {
  const Observation& seen = plan.conntrack().seen;
  if (!is_load(plan.invocation()) || seen.exit_code == 0 || seen.signal != 0) return false;
  plan.produce([](Runner& runner, const Plan& made) {
    Run run = runner.run(Side::kConntrack, made.instead());
    if (run.seen.exit_code == 0) return run;
    const size_t line = failing_line(runner, made, run.seen.exit_code);
    drop_false_success(run.seen.errors);
    locate(run.seen.errors, file_name(runner, made) + ":" + std::to_string(line) + ": ");
    return run;
  });
  return true;
}

/// conntrack takes the CR for a part of the line's last word.
bool line_ends(Plan& plan) {
  if (!is_load(plan.invocation())) return false;
  std::string& input = plan.like.input;
  bool found = false;
  for (size_t at = 0; (at = input.find("\r\n", at)) != std::string::npos; found = true)
    input.erase(at, 1);
  return found;
}

/// conntrack takes blanks for a line without a command unless a line end follows them.
bool blank_end(Plan& plan) {
  if (!is_load(plan.invocation())) return false;
  std::string& input = plan.like.input;
  const size_t end = input.find_last_not_of(" \t") + 1;
  if (end == input.size() || (end != 0 && input[end - 1] != '\n')) return false;
  input.resize(end);
  return true;
}

bool has_open_quote(const std::string& line) {
  const size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string::npos || line[begin] == '#') return false;
  bool open = false;
  for (size_t at = 0; at < line.size(); ++at) {
    if (open && line[at] == '\\')
      ++at;
    else if (line[at] == '"')
      open = !open;
  }
  return open;
}

/// conntrack lets the line's end, and what it had in mind before, be part of the word.
bool open_quote(Plan& plan) {
  if (!is_load(plan.invocation())) return false;
  const std::vector<std::string> lines = split_lines(plan.like.input);
  const auto open = std::find_if(lines.begin(), lines.end(), has_open_quote);
  if (open == lines.end()) return false;
  const size_t before = static_cast<size_t>(open - lines.begin());
  Invocation head = plan.like;
  head.input = first_lines(lines, before);
  if (plan.runner().run(Side::kConntrack, head).seen.exit_code == 2) {
    plan.like.input = head.input;  // the first mistake ends it
    return true;
  }
  plan.settled = true;
  const std::string place = file_name(plan.runner(), plan) + ":" + std::to_string(before + 1);
  plan.edit(
      [&plan, place](Run& run) { expect_refusal(plan, place + ": a quote is not closed", run); });
  return true;
}

constexpr Difference kDifferences[] = {
    {"line ends of -R", "a line may end with CR and LF", line_ends},
    {"blank end of -R", "a last line of blanks is a blank line", blank_end},
    {"open quotes of -R", "a quote that is not closed is refused", open_quote},
    {"lines of -R", "section 7 item 18: every line stands for itself", lines_alone},
    {"errors of -R", "item 5 of the issue: they carry FILE:LINE", location},
};

}  // namespace

std::span<const Difference> differences_of_files() { return kDifferences; }

}  // namespace ctwin::test
