// What rules remember between packets: the credit of limit, the turn of statistic, the lists of
// recent, the templates of CT.
//
// Each match that remembers something is given a number when its rule is taken into use, and comes
// back with it. Lists of recent are found by name: rules that name the same list share it.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "conntrack/conn.h"
#include "rules/rule.h"

namespace ctwin::rules {

/// What recent asks of a packet: one address, the hop count with it, and when.
struct Sighting {
  Address address;
  uint8_t ttl = 0;
  conntrack::Tick now = 0;
};

/// One list of recent (struct recent_table): addresses, the one seen longest ago in front.
class RecentList {
 public:
  static constexpr size_t kMostAddresses = 100;  ///< ip_list_tot

  RecentList(const std::string& name, const Address& mask) : name_(name), mask_(mask) {}

  const std::string& name() const { return name_; }
  /// Makes room for as many stamps of an address as a rule counts hits.
  void remember_at_least(uint32_t hits);
  /// The answer of the match, and what it changes in the list.
  bool ask(const RecentMatch& match, const Sighting& sighting);

  struct Entry {
    Address address;
    uint8_t ttl = 0;
    uint32_t next = 0;  ///< where the next stamp goes; the last one is before it
    std::vector<conntrack::Tick> stamps{};  ///< a ring once it is full
    conntrack::Tick last() const { return stamps[next - 1]; }
  };
  const std::vector<Entry>& entries() const { return entries_; }
  /// False when they are not what a list like this could hold.
  bool restore(std::vector<Entry> entries);

 private:
  Address masked(const Address& address) const;
  size_t find(const Address& address, uint8_t ttl) const;
  void add(const Address& address, const Sighting& sighting);
  void touch(size_t at, const Sighting& sighting);
  bool hit(const Entry& entry, const RecentMatch& match, conntrack::Tick now) const;

  std::string name_;
  Address mask_;
  uint32_t most_stamps_ = 1;
  std::vector<Entry> entries_;
};

class MatchStates {
 public:
  /// struct xt_rateinfo: credits of 1/128 of a tick.
  struct Limit {
    uint32_t credit = 0, cap = 0, cost = 0;
    conntrack::Tick previous = 0;
    bool used = false;
  };

  /// The number of what a match remembers; 0 for matches that remember nothing.
  uint32_t prepare(const Match& match);

  bool limit(uint32_t state, conntrack::Tick now);
  /// Is it this packet's turn?
  bool nth(uint32_t state, const StatisticMatch& match);
  /// The entry that a CT target lends to packets until they have one (nf_ct_tmpl_alloc).
  conntrack::Conn& template_of(const CtTarget& target);
  bool recent(uint32_t state, const RecentMatch& match, const Sighting& sighting) {
    return lists_[state - 1].ask(match, sighting);
  }

  /// By number - 1. What rules remember can be kept and put back, the numbers stay.
  std::vector<Limit>& limits() { return limits_; }
  std::vector<uint32_t>& turns() { return turns_; }
  std::vector<RecentList>& lists() { return lists_; }

 private:
  std::vector<Limit> limits_;
  std::vector<uint32_t> turns_;
  std::vector<RecentList> lists_;
  std::unordered_map<const CtTarget*, conntrack::Conn> templates_;
};

}  // namespace ctwin::rules
