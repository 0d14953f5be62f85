// The manual pages and the completions say what the option table says: every option is in them
// under all its names, the commands that take it are the same, and they know no option that does
// not exist. The paths come from CMake.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cli/option_table.h"

namespace ctwin::cli {
namespace {

const std::string kManual = CTWIN_SOURCE "/man/ctwin.8";
const std::string kEngineManual = CTWIN_SOURCE "/man/ctwin-engine.8";
const std::vector<std::string> kCompletions{CTWIN_SOURCE "/completions/ctwin.bash",
                                            CTWIN_SOURCE "/completions/_ctwin",
                                            CTWIN_SOURCE "/completions/ctwin.fish"};

/// The commands that validity() tells apart, each with its letter; in lower case on expectations.
struct Column {
  char letter;
  Command command;
  Table table;
};
constexpr std::array<Column, 14> kColumns{{{'L', Command::kList, Table::kConntrack},
                                           {'I', Command::kCreate, Table::kConntrack},
                                           {'A', Command::kAdd, Table::kConntrack},
                                           {'U', Command::kUpdate, Table::kConntrack},
                                           {'D', Command::kDelete, Table::kConntrack},
                                           {'G', Command::kGet, Table::kConntrack},
                                           {'F', Command::kFlush, Table::kConntrack},
                                           {'E', Command::kEvent, Table::kConntrack},
                                           {'h', Command::kHelp, Table::kConntrack},
                                           {'l', Command::kList, Table::kExpect},
                                           {'i', Command::kCreate, Table::kExpect},
                                           {'d', Command::kDelete, Table::kExpect},
                                           {'g', Command::kGet, Table::kExpect},
                                           {'e', Command::kEvent, Table::kExpect}}};

struct ProtocolName {
  uint8_t bit;
  const char* name;
};
constexpr std::array<ProtocolName, 8> kProtocolNames{{{kTcpOption, "tcp"},
                                                      {kUdpOption, "udp"},
                                                      {kUdpliteOption, "udplite"},
                                                      {kSctpOption, "sctp"},
                                                      {kDccpOption, "dccp"},
                                                      {kGreOption, "gre"},
                                                      {kIcmpOption, "icmp"},
                                                      {kIcmpv6Option, "icmpv6"}}};

std::string read(const std::string& path) {
  const std::ifstream file(path);
  REQUIRE_MESSAGE(file.good(), "cannot open ", path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::set<std::string> long_names() {
  std::set<std::string> names;
  for (const OptionRow& row : option_table()) {
    names.emplace(row.name);
    if (!row.alias.empty()) names.emplace(row.alias);
  }
  return names;
}

std::string protocols_of(const OptionRow& row) {
  std::string names;
  for (const ProtocolName& protocol : kProtocolNames)
    if (row.protocols & protocol.bit) names.append(names.empty() ? "" : ",").append(protocol.name);
  return names.empty() ? "-" : names;
}

std::string commands_of(const OptionRow& row) {
  if (row.option == Option::kCommand) return "command";
  if (is_own(row.group)) return "all";
  std::string letters;
  for (const Column& column : kColumns)
    if (validity(row, column.command, column.table) != '-') letters += column.letter;
  return letters;
}

/// The lines that stand in every completion file.
std::string completion_lines() {
  std::string text;
  for (const OptionRow& row : option_table()) {
    text.append(row.letter ? std::string(1, row.letter) : "-").append(" ").append(row.name);
    if (!row.alias.empty()) text.append(",").append(row.alias);
    text.append(" ").append(protocols_of(row)).append(" ").append(commands_of(row)).append(" ");
    text.append(row.value.empty() ? "-" : row.value).append(" ").append(row.help).append("\n");
  }
  return text;
}

/// The runs of letters, digits and dashes in `text`.
std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '-') {
      word += c;
    } else if (!word.empty()) {
      words.insert(word);
      word.clear();
    }
  }
  return words;
}

/// The long options that `text` mentions, without their dashes.
std::set<std::string> long_options_in(const std::string& text) {
  std::set<std::string> names;
  for (const std::string& word : words_of(text))
    if (word.starts_with("--") && word.size() > 2 && std::islower(word[2]))
      names.insert(word.substr(2));
  return names;
}

/// The arguments of .Fl in the page, without mdoc's escapes: "s" for -s, "-src" for --src.
std::set<std::string> flags_of(const std::string& page) {
  std::set<std::string> flags;
  for (const std::string& line : lines_of(read(page))) {
    if (!line.starts_with('.')) continue;
    std::istringstream words(line.substr(1));
    bool in_flags = false;
    for (std::string word; words >> word;) {
      const bool is_macro = word.size() == 2 && std::isupper(word[0]) && std::islower(word[1]);
      if (is_macro) in_flags = word == "Fl";
      if (is_macro || !in_flags || word.find_first_not_of(",;.:|") == std::string::npos) continue;
      if (word.starts_with("\\&")) word.erase(0, 2);
      flags.insert(word);
    }
  }
  return flags;
}

/// The rows of the page's table of validity, header first, without their comments.
std::vector<std::string> validity_lines_of_manual() {
  std::vector<std::string> lines;
  bool in_section = false, in_table = false;
  for (const std::string& line : lines_of(read(kManual))) {
    if (line.starts_with(".S")) in_section = line == ".Ss Validity";
    if (in_table && line == ".Ed") in_table = false;
    if (in_section && in_table) lines.push_back(line);
    if (in_section && line == ".Bd -literal") in_table = true;
  }
  return lines;
}

const OptionRow* row_called(const std::string& name) {
  for (const OptionRow& row : option_table())
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace

TEST_CASE("every completion file carries the lines of the option table") {
  const std::string expected = completion_lines();
  for (const std::string& path : kCompletions) {
    CAPTURE(path);
    const std::string text = read(path);
    CHECK_MESSAGE(text.find("\n" + expected) != std::string::npos,
                  "the lines of this file should be:\n", expected);
  }
}

TEST_CASE("no completion file mentions a long option that does not exist") {
  const std::set<std::string> known = long_names();
  for (const std::string& path : kCompletions)
    for (const std::string& name : long_options_in(read(path)))
      CHECK_MESSAGE(known.contains(name), path, " mentions --", name);
}

TEST_CASE("the manual names every option, long and short") {
  const std::set<std::string> flags = flags_of(kManual);
  for (const std::string& name : long_names())
    CHECK_MESSAGE(flags.contains("-" + name), "--", name, " is missing");
  for (const OptionRow& row : option_table())
    if (row.letter != 0)
      CHECK_MESSAGE(flags.contains(std::string(1, row.letter)), "-", row.letter, " is missing");
}

TEST_CASE("the manual names no option that does not exist") {
  const std::set<std::string> known = long_names();
  std::set<std::string> letters;
  for (const OptionRow& row : option_table()) letters.insert(std::string(1, row.letter));
  for (const std::string& page : {kManual, kEngineManual}) {
    CAPTURE(page);
    const std::set<std::string> flags = flags_of(page);
    CHECK(flags.size() > 5);
    for (const std::string& flag : flags)
      if (flag.starts_with('-'))
        CHECK_MESSAGE(known.contains(flag.substr(1)), "-", flag, " does not exist");
      else if (flag.size() == 1)
        CHECK_MESSAGE(letters.contains(flag), "-", flag, " does not exist");
    for (const std::string& name : long_options_in(read(page)))
      CHECK_MESSAGE(known.contains(name), "--", name, " does not exist");
  }
}

TEST_CASE("the manual's table of validity is the program's") {
  const std::vector<std::string> lines = validity_lines_of_manual();
  REQUIRE(lines.size() > 30);
  // The header's words stand above the marks: L IA U D G F E h | L I D G E.
  constexpr std::array kOrder{'L', 'I', 'U', 'D', 'G', 'F', 'E', 'h', 'l', 'i', 'd', 'g', 'e'};
  std::vector<size_t> places;
  for (size_t i = 0; i < lines[0].size(); ++i)
    if (std::isalpha(lines[0][i]) && !std::isalpha(lines[0][i - 1])) places.push_back(i);
  REQUIRE(places.size() == kOrder.size());
  std::set<std::string> missing = long_names();
  for (size_t i = 1; i < lines.size(); ++i) {
    CAPTURE(lines[i]);
    for (const std::string& name : words_of(lines[i].substr(0, places[0]))) {
      const OptionRow* row = row_called(name);
      REQUIRE_MESSAGE(row != nullptr, name, " does not exist");
      missing.erase(name);
      missing.erase(std::string(row->alias));
      for (const Column& column : kColumns) {
        const auto* at = std::find(kOrder.begin(), kOrder.end(), column.letter);
        if (at == kOrder.end()) continue;  // -A, which has its column with -I
        const size_t place = places[static_cast<size_t>(at - kOrder.begin())];
        const char mark = place < lines[i].size() ? lines[i][place] : ' ';
        const char expected = validity(*row, column.command, column.table);
        CHECK_MESSAGE(mark == (expected == '-' ? ' ' : expected), name, " with ", column.letter);
      }
    }
  }
  // What goes with every command, and the commands themselves, are not in the table.
  for (const OptionRow& row : option_table())
    if (row.option == Option::kCommand || is_own(row.group) || row.option == Option::kNatRange)
      missing.erase(std::string(row.name));
  for (const std::string& name : missing) FAIL_CHECK("--", name, " is not in the table");
}

TEST_CASE("-A takes what -I takes, as the manual has it") {
  for (const OptionRow& row : option_table())
    if (row.option != Option::kCommand)
      CHECK(validity(row, Command::kAdd, Table::kConntrack) ==
            validity(row, Command::kCreate, Table::kConntrack));
}

}  // namespace ctwin::cli
