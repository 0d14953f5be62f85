// The format that iptables-save writes:
//
//   block := '*' TABLE line* 'COMMIT'
//   line  := ':' CHAIN (POLICY | '-') ['[' PACKETS ':' BYTES ']']
//          | ['[' PACKETS ':' BYTES ']'] COMMAND          -A CHAIN …, but any other, too
//          | '#' anything
//
// A chain that ':' names is made when it is not there. The policy '-' is that of a user chain.

#include <fmt/format.h>

#include "rules/command.h"
#include "rules/command_line.h"
#include "rules/values.h"

namespace ctwin::rules {

namespace {

using Failure = std::optional<Mistake>;

Mistake mistake(const Word& word, std::string text) { return {word.column, std::move(text)}; }

/// "[12:3456]"
std::optional<RuleCounters> parse_counters(std::string_view text) {
  const size_t colon = text.find(':');
  if (!text.starts_with('[') || !text.ends_with(']') || colon == text.npos) return {};
  const auto packets = whole_number(text.substr(1, colon - 1), 0, UINT64_MAX, 10);
  const auto bytes =
      whole_number(text.substr(colon + 1, text.size() - colon - 2), 0, UINT64_MAX, 10);
  if (!packets || !bytes) return {};
  return RuleCounters{*packets, *bytes};
}

Failure declare_chain(Table& table, std::span<const Word> words) {
  const Word name{words[0].text.substr(1), words[0].column + 1};
  uint32_t index = table.chain_named(name.text);
  if (index != Table::kNoChain && !table.chains[index].built_in)
    return mistake(name, fmt::format("error creating chain '{}': File exists", name.text));
  if (index == Table::kNoChain) {
    if (Failure failure = check_chain_name(name)) return failure;
    index = static_cast<uint32_t>(table.chains.size());
    table.chains.emplace_back().name = name.text;
    table.chain_index.emplace(name.text, index);
  }
  Chain& chain = table.chains[index];
  if (words.size() < 2) return mistake(words[0], "a chain needs a policy: ACCEPT, DROP or -");
  const Word& policy = words[1];
  if (policy.text == "-") return {};
  if (!chain.built_in)
    return mistake(policy, fmt::format("Can't set policy `{}' on `{}': Bad built-in chain name",
                                       policy.text, name.text));
  if (policy.text != "ACCEPT" && policy.text != "DROP")
    return mistake(policy, fmt::format("Can't set policy `{}' on `{}': Bad policy name, ACCEPT or "
                                       "DROP",
                                       policy.text, name.text));
  chain.accepts = policy.text == "ACCEPT";
  chain.counters = {};
  if (words.size() < 3) return {};
  const auto counters = parse_counters(words[2].text);
  if (!counters)
    return mistake(words[2], fmt::format("invalid policy counters for chain '{}'", name.text));
  chain.counters = *counters;
  return {};
}

}  // namespace

bool SaveBlock::begins(std::span<const Word> words) {
  return !words.empty() && words[0].text.starts_with('*');
}

std::optional<Mistake> SaveBlock::line(std::span<const Word> words, Origin origin) {
  if (words.empty() || words[0].text.starts_with('#')) return {};
  const Word& first = words[0];
  if (!table_) {
    const auto table = table_named(std::string_view(first.text).substr(1));
    if (!table)
      return mistake(first, fmt::format("unable to initialize table '{}'; there are raw mangle nat "
                                        "filter security",
                                        first.text.substr(1)));
    table_ = *table;
    Table& emptied = rules_.instantiate(*table);
    std::erase_if(emptied.chains, [](const Chain& chain) { return !chain.built_in; });
    for (Chain& chain : emptied.chains) chain.rules.clear();
    emptied.chain_index.clear();
    return {};
  }
  if (first.text == "COMMIT") {
    table_.reset();
    return {};
  }
  if (first.text.starts_with('*'))
    return mistake(first, fmt::format("COMMIT expected before \"{}\"", first.text));
  if (first.text.starts_with(':')) return declare_chain(rules_.instantiate(*table_), words);
  CommandLine command;
  std::optional<RuleCounters> counters;
  if (first.text.starts_with('[')) {
    counters = parse_counters(first.text);
    if (!counters) return mistake(first, fmt::format("bad counters \"{}\"", first.text));
    words = words.subspan(1);
  }
  if (Failure failure = parse_command(words, rules_.family, table_, command)) return failure;
  if (command.other_family) return {};
  if (counters) {
    if (command.has_counters)
      return Mistake{command.counters_column, "multiple -c flags not allowed"};
    if (std::string_view("AIRP").find(command.command) == std::string_view::npos)
      return mistake(first, "Illegal option `-c' with this command");
    command.rule.counters = *counters;
    command.has_counters = true;
  }
  return execute(rules_, command, origin);
}

}  // namespace ctwin::rules
