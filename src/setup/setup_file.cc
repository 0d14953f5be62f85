#include "setup/setup_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/posix.h"
#include "rules/command.h"
#include "setup/ip_command.h"
#include "setup/word_reader.h"

namespace ctwin::setup {

namespace {

using rules::Origin;
using rules::Ruleset;
using rules::SaveBlock;

constexpr std::string_view kSupported =
    "supported is ip, sysctl, iptables, ip6tables, iptables-restore, ip6tables-restore, set -e, "
    "and "
    "what iptables-save writes";

/// The iptables of a family, by any of its names.
struct Program {
  bool six = false;
  bool restores = false;
};

std::optional<Program> parse_program(std::string_view name) {
  Program program;
  program.six = name.starts_with("ip6tables");
  if (!program.six && !name.starts_with("iptables")) return std::nullopt;
  name.remove_prefix(program.six ? 9 : 8);
  for (const std::string_view flavour : {"-legacy", "-nft"})
    if (name.starts_with(flavour)) name.remove_prefix(flavour.size());
  program.restores = name == "-restore";
  if (!name.empty() && !program.restores) return std::nullopt;
  return program;
}

std::string_view without_directory(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos || path[0] != '/' ? path : path.substr(slash + 1);
}

std::string_view trimmed(std::string_view line) {
  const size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

/// A column that holds what no text has; 0 when there is none.
uint32_t control_character(std::string_view line) {
  const auto found = std::ranges::find_if(line, [](char c) {
    return (static_cast<uint8_t>(c) < 0x20 && c != '\t' && c != '\r') || c == 0x7f;
  });
  return found == line.end() ? 0 : static_cast<uint32_t>(found - line.begin()) + 1;
}

class Reader {
 public:
  Reader(const std::string& name, std::string_view text, Setup& setup)
      : name_(name), lines_(text), setup_(setup) {
    for (Ruleset* rules : {&setup_.v4, &setup_.v6}) rules->files.push_back(name);
    file_ = static_cast<uint32_t>(setup_.v4.files.size()) - 1;
  }

  Status read() {
    std::string_view line;
    while (next(line))
      if (!take(line)) break;
    if (!failure_.ok()) return failure_;
    for (const Ruleset* rules : {&setup_.v4, &setup_.v6})
      if (const auto mistake = check_ruleset(*rules)) return describe(*rules, *mistake);
    return {};
  }

 private:
  bool fail(Command::Place place, std::string_view text) {
    failure_ = Error{EINVAL, fmt::format("{}:{}:{}: {}", name_, place.line, place.column, text)};
    return false;
  }
  bool fail(const Command& command, const Mistake& mistake) {
    return fail(command.place_of(mistake.column), mistake.text);
  }

  /// What is wrong with the rules as a whole; they may be another file's.
  static Status describe(const Ruleset& rules, const rules::RuleMistake& mistake) {
    const Origin& at = mistake.origin;
    const std::string& file = at.file < rules.files.size() ? rules.files[at.file] : "setup";
    if (at.line == 0) return Error{EINVAL, fmt::format("{}: {}", file, mistake.text)};
    return Error{EINVAL, fmt::format("{}:{}:{}: {}", file, at.line, at.column, mistake.text)};
  }

  bool next(std::string_view& line) {
    if (!lines_.next(line)) return false;
    const uint32_t column = control_character(line);
    return column == 0 || fail({lines_.number(), column}, "a control character; this is no text");
  }

  /// One line, with those that belong to it.
  bool take(std::string_view line) {
    const std::string_view text = trimmed(line);
    if (text.starts_with('#')) {
      take_comment(text);
      return true;
    }
    if (text.starts_with('*')) return take_block(line);
    Command command;
    if (const auto mistake = split_command(line, lines_, command)) return fail(command, *mistake);
    return command.words.empty() ? refuse_document(command) : run(command);
  }

  /// iptables-save says which family its block is of.
  void take_comment(std::string_view text) {
    if (text.find("ip6tables-save") != text.npos)
      block_is_v6_ = true;
    else if (text.find("iptables-save") != text.npos)
      block_is_v6_ = false;
  }

  bool run(Command& command) {
    const std::string_view name = without_directory(command.words[0].text);
    const std::span<const Word> arguments = std::span(command.words).subspan(1);
    const auto program = parse_program(name);
    if (program && program->restores) return restore(command, ruleset(program->six));
    if (command.here) return refuse_document(command);
    std::optional<Mistake> mistake;
    if (program) {
      const auto place = command.place_of(command.words[0].column);
      mistake =
          rules::run_command(ruleset(program->six), arguments, {file_, place.line, place.column});
    } else if (name == "ip") {
      mistake = run_ip(setup_.router, setup_.box, arguments);
    } else if (name == "sysctl") {
      mistake = run_sysctl(arguments);
    } else if (name == "set") {
      mistake = run_set(arguments);
    } else {
      mistake = Mistake{command.words[0].column, fmt::format("'{}': is not supported; {}",
                                                             command.words[0].text, kSupported)};
    }
    return !mistake || fail(command, *mistake);
  }

  bool refuse_document(const Command& command) {
    if (!command.here) return true;
    return fail({command.line, 1},
                "'<<': only iptables-restore and ip6tables-restore read a document");
  }

  std::optional<Mistake> run_set(std::span<const Word> arguments) {
    WordReader words(arguments);
    while (!words.done()) {
      const Word& word = words.take();
      const std::string_view letters = std::string_view(word.text).substr(!word.text.empty());
      const bool known = word.text.size() > 1 && (word.text[0] == '-' || word.text[0] == '+') &&
                         letters.find_first_not_of("euvx") == letters.npos;
      if (!known) words.refuse(word, "is not supported; supported is set -e, -u, -v, -x");
    }
    return words.mistake();
  }

  std::optional<Mistake> run_sysctl(std::span<const Word> arguments) {
    WordReader words(arguments);
    bool any = false;
    while (!words.done()) {
      const Word& word = words.take();
      if (word.text.starts_with('-')) {
        const bool known =
            word.text == "--write" || word.text == "--quiet" ||
            (word.text.size() > 1 && word.text.find_first_not_of("wqn", 1) == std::string::npos);
        if (!known) words.refuse(word, "is not supported; supported is -w, -q");
        continue;
      }
      any = true;
      set_sysctl(words, word);
    }
    if (!any && !words.failed())
      words.refuse_at(words.end_column(), "the line ends where NAME=VALUE is expected");
    return words.mistake();
  }

  void set_sysctl(WordReader& words, const Word& word) {
    const size_t equals = word.text.find('=');
    if (equals == std::string::npos) return words.refuse(word, "is not of the form NAME=VALUE");
    const std::string name(trimmed(std::string_view(word.text).substr(0, equals)));
    const std::string_view value = trimmed(std::string_view(word.text).substr(equals + 1));
    const bool of_conntrack = name.find("nf_conntrack_") != std::string::npos;
    const Status status = of_conntrack ? conntrack::set_sysctl(setup_.settings, name, value)
                                       : set_box_sysctl(setup_.box, setup_.router, name, value);
    if (!status.ok()) words.refuse(word, status.error().text);
  }

  // ---- rules as iptables-save writes them ----

  Ruleset& ruleset(bool six) { return six ? setup_.v6 : setup_.v4; }

  /// A line of a block. `keep_counters` is false where iptables-restore was not told -c.
  bool take_saved(SaveBlock& block, std::string_view line, bool keep_counters) {
    const Command::Place place{lines_.number(), 1};
    if (const std::string_view text = trimmed(line); text.empty() || text[0] == '#') return true;
    std::vector<Word> words;
    std::optional<Mistake> mistake = split_saved(line, words);
    if (!mistake && !block.is_open() && !SaveBlock::begins(words))
      mistake = Mistake{words[0].column, fmt::format("'{}': is not the beginning of a table; "
                                                     "supported is *filter, *nat, *mangle, *raw, "
                                                     "*security",
                                                     words[0].text)};
    if (!mistake && !keep_counters) drop_counters(words);
    if (!mistake) mistake = block.line(words, {file_, place.line, words[0].column});
    return !mistake || fail({place.line, mistake->column}, mistake->text);
  }

  /// [packets:bytes] in front of a rule or behind a chain's policy.
  static void drop_counters(std::vector<Word>& words) {
    if (words[0].text.starts_with('[') && words.size() > 1)
      words.erase(words.begin());
    else if (words[0].text.starts_with(':') && words.size() == 3)
      words.pop_back();
  }

  bool take_block(std::string_view line) {
    const uint32_t begin = lines_.number();
    SaveBlock block(ruleset(block_is_v6_));
    do {
      if (!take_saved(block, line, true)) return false;
      if (!block.is_open()) return true;
    } while (next(line));
    return failure_.ok() ? fail({begin, 1}, "the table that begins here has no COMMIT") : false;
  }

  /// iptables-restore: the document may hold several tables.
  bool restore(const Command& command, Ruleset& rules) {
    bool keep_counters = false;
    if (const auto mistake = read_restore_options(command, keep_counters))
      return fail(command, *mistake);
    if (!command.here)
      return fail(command, {command.words[0].column,
                            fmt::format("'{}': what to restore is missing; supported is a document "
                                        "that follows: <<'EOF'",
                                        command.words[0].text)});
    const HereDocument& here = *command.here;
    SaveBlock block(rules);
    std::string_view line;
    while (next(line)) {
      if (here.strips_tabs) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
      if (line == here.end) return finish_document(block);
      if (!here.quoted && !is_plain(line)) return false;
      if (!take_saved(block, line, keep_counters)) return false;
    }
    if (!failure_.ok()) return false;
    return fail({command.line, 1}, fmt::format("the document has no last line '{}'", here.end));
  }

  bool finish_document(const SaveBlock& block) {
    return !block.is_open() || fail({lines_.number(), 1}, "the table before this has no COMMIT");
  }

  /// In a document whose end word is not quoted a shell expands some characters.
  bool is_plain(std::string_view line) {
    for (size_t at = 0; at < line.size(); ++at) {
      const bool escape = line[at] == '\\' &&
                          (at + 1 == line.size() ||
                           std::string_view("$`\\").find(line[at + 1]) != std::string_view::npos);
      if (line[at] != '$' && line[at] != '`' && !escape) continue;
      const Command::Place place{lines_.number(), static_cast<uint32_t>(at) + 1};
      return fail(place, fmt::format("'{}': a shell would take it as more than a character; "
                                     "supported is a quoted end word: <<'EOF'",
                                     line[at]));
    }
    return true;
  }

  std::optional<Mistake> read_restore_options(const Command& command, bool& keep_counters) {
    WordReader words(std::span(command.words).subspan(1));
    while (!words.done()) {
      const Word& word = words.take();
      const std::string& text = word.text;
      const bool waits =
          text == "-w" || text == "--wait" || text == "-W" || text == "--wait-interval";
      if (text == "-c" || text == "--counters")
        keep_counters = true;
      else if (waits && parse_number(words.peek(), INT32_MAX))
        words.take();
      else if (!waits && !text.starts_with("--wait="))
        words.refuse(word, "is not supported; supported is -c, -w");
    }
    return words.mistake();
  }

  const std::string& name_;
  Lines lines_;
  Setup& setup_;
  uint32_t file_ = 0;
  bool block_is_v6_ = false;
  Status failure_;
};

}  // namespace

Status read_setup_text(const std::string& name, std::string_view text, Setup& setup) {
  Setup changed = setup;
  if (Status status = Reader(name, text, changed).read(); !status.ok()) return status;
  setup = std::move(changed);
  setup.texts.push_back({name, std::string(text)});
  return {};
}

Status read_setup(const std::string& path, Setup& setup) {
  const Result<std::string> text = read_file(path);
  if (!text) return text.error();
  return read_setup_text(path, *text, setup);
}

}  // namespace ctwin::setup
