#include "rules/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/matches.h"
#include "rules/targets.h"

namespace ctwin::rules {

using conntrack::Skb;

namespace {

/// Does a rule ask nothing at all?
bool is_unconditional(const Rule& rule) {
  const auto any_address = [](const AddressMatch& match) {
    return !match.invert &&
           std::ranges::all_of(match.mask.bytes, [](uint8_t byte) { return byte == 0; });
  };
  const HeaderMatch& header = rule.header;
  return rule.matches.empty() && any_address(header.source) && any_address(header.destination) &&
         !header.in.set && !header.out.set && header.proto == 0 && !header.proto_invert &&
         !header.fragment && !header.fragment_invert;
}

/// The kernel takes a rule that asks nothing and only gives a verdict for the end of its chain.
const char* trace_word(const Chain& chain, const Rule* rule) {
  const bool looks_like_end =
      !rule || (std::holds_alternative<VerdictTarget>(rule->target) && is_unconditional(*rule));
  if (!looks_like_end) return "rule";
  return chain.built_in ? "policy" : "return";
}

bool holds(const Rule& rule, Passage& passage) {
  if (!matches(rule.header, passage)) return false;
  for (size_t i = 0; i < rule.matches.size(); ++i)
    if (!matches(rule.matches[i], rule.states[i], passage)) return false;
  return true;
}

}  // namespace

// ---- taking rules into use ----

Firewall::Firewall(Ruleset rules, const World& world) : rules_(std::move(rules)), world_(world) {
  for (Table& table : rules_.tables) take_into_use(table);
}

void Firewall::take_into_use(Table& table) {
  const auto id = static_cast<size_t>(table.id);
  tables_[id] = &table;
  stack_.reserve(std::max(stack_.capacity(), table.chains.size()));
  for (Chain& chain : table.chains) {
    if (chain.built_in) starts_[id][static_cast<size_t>(chain.hook)] = &chain;
    for (Rule& rule : chain.rules) {
      rule.states.clear();
      for (const Match& match : rule.matches) {
        rule.states.push_back(states_.prepare(match));
        uses_labels_ |= std::holds_alternative<ConnlabelMatch>(match);
        uses_counters_ |= std::holds_alternative<ConnbytesMatch>(match);
      }
    }
  }
}

// ---- a packet through a table ----

class Traversal {
 public:
  Traversal(Firewall& firewall, Table& table, Chain& start, Passage& passage)
      : firewall_(firewall), table_(table), start_(start), passage_(passage), chain_(&start) {
    firewall_.stack_.clear();
  }

  Verdict run() {
    while (!verdict_ && !passage_.hot_drop) {
      if (at_ == chain_->rules.size())
        end_of_chain();
      else
        ask(chain_->rules[at_]);
    }
    return passage_.hot_drop ? Verdict::kDrop : *verdict_;
  }

 private:
  void ask(Rule& rule) {
    if (!holds(rule, passage_)) {
      ++at_;
      return;
    }
    count(rule.counters);
    passed(&rule);
    ++at_;
    follow(rule.target);
  }

  /// What the rule's target does; `at_` is behind the rule already.
  void follow(const Target& target) {
    if (const auto* verdict = std::get_if<VerdictTarget>(&target)) {
      switch (verdict->kind) {
        case VerdictTarget::Kind::kAccept: verdict_ = Verdict::kAccept; break;
        case VerdictTarget::Kind::kDrop: verdict_ = Verdict::kDrop; break;
        case VerdictTarget::Kind::kReturn: leave_chain(); break;
      }
    } else if (const auto* chain = std::get_if<ChainTarget>(&target)) {
      if (!chain->go_to) firewall_.stack_.push_back({chain_, at_});
      chain_ = &table_.chains[chain->chain];
      at_ = 0;
    } else if (const auto* reject = std::get_if<RejectTarget>(&target)) {
      firewall_.rejection_ = reject->with;
      verdict_ = Verdict::kDrop;
    } else {
      switch (apply(target, passage_)) {
        case Outcome::kContinue: break;
        case Outcome::kAccept: verdict_ = Verdict::kAccept; break;
        case Outcome::kDrop: verdict_ = Verdict::kDrop; break;
      }
    }
  }

  /// Back to where the chain was called from; a chain that nobody called ends at the policy.
  void leave_chain() {
    if (firewall_.stack_.empty()) {
      chain_ = &start_;
      at_ = start_.rules.size();
      return;
    }
    chain_ = firewall_.stack_.back().chain;
    at_ = firewall_.stack_.back().rule;
    firewall_.stack_.pop_back();
  }

  void end_of_chain() {
    if (!chain_->built_in) {
      passed(nullptr);
      return leave_chain();
    }
    count(chain_->counters);
    passed(nullptr);
    verdict_ = chain_->accepts ? Verdict::kAccept : Verdict::kDrop;
  }

  void count(RuleCounters& counters) {
    ++counters.packets;
    counters.bytes += passage_.skb.packet.length;
  }

  /// Tells those who look on: of a rule, or of the end of a chain.
  void passed(const Rule* rule) {
    const auto number = static_cast<uint32_t>(at_ + 1);
    RuleWatcher* watcher = firewall_.world_.watcher;
    if (watcher) watcher->passed(table_.id, *chain_, number, rule);
    LogSink* log = firewall_.world_.log;
    if (!passage_.skb.traced || !log) return;
    constexpr uint8_t kWarning = 4, kEverything = 0x0f;
    const char* what = trace_word(*chain_, rule);
    const std::string prefix =
        fmt::format("TRACE: {}:{}:{}:{} ", name_of(table_.id), chain_->name, what, number);
    log->log({LogEntry::Kind::kTrace, kWarning, kEverything, 0, prefix, &passage_.skb, passage_.in,
              passage_.out});
  }

  Firewall& firewall_;
  Table& table_;
  Chain& start_;
  Passage& passage_;
  Chain* chain_;
  size_t at_ = 0;  ///< the rule of `chain_` that is asked next
  std::optional<Verdict> verdict_;
};

Verdict Firewall::run(TableId table, Hook hook, Skb& skb) {
  const auto id = static_cast<size_t>(table);
  Chain* start = starts_[id][static_cast<size_t>(hook)];
  if (!start) return Verdict::kAccept;
  Passage passage(skb, hook, world_, states_);
  return Traversal(*this, *tables_[id], *start, passage).run();
}

// ---- devices ----

uint32_t in_device(const Skb& skb, Hook hook) { return hook == Hook::kOutput ? 0 : skb.in; }

uint32_t out_device(const Skb& skb, Hook hook) {
  return hook == Hook::kPrerouting || hook == Hook::kInput ? 0 : skb.out;
}

}  // namespace ctwin::rules
