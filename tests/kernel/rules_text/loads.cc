#include "loads.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "namespace.h"
#include "rules/command.h"
#include "setup/shell_words.h"

namespace ctwin::test {

namespace {

/// Which of its tools the program is, it takes from its name.
Program tool(bool six, const char* what, std::vector<std::string> words, std::string_view input) {
  const std::string path = fmt::format("/usr/sbin/ip{}tables-legacy-{}", six ? "6" : "", what);
  words.insert(words.begin(), path);
  return {.path = path, .words = std::move(words), .input = std::string(input), .privileged = true};
}

std::string without_comments(std::string_view text) {
  std::string out;
  setup::Lines lines(text);
  for (std::string_view line; lines.next(line);)
    if (!line.starts_with('#')) out.append(line).append("\n");
  return out;
}

/// "… line 7 …", "… at line: 7"
uint32_t line_of(std::string_view complaint) {
  const size_t at = complaint.find("line");
  if (at == complaint.npos) return 0;
  const size_t digit = complaint.find_first_of("0123456789", at);
  return digit == complaint.npos
             ? 0
             : static_cast<uint32_t>(std::strtoul(complaint.substr(digit).data(), nullptr, 10));
}

}  // namespace

Result<Loaded> load_by_kernel(std::string_view text, bool six) {
  auto where = NetworkNamespace::create();
  if (!where) return where.error();
  const Program restore = tool(six, "restore", {"-c", "-w", "60"}, text);
  const auto ended = run(restore, *where, 90'000);
  if (!ended) return ended.error();
  Loaded loaded;
  loaded.accepted = ended->exit_code == 0;
  loaded.complaint = ended->errors;
  if (!loaded.accepted) {
    loaded.line = line_of(ended->errors);
    return loaded;
  }
  const auto saved = run(tool(six, "save", {"-c"}, ""), *where);
  if (!saved) return saved.error();
  loaded.saved = without_comments(saved->output);
  return loaded;
}

Result<std::string> complaint_of_test(std::string_view text, bool six) {
  auto where = NetworkNamespace::create();
  if (!where) return where.error();
  const auto ended = run(tool(six, "restore", {"--test", "-w", "60"}, text), *where);
  if (!ended) return ended.error();
  return ended->exit_code == 0 ? std::string()
                               : fmt::format("exit code {}: {}", ended->exit_code, ended->errors);
}

Loaded load_by_engine(std::string_view text, bool six) {
  rules::Ruleset rules;
  rules.family = six ? AF_INET6 : AF_INET;
  rules::SaveBlock block(rules);
  Loaded loaded;
  setup::Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    std::vector<rules::Word> words;
    auto mistake = setup::split_saved(line, words);
    const rules::Origin origin{0, lines.number(), 1};
    if (!mistake && !words.empty() && !words[0].text.starts_with('#')) {
      if (!block.is_open() && !rules::SaveBlock::begins(words))
        mistake = rules::Mistake{1, "no block is open"};
      else
        mistake = block.line(words, origin);
    }
    if (!mistake && !block.is_open() && line == "COMMIT") {
      // The kernel looks at a table when it is committed.
      if (auto wrong = rules::check_ruleset(rules)) {
        loaded.line = lines.number();
        loaded.complaint = fmt::format("line {}: {}", wrong->origin.line, wrong->text);
        return loaded;
      }
    }
    if (!mistake) continue;
    loaded.line = lines.number();
    loaded.complaint =
        fmt::format("line {} column {}: {}", loaded.line, mistake->column, mistake->text);
    return loaded;
  }
  loaded.accepted = true;
  loaded.saved = rules::save(rules);
  return loaded;
}

std::string difference(std::string_view text, const Loaded& kernel, const Loaded& engine) {
  if (kernel.accepted != engine.accepted)
    return fmt::format("the kernel {}: {}\nthe engine {}: {}\n{}",
                       kernel.accepted ? "accepts" : "refuses", kernel.complaint,
                       engine.accepted ? "accepts" : "refuses", engine.complaint, text);
  // What the kernel refuses at COMMIT, we may have refused before.
  const bool at_once = kernel.complaint.find("Error occurred at line") != std::string::npos;
  if (!kernel.accepted && at_once && kernel.line < engine.line)
    return fmt::format("the kernel refuses line {}: {}\nthe engine line {}: {}\n{}", kernel.line,
                       kernel.complaint, engine.line, engine.complaint, text);
  if (kernel.saved == engine.saved) return {};
  setup::Lines ours(engine.saved), theirs(kernel.saved);
  for (;;) {
    std::string_view our_line, their_line;
    const bool more_ours = ours.next(our_line), more_theirs = theirs.next(their_line);
    if (more_ours && more_theirs && our_line == their_line) continue;
    return fmt::format("kernel: {}\nengine: {}\n{}", more_theirs ? their_line : "(the end)",
                       more_ours ? our_line : "(the end)", text);
  }
}

std::string why_not_here() {
  if (geteuid() != 0) return "needs root";
  if (access("/usr/sbin/iptables-legacy-restore", X_OK) != 0) return "no iptables-legacy";
  const auto loaded = load_by_kernel("*filter\nCOMMIT\n", false);
  if (!loaded) return loaded.error().text;
  return loaded->accepted ? "" : loaded->complaint;
}

}  // namespace ctwin::test
