// The scenarios: for every paragraph of connection tracking, NAT, rules and routing the packets
// that show it, as rows.
//
// No outcome is written down here. What is right is what the kernel does when it gets the same
// packets; a scenario only sees to it that the question is asked.
#pragma once

#include <span>
#include <vector>

#include "sequence.h"

namespace ctwin::test {

/// In `steps`, beside what step.h describes:
///   open                 a handshake of tcp l2:1000 r2:80; the next numbers are 101 and 501
///   > FLAGS word*        of that connection; '<' likewise
struct Scenario {
  const char* name;
  const char* sysctls;  ///< "NAME=VALUE ..", without nf_conntrack_
  const char* steps;
  bool outputs_differ = false;
};

/// Of a router: with lines of a setup (Sequence::setup). In "open" and what follows
/// it everybody answers to whom he sees ('~').
struct RouterScenario {
  const char* name;
  const char* sysctls;
  const char* setup;
  const char* steps;
};

std::span<const Scenario> tcp_scenarios();
std::span<const Scenario> transport_scenarios();
std::span<const Scenario> network_scenarios();
std::span<const Scenario> icmp_error_scenarios();
std::span<const RouterScenario> nat_scenarios();
std::span<const RouterScenario> rules_scenarios();
std::span<const RouterScenario> router_scenarios();

/// Every cell of the transition tables: a flow for each state, direction and packet.
std::vector<Sequence> table_sequences();

std::vector<Sequence> all_scenarios();

}  // namespace ctwin::test
