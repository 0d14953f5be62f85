#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace ctwin::cli {

namespace {

const char* group_title(Group group) {
  switch (group) {
    case Group::kCommand: return "Commands (tables: conntrack, expect, dying, unconfirmed)";
    case Group::kFilter: return "Which entries";
    case Group::kNat: return "NAT";
    case Group::kEntry: return "Fields of an entry: to compare with, or to set";
    case Group::kExpect: return "Expectations";
    case Group::kOutput: return "Output";
    case Group::kProtocol: return "Protocol options";
    case Group::kQuestion: return "Not in conntrack: selecting, summing up, explaining";
    case Group::kOwn: return "Not in conntrack: which table";
  }
  return "";
}

std::string option_names(const OptionRow& row) {
  std::string names;
  if (row.letter != 0) names.append("-").append(1, row.letter).append(",");
  names.append("--").append(row.name);
  if (!row.alias.empty()) names.append(",--").append(row.alias);
  return names;
}

/// Declares every row that `wanted` picks. `take` gets the row and the index behind its name.
template <typename Wanted, typename Take>
void declare(CLI::App& app, const Wanted& wanted, const Take& take) {
  app.set_help_flag();
  for (const OptionRow& row : option_table()) {
    if (!wanted(row)) continue;
    CLI::Option* option = app.add_option_function<size_t>(
        option_names(row), [&take, &row](const size_t& index) { take(row, index); },
        std::string(row.help));
    option->group(group_title(row.group));
    option->type_name(std::string(row.value));
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    option->trigger_on_parse();
  }
}

class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(std::string program) : program_(std::move(program)) { column_width(38); }

  std::string make_usage(const CLI::App*, std::string) const override {
    return "Usage: " + program_ + " COMMAND [table] [options]\n";
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_name().empty() ? "" : " " + option->get_type_name();
  }

 private:
  std::string program_;
};

/// The words up to the first mistake; that is reported only if none of these has a worse one.
std::vector<Word> scan(WordScanner& scanner) {
  std::vector<Word> found;
  for (Word word; scanner.next(word);) {
    found.push_back(word);
    if (word.row->option != Option::kProto) continue;
    if (const auto proto = parse_protocol(*word.value); proto && proto->has_options)
      scanner.know(protocol_bit(proto->number));
  }
  return found;
}

/// Passes the words through CLI11. Values stay outside of it, named by their index: brackets and
/// dashes mean something to CLI11 that they do not mean to conntrack.
std::optional<Problem> dispatch(const std::vector<Word>& found, CommandLine& line) {
  std::optional<Problem> problem;
  const auto take = [&](const OptionRow&, size_t index) {
    if (!problem) problem = apply_option(found[index], line.arguments, line.warnings);
  };
  CLI::App app;
  // Only what occurs: CLI11 compares each option that is declared with all others.
  const auto occurs = [&](const OptionRow& row) {
    return std::any_of(found.begin(), found.end(),
                       [&](const Word& word) { return word.row == &row; });
  };
  declare(app, occurs, take);
  std::vector<std::string> canonical;
  for (size_t i = found.size(); i-- > 0;)  // CLI11 takes its words from the back
    canonical.push_back("--" + std::string(found[i].row->name) + "=" + std::to_string(i));
  try {
    app.parse(std::move(canonical));
  } catch (const CLI::ParseError& error) {
    if (!problem) problem = Problem{kUsageProblem, error.what()};
  }
  return problem;
}

/// How many words one of ctwin's own options takes that begins at `at`; 0 when none does.
size_t own_words(std::span<const std::string_view> words, size_t at) {
  if (!words[at].starts_with("--")) return 0;
  const size_t equals = words[at].find('=');
  const std::string_view name = words[at].substr(2, equals - 2);
  for (const OptionRow& row : option_table()) {
    if (!is_own(row.group) || row.name != name) continue;
    const bool takes_next = row.argument == Argument::kRequired && equals == std::string_view::npos;
    return takes_next ? std::min<size_t>(2, words.size() - at) : 1;
  }
  return 0;
}

/// -R is known only as the first word, behind nothing but ctwin's own options. Of the words behind
/// its file those options count as well; conntrack reads none of them.
std::vector<std::string_view> take_load_file(std::span<const std::string_view> words,
                                             CommandLine& line) {
  std::vector<std::string_view> taken(words.begin(), words.end());
  size_t at = std::min<size_t>(1, words.size());
  for (size_t own = 1; at < words.size() && own != 0; at += own) own = own_words(words, at);
  if (at + 1 >= words.size() || (words[at] != "-R" && words[at] != "--load-file")) return taken;
  line.load_file = words[at + 1];
  taken.resize(at);
  for (at += 2; at < words.size();) {
    const size_t own = own_words(words, at);
    taken.insert(taken.end(), words.begin() + static_cast<ptrdiff_t>(at),
                 words.begin() + static_cast<ptrdiff_t>(at + own));
    at += std::max<size_t>(own, 1);
  }
  return taken;
}

}  // namespace

CommandLine parse_command_line(std::span<const std::string_view> words) {
  CommandLine line;
  const std::vector<std::string_view> taken = take_load_file(words, line);
  WordScanner scanner(taken);
  const std::vector<Word> found = scan(scanner);
  line.problem = dispatch(found, line);
  if (!line.problem && !scanner.error().empty())
    line.problem = Problem{kUsageProblem, scanner.error()};
  return line;
}

std::string help_text(std::string_view program, const Arguments& arguments) {
  const uint8_t protocols = arguments.proto ? protocol_bit(*arguments.proto) : 0;
  CLI::App app("Lists, watches and changes the connections that netfilter tracks.");
  const auto take = [](const OptionRow&, size_t) {};
  const auto shown = [protocols](const OptionRow& row) {
    return row.protocols == 0 || (row.protocols & protocols) != 0;
  };
  declare(app, shown, take);
  app.formatter(std::make_shared<HelpFormatter>(std::string(program)));
  std::string text = app.help();
  for (size_t at; (at = text.find("\n\n\n")) != std::string::npos;) text.erase(at, 1);
  if (!arguments.proto)
    text +=
        "\n-h -p PROTO shows the options of a protocol: tcp udp udplite sctp dccp icmp icmpv6 "
        "gre.\n";
  else if (protocols == 0)
    text += "\nProto `" + system_protocol_name(*arguments.proto) +
            "' help:\n  no options (unsupported)\n";
  return text;
}

}  // namespace ctwin::cli
