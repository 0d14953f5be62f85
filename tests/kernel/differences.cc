#include "differences.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace ctwin::test {

namespace {

bool text_before(const Line& a, const Line& b) {
  return a.text != b.text ? a.text < b.text : a.seconds < b.seconds;
}

/// Taking out a master took its expectations along.
void restore_expectations(Run& run) {
  std::vector<Line>& lines = run.seen.expectations;
  for (const Entry& master : run.hidden) {
    const std::string words = " master-src=" + master.orig.src + " master-dst=" + master.orig.dst +
                              " sport=" + std::to_string(master.orig.sport) +
                              " dport=" + std::to_string(master.orig.dport) + " ";
    for (const Expectation& expectation : run.before.expectations)
      if (expectation.text.find(words) != std::string::npos)
        lines.push_back({"timeout=@ " + expectation.text, {expectation.timeout}});
  }
  std::sort(lines.begin(), lines.end(), text_before);
}

}  // namespace

bool Plan::keeps(const Entry& entry) const {
  return std::all_of(keep_.begin(), keep_.end(), [&](const Keep& keep) { return keep(entry); });
}

Invocation Plan::instead() const {
  Invocation invocation = like;
  if (rewritten) invocation.words = line.words();
  return invocation;
}

Run Plan::expected(Runner& runner) const {
  const Keep keep = keep_.empty() ? Keep() : [this](const Entry& entry) { return keeps(entry); };
  Run run = produce_ ? produce_(runner, *this) : runner.run(Side::kConntrack, instead(), keep);
  run.after.entries.insert(run.after.entries.end(), run.hidden.begin(), run.hidden.end());
  restore_expectations(run);
  for (const auto* edits : {&edits_, &last_edits_})
    for (const Edit& edit : *edits) edit(run);
  run.seen.entries = entry_lines(run.after.entries);
  if (!invocation_.is_event_case()) sort_entry_lines(run.seen.output);
  return run;
}

std::span<const Difference> listed_differences() {
  static const std::vector<Difference> all = [] {
    std::vector<Difference> list;
    for (const auto& part :
         {differences_of_words(), differences_of_files(), differences_of_selection(),
          differences_of_changes(), differences_of_output()})
      list.insert(list.end(), part.begin(), part.end());
    return list;
  }();
  return all;
}

namespace {

/// The invocation with "id" for "json" in its -o; false where there is none.
bool without_json(Invocation& invocation) {
  CommandLine line(invocation.words);
  bool found = false;
  line.change("output", [&found](const std::string& value) {
    std::string words;
    for (const std::string& word : split_list(value)) {
      const bool json = !word.empty() && begins(word, "json");
      found |= json;
      words += (words.empty() ? "" : ",") + (json ? std::string("id") : word);
    }
    return words.empty() ? value : words;
  });
  if (found) invocation.words = line.words();
  return found;
}

}  // namespace

Expected expected_of(Runner& runner, const Invocation& invocation, const Run& conntrack) {
  Invocation base = invocation;
  const bool json = without_json(base);
  const Run run = json ? runner.run(Side::kConntrack, base) : conntrack;
  Plan plan(base, run, runner, json);
  for (const Difference& difference : listed_differences()) {
    if (difference.apply(plan)) plan.credit(difference.name);
    if (plan.settled) break;
  }
  if (plan.names().empty()) return {run, {}};
  return {plan.expected(runner), plan.names()};
}

void expect_refusal(const Plan& plan, std::string text, Run& run, int exit_code) {
  Observation& seen = run.seen;
  seen.output.clear();
  seen.errors = {"PFX: " + std::move(text)};
  if (exit_code == 2) seen.errors.emplace_back(kTry);
  seen.exit_code = exit_code;
  seen.signal = 0;
  seen.late = false;
  run.after = plan.conntrack().before;
  seen.expectations = expectation_lines(run.after.expectations);
}

void set_summary_count(Observation& expected, size_t count) {
  for (std::string& error : expected.errors) {
    constexpr std::string_view kBegin = "PFX: ";
    size_t end = kBegin.size();
    while (end < error.size() && std::isdigit(static_cast<unsigned char>(error[end]))) ++end;
    if (end == kBegin.size() || !error.starts_with(kBegin)) continue;
    error.replace(kBegin.size(), end - kBegin.size(), std::to_string(count));
  }
}

bool begins(std::string_view word, std::string_view name) {
  return word.size() <= name.size() && strncasecmp(word.data(), name.data(), word.size()) == 0;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> words;
  for (;;) {
    const size_t comma = text.find(',');
    words.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return words;
    text.remove_prefix(comma + 1);
  }
}

bool wants_format(const CommandLine& line, std::string_view format) {
  // In the order in which conntrack looks for the word.
  constexpr std::string_view kFormats[] = {"SRC_NAT",   "DST_NAT", "xml",        "extended",
                                           "timestamp", "id",      "ktimestamp", "labels",
                                           "userspace", "save",    "json"};
  for (const Option& option : line.options()) {
    if (option.name != "output") continue;
    for (const std::string& word : split_list(option.value.value_or(""))) {
      const auto* found = std::find_if(std::begin(kFormats), std::end(kFormats),
                                       [&](std::string_view name) { return begins(word, name); });
      if (!word.empty() && found != std::end(kFormats) && *found == format) return true;
    }
  }
  return false;
}

std::optional<uint64_t> number(std::string_view text, int base, uint64_t max) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  if (base == 0) {
    base = 10;
    if (text.size() > 2 && (text.starts_with("0x") || text.starts_with("0X")))
      base = 16, text.remove_prefix(2);
    else if (text.size() > 1 && text.starts_with('0'))
      base = 8;
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || value > max) return {};
  return value;
}

}  // namespace ctwin::test
