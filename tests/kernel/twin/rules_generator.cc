#include "rules_generator.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "rules_generator_parts.h"

namespace ctwin::test {

namespace {

struct TableRow {
  const char* name;
  std::vector<const char*> chains;
};

/// One table: chains for its hooks, each with user chains of its own, so that a rule in them may be
/// what the hook allows and nothing leads back.
class TableWriter {
 public:
  TableWriter(Dice& dice, bool six, const Flavour& flavour, const TableRow& row)
      : dice_(dice), six_(six), flavour_(flavour), row_(row) {}

  std::string write() {
    std::string declared, rules;
    for (const char* hook : row_.chains) {
      const bool may_drop = std::string_view(row_.name) == "filter" && dice_.chance(1, 8);
      declared += fmt::format(":{} {} {}\n", hook, may_drop ? "DROP" : "ACCEPT", counters());
      std::vector<std::string> chains{hook};
      const uint32_t more = dice_.chance(1, 3) ? 1 + dice_.number(3) : 0;
      for (uint32_t i = 0; i < more; ++i) {
        chains.push_back(fmt::format("{}{}", dice_.pick(kNames), declared_++));
        declared += fmt::format(":{} - [0:0]\n", chains.back());
      }
      for (size_t i = 0; i < chains.size(); ++i) rules += chain(hook, chains, i);
    }
    return fmt::format("*{}\n{}{}COMMIT\n", row_.name, declared, rules);
  }

 private:
  static constexpr const char* kNames[] = {
      "web", "A", "z-", "KUBE-SVC-", "_x.", "ufw-user-", "abcdefghijklmnopqrst"};

  std::string counters() {
    if (!flavour_.counters || dice_.chance(1, 2)) return "[0:0]";
    const uint32_t packets = dice_.number(1000), bytes = dice_.any();
    return fmt::format("[{}:{}]", packets, bytes);
  }

  std::string chain(const char* hook, const std::vector<std::string>& chains, size_t index) {
    std::string text;
    const uint32_t count = dice_.number(6);
    for (uint32_t i = 0; i < count; ++i) {
      const RuleContext context{row_.name, hook, index != 0, six_, flavour_};
      RuleWords rule = random_rule(dice_, context);
      if (index + 1 < chains.size() && dice_.chance(1, 3)) {
        const size_t to =
            index + 1 + dice_.number(static_cast<uint32_t>(chains.size() - index - 1));
        rule.target = fmt::format(" {} {}", dice_.chance(1, 4) ? "-g" : "-j", chains[to]);
      }
      const std::string in_front = dice_.chance(1, 2) ? counters() + " " : "";
      const bool target_first = dice_.chance(1, 12) && !rule.target_needs_header;
      text +=
          fmt::format("{}-A {}{}{}{}{}\n", in_front, chains[index], target_first ? rule.target : "",
                      rule.header, rule.matches, target_first ? "" : rule.target);
    }
    return text;
  }

  Dice& dice_;
  const bool six_;
  const Flavour& flavour_;
  const TableRow& row_;
  uint32_t declared_ = 0;
};

}  // namespace

std::string generate_rules(Dice& dice, bool six, const Flavour& flavour) {
  const TableRow tables[] = {
      {"raw", {"PREROUTING", "OUTPUT"}},
      {"mangle", {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}},
      {"nat", {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"}},
      {"filter", {"INPUT", "FORWARD", "OUTPUT"}},
      {"security", {"INPUT", "FORWARD", "OUTPUT"}},
  };
  std::string text;
  while (text.empty()) {
    for (const TableRow& row : tables) {
      const std::string_view name = row.name;
      const uint32_t tenths = name == "filter" ? 7 : name == "nat" ? 6 : name == "security" ? 1 : 4;
      if (name == "nat" && !flavour.nat) continue;
      if (!dice.chance(tenths, 10)) continue;
      const std::string block = TableWriter(dice, six, flavour, row).write();
      text = dice.chance(1, 2) ? block + text : text + block;
    }
  }
  return text;
}

}  // namespace ctwin::test
