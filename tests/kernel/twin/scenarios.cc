#include "scenarios.h"

#include <fmt/format.h>

#include "words.h"

namespace ctwin::test {

namespace {

constexpr std::string_view kTcpFlagLetters = "SFRPAUEC-";

/// `answer` is '~' where a router translates: then both ends speak to whom they see.
std::vector<std::string> expand(const std::string& line, std::string_view answer) {
  if (line == "open")
    return {"> tcp l2:1000 r2:80 S seq=100",
            fmt::format("<{} tcp r2:80 l2:1000 SA seq=500 ack=101", answer),
            "> tcp l2:1000 r2:80 A seq=101 ack=501"};
  const std::string_view rest = std::string_view(line).substr(2);
  const std::string_view flags = rest.substr(0, rest.find(' '));
  if (line[1] != ' ' || flags.find_first_not_of(kTcpFlagLetters) != flags.npos) return {line};
  const char* ends = line[0] == '>' ? "l2:1000 r2:80" : "r2:80 l2:1000";
  return {fmt::format("{}{} tcp {} {}", line[0], answer, ends, rest)};
}

void fill(Sequence& sequence, std::string_view sysctls, std::string_view steps) {
  const char* answer = sequence.setup.empty() ? "" : "~";
  Words words(sysctls);
  for (const Word& word : words.all())
    sequence.sysctls.emplace_back("nf_conntrack_" + std::string(word.key), word.value);
  sequence.sysctls.emplace_back("nf_conntrack_log_invalid", "255");
  for (const std::string& line : step_lines(steps))
    for (std::string& step : expand(line, answer)) sequence.steps.push_back(std::move(step));
}

Sequence sequence_of(const Scenario& scenario) {
  Sequence sequence{scenario.name, {}, {}, scenario.outputs_differ};
  fill(sequence, scenario.sysctls, scenario.steps);
  return sequence;
}

Sequence sequence_of(const RouterScenario& scenario) {
  Sequence sequence{scenario.name, {}, {}, false};
  sequence.setup = step_lines(scenario.setup);
  if (sequence.setup.empty()) sequence.setup = {"ip link set lo up"};
  fill(sequence, scenario.sysctls, scenario.steps);
  return sequence;
}

}  // namespace

std::vector<Sequence> all_scenarios() {
  std::vector<Sequence> sequences;
  for (const auto& group :
       {tcp_scenarios(), transport_scenarios(), network_scenarios(), icmp_error_scenarios()})
    for (const Scenario& scenario : group) sequences.push_back(sequence_of(scenario));
  for (const auto& group : {nat_scenarios(), rules_scenarios(), router_scenarios()})
    for (const RouterScenario& scenario : group) sequences.push_back(sequence_of(scenario));
  for (Sequence& sequence : table_sequences()) sequences.push_back(std::move(sequence));
  return sequences;
}

}  // namespace ctwin::test
