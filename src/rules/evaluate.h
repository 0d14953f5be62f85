// The rules at work: a packet through the chains of one table (ipt_do_table, ip6t_do_table).
//
// A Firewall holds the rules of one family and what their matches remember. It decides and counts;
// what it cannot do by itself it leaves to others: targets of the nat table call Nat, REJECT leaves
// an Answer for the engine to send.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/random.h"
#include "conntrack/tracker.h"
#include "nat/nat.h"
#include "router/router.h"
#include "rules/log.h"
#include "rules/match_state.h"
#include "rules/rule.h"

namespace ctwin::rules {

enum class Verdict : uint8_t { kAccept, kDrop };

/// Looks on while rules are asked (--trace).
class RuleWatcher {
 public:
  virtual ~RuleWatcher() = default;
  /// A rule matched, a user chain ended (`rule` null, number = rules + 1) or a policy was reached
  /// (`rule` null and the chain built in). `number` counts from 1.
  virtual void passed(TableId table, const Chain& chain, uint32_t number, const Rule* rule) = 0;
};

class Firewall {
 public:
  /// What rules act upon. All outlive the Firewall; `log` and `watcher` may be null.
  struct World {
    conntrack::Tracker& tracker;
    nat::Nat& nat;
    const router::Router& router;
    Random& random;
    LogSink* log = nullptr;
    RuleWatcher* watcher = nullptr;
  };

  /// The rules must have been checked (check_ruleset).
  Firewall(Ruleset rules, const World& world);
  Firewall(const Firewall&) = delete;
  Firewall& operator=(const Firewall&) = delete;

  bool has(TableId table) const { return tables_[static_cast<size_t>(table)] != nullptr; }

  /// Runs the chain that `table` has at `hook`. A table without one there accepts.
  Verdict run(TableId table, Hook hook, conntrack::Skb& skb);

  /// REJECT was the verdict: with what the packet is to be answered. Asking takes it.
  std::optional<RejectTarget::With> take_rejection() { return std::exchange(rejection_, {}); }

  /// With the counters as they stand.
  const Ruleset& rules() const { return rules_; }
  /// Does any rule look at labels (then new entries have room for them)?
  bool uses_labels() const { return uses_labels_; }
  /// Does any rule look at counters? The kernel then turns nf_conntrack_acct on by itself.
  bool uses_counters() const { return uses_counters_; }

  /// The counters of all chains and rules, in their order, for a state that is kept.
  template <typename Visit>
  void visit_counters(const Visit& visit) {
    for (Table& table : rules_.tables)
      for (Chain& chain : table.chains) {
        visit(chain.counters);
        for (Rule& rule : chain.rules) visit(rule.counters);
      }
  }
  MatchStates& states() { return states_; }

  void set_log(LogSink* log) { world_.log = log; }
  void set_watcher(RuleWatcher* watcher) { world_.watcher = watcher; }

 private:
  friend class Traversal;
  /// Where a chain goes on when the one that it jumped to returns.
  struct Return {
    Chain* chain;
    size_t rule;
  };

  void take_into_use(Table& table);

  Ruleset rules_;
  World world_;
  std::array<Table*, kTables> tables_{};
  std::array<std::array<Chain*, conntrack::kHooks>, kTables> starts_{};
  MatchStates states_;
  std::vector<Return> stack_;  ///< as deep as there are chains
  std::optional<RejectTarget::With> rejection_;
  bool uses_labels_ = false;
  bool uses_counters_ = false;
};

}  // namespace ctwin::rules
