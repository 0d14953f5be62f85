#include "setup/shell_words.h"

#include <doctest/doctest.h>

using namespace ctwin;
using namespace ctwin::setup;

namespace {

/// The first command of `text`, as [word][word]; a mistake as column:text.
std::string split(std::string_view text, Command& command) {
  Lines lines(text);
  std::string_view line;
  REQUIRE(lines.next(line));
  if (const auto mistake = split_command(line, lines, command))
    return std::to_string(mistake->column) + ": " + mistake->text;
  std::string words;
  for (const Word& word : command.words) words += "[" + word.text + "]";
  return words;
}

std::string split(std::string_view text) {
  Command command;
  return split(text, command);
}

std::string saved(std::string_view line) {
  std::vector<Word> words;
  if (const auto mistake = split_saved(line, words))
    return std::to_string(mistake->column) + ": " + mistake->text;
  std::string text;
  for (const Word& word : words) text += std::to_string(word.column) + "[" + word.text + "]";
  return text;
}

}  // namespace

TEST_CASE("words are separated by blanks and end at a comment") {
  CHECK_EQ(split("ip  addr\tadd 10.0.0.1/24"), "[ip][addr][add][10.0.0.1/24]");
  CHECK_EQ(split("  set -e # stop"), "[set][-e]");
  CHECK_EQ(split("a#b c"), "[a#b][c]");
  CHECK_EQ(split("# nothing"), "");
  CHECK_EQ(split("   "), "");
  CHECK_EQ(split("ip link\r\n"), "[ip][link]");
}

TEST_CASE("quotes keep blanks and join with what stands beside them") {
  CHECK_EQ(split("a 'b  c' \"d e\"f"), "[a][b  c][d ef]");
  CHECK_EQ(split("'' \"\""), "[][]");
  CHECK_EQ(split("'a\"b' \"a'b\""), "[a\"b][a'b]");
  CHECK_EQ(split("'$x|*'"), "[$x|*]");
  CHECK_EQ(split("\"*?;|&\""), "[*?;|&]");
}

TEST_CASE("a backslash takes what follows as it is") {
  CHECK_EQ(split(R"(a\ b \$x \\)"), "[a b][$x][\\]");
  CHECK_EQ(split(R"("a\"b\\c\$d\e")"), R"([a"b\c$d\e])");
  CHECK_EQ(split(R"('a\b')"), "[a\\b]");
}

TEST_CASE("a backslash at the end of a line goes on in the next one") {
  Command command;
  CHECK_EQ(split("ip \\\n  addr \\\nadd\nnext", command), "[ip][addr][add]");
  CHECK_EQ(command.place_of(command.words[0].column).line, 1);
  CHECK_EQ(command.place_of(command.words[0].column).column, 1);
  CHECK_EQ(command.place_of(command.words[1].column).line, 2);
  CHECK_EQ(command.place_of(command.words[1].column).column, 3);
  CHECK_EQ(command.place_of(command.words[2].column).line, 3);
  CHECK_EQ(command.place_of(command.words[2].column).column, 1);
  CHECK_EQ(split("ad\\\nd x"), "[add][x]");
  CHECK_EQ(split("a \\\n# b"), "[a]");
  CHECK_EQ(split("a\\"), "[a]");
}

TEST_CASE("what a shell would expand is refused where it stands") {
  CHECK(split("ip addr add $IP").starts_with("13: '$': variables"));
  CHECK(split("a \"$IP\"").starts_with("4: '$': variables"));
  CHECK(split("a `b`").starts_with("3: '`': commands"));
  CHECK(split("a \"`b`\"").starts_with("4: '`': commands"));
  CHECK(split("a *.b").starts_with("3: '*': file names"));
  CHECK(split("a b?").starts_with("4: '?': file names"));
  CHECK(split("~/b").starts_with("1: '~': home"));
  CHECK_EQ(split("a~b"), "[a~b]");
}

TEST_CASE("what is more than one command is refused") {
  for (const char* text : {"a; b", "a | b", "a && b", "a &", "(a)", "a()"}) {
    CAPTURE(text);
    CHECK(split(text).find("a line is one command; supported is") != std::string::npos);
  }
  CHECK(split("echo 1 > /proc/x").starts_with("8: '>': files are not redirected"));
  CHECK(split("a < b").starts_with("3: '<': files are not redirected"));
  CHECK(split("a 'b").starts_with("3: ': the quote is not closed"));
  CHECK(split("a \"b").starts_with("3: \": the quote is not closed"));
}

TEST_CASE("a here-document has an end word, quoted or not") {
  Command command;
  CHECK_EQ(split("iptables-restore -w <<EOF", command), "[iptables-restore][-w]");
  REQUIRE(command.here);
  CHECK_EQ(command.here->end, "EOF");
  CHECK_FALSE(command.here->quoted);
  CHECK_FALSE(command.here->strips_tabs);
  CHECK_EQ(split("a << 'END OF IT' # so", command), "[a]");
  CHECK_EQ(command.here->end, "END OF IT");
  CHECK(command.here->quoted);
  CHECK_EQ(split("a <<-\\E", command), "[a]");
  CHECK(command.here->strips_tabs);
  CHECK(command.here->quoted);
  CHECK_EQ(command.here->end, "E");
  CHECK(split("a <<").find("a word that ends the document") != std::string::npos);
  CHECK(split("a <<A <<B").find("one << is enough") != std::string::npos);
  CHECK(split("a <<A b").find("nothing may stand behind") != std::string::npos);
}

TEST_CASE("lines of iptables-save have quotes of their own") {
  CHECK_EQ(saved("-A IN -j DROP"), "1[-A]4[IN]7[-j]10[DROP]");
  CHECK_EQ(saved(R"(--comment "a \"b\" \\ $c" -j X)"), R"(1[--comment]11[a "b" \ $c]27[-j]30[X])");
  CHECK_EQ(saved("it's *filter"), "1[it's]6[*filter]");
  CHECK_EQ(saved("a\\b"), "1[a\\b]");
  CHECK_EQ(saved("\"\""), "1[]");
  CHECK(saved("-m \"x").starts_with("4: \": the quote"));
}

TEST_CASE("lines are counted") {
  Lines lines("a\n\nb");
  std::string_view line;
  CHECK(lines.next(line));
  CHECK_EQ(line, "a");
  CHECK(lines.next(line));
  CHECK_EQ(line, "");
  CHECK(lines.next(line));
  CHECK_EQ(line, "b");
  CHECK_EQ(lines.number(), 3);
  CHECK_FALSE(lines.next(line));
}
