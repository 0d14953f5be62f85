// Rules as text, by iptables-legacy and the kernel and by us: the same are accepted, and what is
// saved is the same, byte for byte.
//
//   rules_text [doctest's options]     CTWIN_SEED=n for other random sets, CTWIN_SETS=n for more
//   rules_text FILE|- [6]              one text of iptables-restore
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "loads.h"
#include "twin/rules_generator.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

constexpr int kSkipped = 77;

uint64_t number_from(const char* variable, uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : fallback;
}

std::string compare(std::string_view text, bool six) {
  const auto kernel = load_by_kernel(text, six);
  if (!kernel) return kernel.error().text;
  return difference(text, *kernel, load_by_engine(text, six));
}

struct Row {
  char family = '*';  ///< '4', '6', or '*' for both
  bool differs = false;
  std::string block;  ///< from *TABLE to COMMIT
};

/// The rows of rows.txt, which says how they are written.
std::vector<Row> read_rows() {
  std::vector<Row> rows;
  std::ifstream file(CTWIN_RULE_ROWS);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    static constexpr std::string_view kDiffers = "differ: ";
    Row& row = rows.emplace_back();
    row.differs = line.starts_with(kDiffers);
    if (row.differs) line.erase(0, kDiffers.size());
    const size_t table = 2, rule = line.find(' ', table) + 1;
    row.family = line[0];
    row.block = fmt::format("*{}\n", line.substr(table, rule - table - 1));
    for (size_t at = rule, end = 0; end != line.npos; at = end + 2) {
      end = line.find("\\n", at);
      row.block.append(line, at, end == line.npos ? end : end - at).append("\n");
    }
    row.block += "COMMIT\n";
  }
  return rows;
}

}  // namespace

TEST_CASE("each row is accepted or refused alike, and saved alike") {
  const std::vector<Row> rows = read_rows();
  REQUIRE(rows.size() > 1000);
  for (const Row& row : rows) {
    for (const bool six : {false, true}) {
      if (row.family == (six ? '4' : '6')) continue;
      const std::string found = compare(row.block, six);
      if (row.differs)
        CHECK_MESSAGE(found != "", "they agree by now: ", row.block);
      else
        CHECK(found == "");
    }
  }
}

TEST_CASE("random rule sets are accepted or refused alike, and saved alike") {
  const uint64_t seed = number_from("CTWIN_SEED", 1);
  const uint64_t sets = number_from("CTWIN_SETS", 200);
  int different = 0;
  for (uint64_t i = 0; i < sets && different < 10; ++i) {
    Dice dice(seed * 1'000'000 + i);
    const bool six = dice.chance(2, 5);
    Flavour flavour;
    flavour.odd = dice.chance(1, 2);
    const std::string text = generate_rules(dice, six, flavour);
    const std::string found = compare(text, six);
    if (!found.empty()) ++different;
    CHECK_MESSAGE(found == "", fmt::format("set {} of seed {}{}", i, seed, six ? ", IPv6" : ""));
  }
}

int main(int count, char** words) {
  if (const std::string why = why_not_here(); !why.empty()) {
    std::cerr << "skipped: " << why << "\n";
    return kSkipped;
  }
  if (count > 1 && words[1][0] != '-') {
    std::ifstream file(words[1]);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const bool six = count > 2;
    const std::string found = compare(text, six);
    std::cout << (found.empty() ? load_by_engine(text, six).saved : found) << "\n";
    return found.empty() ? 0 : 1;
  }
  return doctest::Context(count, words).run();
}
