// twin: the same packets through the running kernel and through the engine, compared packet by
// packet. See scenarios.h and generator.h for what packets, record.h for what is compared.
//
//   twin --scenarios [--only TEXT]      every scenario, or those whose name holds TEXT
//   twin --packets N [--seed S]         N generated packets; without a seed a fresh one
//   twin --captures DIR                 the packets of the captures in a folder
//   twin --rows FILE                    the steps in a file, as this program prints them
// and with any of them:
//   --show                              print what the kernel made of it, compare nothing
//   --no-shrink                         print a failing sequence as it is
//
// Exit code 0: no difference; 1: a difference, printed as a short sequence that still shows it;
// 2: wrong use; 77: the kernel cannot be used here, for the reason that is printed.

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <future>
#include <random>
#include <sstream>

#include "captures.h"
#include "generator.h"
#include "kernel_box.h"
#include "scenarios.h"
#include "shrink.h"
#include "words.h"

namespace ctwin::test {

namespace {

constexpr int kSkipped = 77;
constexpr size_t kSequencePackets = 2000;
/// A difference has to show itself this often: the machine's other work may disturb a run.
constexpr int kConfirmations = 2;
constexpr size_t kMostFailures = 5;

struct Options {
  bool scenarios = false;
  bool show = false;
  bool no_shrink = false;
  uint64_t packets = 0;
  uint64_t seed = 0;
  std::string only;
  std::string captures;
  std::string rows;
};

struct Tally {
  size_t sequences = 0;
  size_t packets = 0;
  size_t failures = 0;
  size_t disturbed = 0;  ///< sequences that differed once and then never again
};

size_t packets_of(const Sequence& sequence) {
  size_t count = 0;
  for (const std::string& step : sequence.steps) count += !step.starts_with("wait");
  return count;
}

bool waits(const Sequence& sequence) {
  return packets_of(sequence) != sequence.steps.size();
}

std::string rows_of(const Sequence& sequence) {
  std::string text = fmt::format("# {}\n", sequence.name);
  for (const auto& [name, value] : sequence.sysctls)
    text += fmt::format("sysctl {}={}\n", name, value);
  for (const std::string& step : sequence.steps) text += step + "\n";
  return text;
}

void print_differences(const Sequence& sequence, const std::vector<Difference>& differences) {
  std::vector<std::string> packets;
  for (const std::string& step : sequence.steps)
    if (!step.starts_with("wait")) packets.push_back(step);
  for (const Difference& difference : differences) {
    if (difference.number == 0)
      std::printf("at the end\n");
    else
      std::printf("packet %zu  %s\n", difference.number, packets[difference.number - 1].c_str());
    std::printf("%s", difference.text.c_str());
  }
}

bool fails(const Sequence& sequence) {
  const auto differences = find_differences(sequence);
  return differences && !differences->empty();
}

/// What is left of a sequence that differed, in its shortest form, with its differences.
void report(Sequence sequence, size_t first_packet, const Options& options) {
  if (!options.no_shrink) {
    // What comes after the first difference did not cause it.
    if (first_packet != 0 && !waits(sequence)) {
      Sequence head = sequence;
      head.steps.resize(first_packet);
      if (fails(head)) sequence = std::move(head);
    }
    sequence = shrink(std::move(sequence), fails);
  }
  std::printf("---- FAILED\n%s", rows_of(sequence).c_str());
  if (const auto differences = find_differences(sequence))
    print_differences(sequence, *differences);
  std::fflush(stdout);
}

/// Compares, and tells real differences from disturbances.
Status check(const Sequence& sequence, const Options& options, Tally& tally) {
  ++tally.sequences;
  tally.packets += packets_of(sequence);
  auto differences = find_differences(sequence);
  for (int again = 0; differences && !differences->empty() && again < kConfirmations; ++again) {
    const size_t first = differences->front().number;
    differences = find_differences(sequence);
    if (!differences || differences->empty()) continue;
    if (again + 1 < kConfirmations) continue;
    ++tally.failures;
    report(sequence, first, options);
    return {};
  }
  if (!differences) return differences.error();
  return {};
}

}  // namespace

}  // namespace ctwin::test
