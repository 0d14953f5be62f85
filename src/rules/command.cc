#include "rules/command.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/check.h"
#include "rules/command_line.h"
#include "rules/values.h"

namespace ctwin::rules {

namespace {

using Failure = std::optional<Mistake>;

Mistake mistake(const Word& word, std::string text) {
  if (!word.text.empty()) text += fmt::format(": \"{}\"", word.text);
  return {word.column, std::move(text)};
}

constexpr const char* kNoSuchName = "No chain/target/match by that name";

/// Carries out one line on one table.
class Execution {
 public:
  Execution(Ruleset& rules, const CommandLine& line, Origin origin)
      : rules_(rules), line_(line), origin_(origin), table_(rules.instantiate(line.table)) {}

  Failure run();

 private:
  Failure change_rules();
  Failure expand(std::vector<Rule>& out);
  Failure resolve_jump(Target& target);
  Failure check(const Rule& rule, const Chain& chain);
  Failure remove_rules(Chain& chain, const std::vector<Rule>& wanted);
  Failure flush();
  Failure zero();
  Failure create();
  Failure remove_chains();
  Failure rename();
  Failure set_policy();
  Failure find_chain(uint32_t& index);
  bool is_referenced(uint32_t index) const;
  void erase_chain(uint32_t index);

  Ruleset& rules_;
  const CommandLine& line_;
  const Origin origin_;
  Table& table_;
};

Failure Execution::run() {
  switch (line_.command) {
    case 'F': return flush();
    case 'Z': return zero();
    case 'N': return create();
    case 'X': return remove_chains();
    case 'E': return rename();
    case 'P': return set_policy();
    default: return change_rules();
  }
}

Failure Execution::find_chain(uint32_t& index) {
  index = table_.chain_named(line_.chain.text);
  if (index == Table::kNoChain) return mistake(line_.chain, kNoSuchName);
  return {};
}

Failure Execution::resolve_jump(Target& target) {
  if (!line_.jump_is_chain) return {};
  const uint32_t index = table_.chain_named(line_.jump.text);
  if (index == Table::kNoChain)
    return line_.go_to ? mistake(line_.jump, "goto: not a chain")
                       : mistake(line_.jump, kNoSuchName);
  if (table_.chains[index].built_in)
    return mistake(line_.jump, "Invalid argument: no rule can jump to a built-in chain");
  target = ChainTarget{index, line_.go_to};
  return {};
}

Failure Execution::expand(std::vector<Rule>& out) {
  for (const AddressMatch& source : line_.sources) {
    for (const AddressMatch& destination : line_.destinations) {
      Rule& rule = out.emplace_back(line_.rule);
      rule.header.source = source;
      rule.header.destination = destination;
      rule.origin = origin_;
      if (Failure failure = resolve_jump(rule.target)) return failure;
    }
  }
  return {};
}

/// What the kernel would say to the rule alone, so that it can be said with the word's place. Where
/// a user chain is reached from is seen only when all rules are there (check_ruleset).
Failure Execution::check(const Rule& rule, const Chain& chain) {
  const uint32_t hooks = chain.built_in ? 1u << static_cast<unsigned>(chain.hook) : 0;
  const auto refusal = check_rule(rules_.family, line_.table, hooks, rule);
  if (!refusal) return {};
  const uint32_t column = refusal->part == Refusal::Part::kMatch
                              ? line_.match_columns[refusal->match]
                              : line_.jump.column;
  return Mistake{column, refusal->text};
}

bool is_same(const Rule& a, const Rule& b) {
  return a.header == b.header && a.matches == b.matches && a.target == b.target;
}

Failure Execution::remove_rules(Chain& chain, const std::vector<Rule>& wanted) {
  std::vector<size_t> found;
  for (const Rule& rule : wanted) {
    size_t i = 0;
    while (i < chain.rules.size() &&
           (!is_same(chain.rules[i], rule) || std::ranges::find(found, i) != found.end()))
      ++i;
    if (i == chain.rules.size())
      return Mistake{line_.command_column, "Bad rule (does a matching rule exist in that chain?)"};
    found.push_back(i);
  }
  if (line_.command == 'C') return {};
  std::ranges::sort(found, std::greater<>());
  for (const size_t i : found) chain.rules.erase(chain.rules.begin() + static_cast<ptrdiff_t>(i));
  return {};
}

Failure Execution::change_rules() {
  uint32_t index = 0;
  if (Failure failure = find_chain(index)) return failure;
  Chain& chain = table_.chains[index];
  auto& rules = chain.rules;
  const auto too_big = [&](const char* what) {
    return Mistake{line_.number_column,
                   fmt::format("Index of {} too big: the chain has {} rules", what, rules.size())};
  };
  if (line_.command == 'D' && line_.number != 0) {
    if (line_.number > rules.size()) return too_big("deletion");
    rules.erase(rules.begin() + (line_.number - 1));
    return {};
  }
  std::vector<Rule> made;
  if (Failure failure = expand(made)) return failure;
  if (line_.command == 'D' || line_.command == 'C') return remove_rules(chain, made);
  for (const Rule& rule : made)
    if (Failure failure = check(rule, chain)) return failure;
  const uint32_t number = line_.number == 0 ? 1 : line_.number;
  switch (line_.command) {
    case 'A':
      for (Rule& rule : made) rules.push_back(std::move(rule));
      return {};
    case 'R':
      if (number > rules.size()) return too_big("replacement");
      rules[number - 1] = std::move(made.front());
      return {};
    default:
      if (number > rules.size() + 1) return too_big("insertion");
      // One after the other at the same place: the last one comes first.
      for (Rule& rule : made) rules.insert(rules.begin() + (number - 1), std::move(rule));
      return {};
  }
}

Failure Execution::flush() {
  if (line_.chain.text.empty()) {
    for (Chain& chain : table_.chains) chain.rules.clear();
    return {};
  }
  uint32_t index = 0;
  if (Failure failure = find_chain(index)) return failure;
  table_.chains[index].rules.clear();
  return {};
}

void zero_chain(Chain& chain) {
  chain.counters = {};
  for (Rule& rule : chain.rules) rule.counters = {};
}

Failure Execution::zero() {
  if (line_.chain.text.empty()) {
    for (Chain& chain : table_.chains) zero_chain(chain);
    return {};
  }
  uint32_t index = 0;
  if (Failure failure = find_chain(index)) return failure;
  Chain& chain = table_.chains[index];
  if (line_.number == 0) {
    zero_chain(chain);
  } else if (line_.number > chain.rules.size()) {
    return Mistake{line_.number_column, "Index of counter too big"};
  } else {
    chain.rules[line_.number - 1].counters = {};
  }
  return {};
}

Failure Execution::create() {
  if (table_.chain_named(line_.chain.text) != Table::kNoChain)
    return mistake(line_.chain, "Chain already exists");
  const uint32_t index = static_cast<uint32_t>(table_.chains.size());
  table_.chains.emplace_back().name = line_.chain.text;
  table_.chain_index.emplace(line_.chain.text, index);
  return {};
}

bool Execution::is_referenced(uint32_t index) const {
  for (const Chain& chain : table_.chains)
    for (const Rule& rule : chain.rules)
      if (const auto* jump = std::get_if<ChainTarget>(&rule.target); jump && jump->chain == index)
        return true;
  return false;
}

void Execution::erase_chain(uint32_t index) {
  table_.chains.erase(table_.chains.begin() + index);
  table_.chain_index.clear();
  for (Chain& chain : table_.chains)
    for (Rule& rule : chain.rules)
      if (auto* jump = std::get_if<ChainTarget>(&rule.target); jump && jump->chain > index)
        --jump->chain;
}

Failure Execution::remove_chains() {
  if (line_.chain.text.empty()) {
    for (const Chain& chain : table_.chains)
      if (!chain.built_in && !chain.rules.empty())
        return Mistake{line_.command_column, fmt::format("Chain is not empty: \"{}\"", chain.name)};
    for (uint32_t i = 0; i < table_.chains.size(); ++i)
      if (!table_.chains[i].built_in && is_referenced(i))
        return Mistake{
            line_.command_column,
            fmt::format("Can't delete chain with references left: \"{}\"", table_.chains[i].name)};
    std::erase_if(table_.chains, [](const Chain& chain) { return !chain.built_in; });
    table_.chain_index.clear();
    return {};
  }
  uint32_t index = 0;
  if (Failure failure = find_chain(index)) return failure;
  const Chain& chain = table_.chains[index];
  if (chain.built_in) return mistake(line_.chain, "Can't delete built-in chain");
  if (is_referenced(index)) return mistake(line_.chain, "Can't delete chain with references left");
  if (!chain.rules.empty()) return mistake(line_.chain, "Chain is not empty");
  erase_chain(index);
  return {};
}

Failure Execution::rename() {
  if (Failure failure = check_chain_name(line_.argument)) return failure;
  uint32_t index = 0;
  if (Failure failure = find_chain(index)) return failure;
  if (table_.chains[index].built_in)
    return mistake(line_.chain, "Invalid argument: a built-in chain keeps its name");
  if (table_.chain_named(line_.argument.text) != Table::kNoChain)
    return mistake(line_.argument, "File exists");
  table_.chains[index].name = line_.argument.text;
  table_.chain_index.clear();
  return {};
}

Failure Execution::set_policy() {
  const uint32_t index = table_.chain_named(line_.chain.text);
  if (index == Table::kNoChain || !table_.chains[index].built_in)
    return mistake(line_.chain, "Bad built-in chain name");
  const std::string& policy = line_.argument.text;
  if (policy != "ACCEPT" && policy != "DROP")
    return mistake(line_.argument, "Bad policy name, ACCEPT or DROP");
  Chain& chain = table_.chains[index];
  chain.accepts = policy == "ACCEPT";
  if (line_.has_counters) chain.counters = line_.rule.counters;
  return {};
}

}  // namespace

std::optional<Mistake> execute(Ruleset& rules, const CommandLine& line, Origin origin) {
  return Execution(rules, line, origin).run();
}

std::optional<Mistake> run_command(Ruleset& rules, std::span<const Word> words, Origin origin) {
  CommandLine line;
  if (Failure failure = parse_command(words, rules.family, {}, line)) return failure;
  const bool was_there = rules.find(line.table) != nullptr;
  Failure failure = execute(rules, line, origin);
  if (failure && !was_there) rules.tables.pop_back();
  return failure;
}

}  // namespace ctwin::rules
