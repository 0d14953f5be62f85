// A line of iptables taken apart: what is to be done, with which table and chain, and the rule.
//
// What a line says is checked here as iptables checks it before it asks the kernel; what depends on
// the rules that are there is left to command.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rules/command.h"
#include "rules/rule.h"

namespace ctwin::rules {

struct CommandLine {
  char command = 0;  ///< the letter: 'A' also when --append was written
  uint32_t command_column = 1;
  TableId table = TableId::kFilter;
  Word chain;           ///< empty: all of them
  uint32_t number = 0;  ///< of a rule, from 1; 0: none was given
  uint32_t number_column = 1;
  Word argument;  ///< -P: the policy; -E: the new name

  Rule rule;  ///< without addresses and without a jump
  /// The rule is meant once for each pair of these.
  std::vector<AddressMatch> sources, destinations;
  Word jump;  ///< -j or -g; empty: none
  bool go_to = false;
  bool jump_is_chain = false;  ///< `jump` is no target; rule.target waits for the chain
  bool has_counters = false;
  uint32_t counters_column = 1;
  std::vector<uint32_t> match_columns;  ///< where each match of the rule was named
  bool other_family = false;            ///< -4 in a rule of ip6tables-restore: not for us
};

/// `table`: the line stands in a block of iptables-save, where -t and -w may not be.
std::optional<Mistake> parse_command(std::span<const Word> words, uint8_t family,
                                     std::optional<TableId> table, CommandLine& line);

/// Does the line as parsed.
std::optional<Mistake> execute(Ruleset& rules, const CommandLine& line, Origin origin);

/// A new chain may not be called that.
std::optional<Mistake> check_chain_name(const Word& name);

}  // namespace ctwin::rules
