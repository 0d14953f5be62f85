#include "scenarios.h"

#include <fmt/format.h>

#include "words.h"

namespace ctwin::test {

namespace {

constexpr std::string_view kTcpFlagLetters = "SFRPAUEC-";

std::vector<std::string> expand(const std::string& line) {
  if (line == "open")
    return {"> tcp l2:1000 r2:80 S seq=100", "< tcp r2:80 l2:1000 SA seq=500 ack=101",
            "> tcp l2:1000 r2:80 A seq=101 ack=501"};
  const std::string_view rest = std::string_view(line).substr(2);
  const std::string_view flags = rest.substr(0, rest.find(' '));
  if (line.starts_with("wait") || flags.find_first_not_of(kTcpFlagLetters) != flags.npos)
    return {line};
  const char* ends = line[0] == '>' ? "l2:1000 r2:80" : "r2:80 l2:1000";
  return {fmt::format("{} tcp {} {}", line[0], ends, rest)};
}

Sequence sequence_of(const Scenario& scenario) {
  Sequence sequence{scenario.name, {}, {}, scenario.outputs_differ};
  Words sysctls(scenario.sysctls);
  for (const Word& word : sysctls.all())
    sequence.sysctls.emplace_back("nf_conntrack_" + std::string(word.key), word.value);
  sequence.sysctls.emplace_back("nf_conntrack_log_invalid", "255");
  for (const std::string& line : step_lines(scenario.steps))
    for (std::string& step : expand(line)) sequence.steps.push_back(std::move(step));
  return sequence;
}

}  // namespace

std::vector<Sequence> all_scenarios() {
  std::vector<Sequence> sequences;
  for (const auto& group :
       {tcp_scenarios(), transport_scenarios(), network_scenarios(), icmp_error_scenarios()})
    for (const Scenario& scenario : group) sequences.push_back(sequence_of(scenario));
  for (Sequence& sequence : table_sequences()) sequences.push_back(std::move(sequence));
  return sequences;
}

}  // namespace ctwin::test
