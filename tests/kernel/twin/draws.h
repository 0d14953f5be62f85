// The kernel draws the port or id at which it begins to search for a free one. So that both sides
// can be compared to the end, the engine is made to draw what the kernel drew: its random numbers
// are set so that its search begins with the port that the kernel came to.
//
// Nothing else changes. The engine takes the port only if its range has it and nobody uses it;
// otherwise it takes another, and that is a difference.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/random.h"
#include "ctwin/flow.h"
#include "record.h"
#include "rules/rule.h"

namespace ctwin::test {

class Draws {
 public:
  /// The rules say within which ranges ports may be drawn.
  Draws(const rules::Ruleset& v4, const rules::Ruleset& v6);

  /// What is in the kernel's table at the end tells of flows that began in silence.
  void read_table(const std::vector<MessageBytes>& table);

  /// Sets `random` for the packet that the kernel handled as `kernel` says. True when it drew.
  bool steer(const Record& kernel, Random& random) const;

 private:
  /// Of a rule, for packets of one protocol or, 0, of all.
  struct RuleRange {
    uint8_t family;
    uint16_t proto;
    uint32_t first, size;
  };
  struct Choice;
  static std::optional<Choice> choice_of(const Flow& flow);
  static std::optional<Choice> choice_told(const MessageBytes& event);
  std::optional<Choice> choice_seen(const Record& record) const;
  void add(const rules::Ruleset& rules);
  void add(const rules::Ruleset& rules, const rules::Rule& rule);

  std::vector<RuleRange> ranges_;
  std::vector<Flow> flows_;     ///< translated ones, at the end
  bool may_be_silent_ = false;  ///< flows may begin without an event
};

}  // namespace ctwin::test
