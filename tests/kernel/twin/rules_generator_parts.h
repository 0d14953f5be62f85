// The pieces of a drawn rule.
#pragma once

#include <string>
#include <string_view>

#include "rules_generator.h"

namespace ctwin::test {

/// Where a rule will stand.
struct RuleContext {
  std::string_view table;
  std::string_view hook;  ///< from which alone it is reached
  bool user_chain = false;
  bool six = false;
  const Flavour& flavour;

  bool at(std::string_view name) const { return hook == name; }
};

/// Each begins with a blank, unless it is empty.
struct RuleWords {
  std::string header;
  std::string matches;
  std::string target;
  bool target_needs_header = false;  ///< it looks at -p, which has to come first
};

RuleWords random_rule(Dice& dice, const RuleContext& context);

/// What the target, and the matches, need of the rest of the rule.
struct RuleNeeds {
  std::string_view proto;  ///< "tcp": so that ports can be named; "" for any or none
  bool inverted = false;
};

/// A match that fits, or nothing.
std::string random_match(Dice& dice, const RuleContext& context, const RuleNeeds& proto);
std::string random_protocol_options(Dice& dice, const RuleContext& context, const RuleNeeds& proto);
RuleWords random_target(Dice& dice, const RuleContext& context, const RuleNeeds& proto);

std::string random_host(Dice& dice, bool six);
/// `holes`: also under masks that are no prefix.
std::string random_network(Dice& dice, bool six, bool holes = true);
std::string random_port(Dice& dice);
/// "80" or "53:1000"
std::string random_ports(Dice& dice, char between = ':');
std::string random_mark(Dice& dice);

}  // namespace ctwin::test
