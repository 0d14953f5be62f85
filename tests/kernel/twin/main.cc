// twin: the same packets through the running kernel and through the engine, compared packet by
// packet. See scenarios.h and generator.h for what packets, record.h for what is compared.
//
//   twin --scenarios [--only TEXT]      every scenario, or those whose name holds TEXT
//   twin --packets N [--seed S]         N generated packets; without a seed a fresh one
//   twin --rules N [--seed S]           N packets through routers with generated rules
//   twin --captures DIR                 the packets of the captures in a folder
//   twin --rows FILE                    the steps in a file, as this program prints them
// and with any of them:
//   --show                              print what the kernel made of it, compare nothing
//   --no-shrink                         print a failing sequence as it is
//   --most N                            stop after N failing sequences instead of 5
//
// Exit code 0: no difference; 1: a difference, printed as a short sequence that still shows it;
// 2: wrong use; 77: the kernel cannot be used here, for the reason that is printed.

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <optional>
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
constexpr size_t kRoutedPackets = 400;  ///< for one rule set
/// A difference has to show itself this often: the machine's other work may disturb a run.
constexpr int kConfirmations = 2;
constexpr size_t kAtOnce = 12;  ///< waiting sequences

struct Options {
  bool scenarios = false;
  bool show = false;
  bool no_shrink = false;
  uint64_t packets = 0;
  uint64_t rules = 0;  ///< packets for generated rules
  uint64_t seed = 0;
  uint64_t most = 5;  ///< failures
  std::string only;
  std::string captures;
  std::string rows;

  uint64_t* number_named(std::string_view word) {
    if (word == "--packets") return &packets;
    if (word == "--rules") return &rules;
    if (word == "--seed") return &seed;
    return word == "--most" ? &most : nullptr;
  }
};

struct Tally {
  size_t sequences = 0;
  size_t packets = 0;
  size_t failures = 0;
  size_t disturbed = 0;  ///< sequences that differed once and then never again
  size_t refused = 0;    ///< rule sets that the kernel does not take
};

size_t packets_of(const Sequence& sequence) {
  size_t count = 0;
  for (const std::string& step : sequence.steps) count += has_packet(step);
  return count;
}

bool waits(const Sequence& sequence) { return packets_of(sequence) != sequence.steps.size(); }

std::string rows_of(const Sequence& sequence) {
  std::string text = fmt::format("# {}\n", sequence.name);
  for (const auto& [name, value] : sequence.sysctls)
    text += fmt::format("sysctl {}={}\n", name, value);
  for (const std::string& line : sequence.setup) text += fmt::format("setup {}\n", line);
  for (const std::string& step : sequence.steps) text += step + "\n";
  return text;
}

void print_differences(const Sequence& sequence, const std::vector<Difference>& differences) {
  std::vector<std::string> packets;
  for (const std::string& step : sequence.steps)
    if (has_packet(step)) packets.push_back(step);
  for (const Difference& difference : differences) {
    if (difference.number == 0)
      std::printf("at the end\n");
    else
      std::printf("packet %zu  %s\n", difference.number, packets[difference.number - 1].c_str());
    std::printf("%s", difference.text.c_str());
  }
}

/// What a difference is about: the first line of its text.
std::string_view subject(const Difference& difference) {
  return std::string_view(difference.text).substr(0, difference.text.find('\n'));
}

bool agrees(const Sequence& sequence) {
  const auto differences = find_differences(sequence);
  return differences && differences->empty();
}

/// What is left of a sequence that differed, in its shortest form, with its differences. A shorter
/// sequence must differ in the same, or it might lead to something else altogether.
void report(Sequence sequence, const Difference& first, const Options& options) {
  const auto fails = [&](const Sequence& candidate) {
    const auto differences = find_differences(candidate);
    return differences && !differences->empty() && subject(differences->front()) == subject(first);
  };
  if (!options.no_shrink) {
    // What comes after the first difference did not cause it.
    if (first.number != 0 && !waits(sequence)) {
      Sequence head = sequence;
      head.steps.resize(first.number);
      if (fails(head)) sequence = std::move(head);
    }
    sequence = shrink(std::move(sequence), fails);
  }
  std::printf("---- FAILED\n%s", rows_of(sequence).c_str());
  if (const auto differences = find_differences(sequence))
    print_differences(sequence, *differences);
  std::fflush(stdout);
}

/// Compares, and tells what is there every time from what the machine's other work caused.
Status check(const Sequence& sequence, const Options& options, Tally& tally) {
  ++tally.sequences;
  tally.packets += packets_of(sequence);
  Difference first;
  for (int run = 0; run <= kConfirmations; ++run) {
    auto differences = find_differences(sequence);
    if (!differences && differences.error().code == kSetupRefused && !options.scenarios) {
      ++tally.refused;
      return {};
    }
    if (!differences) return differences.error();
    if (differences->empty()) {
      if (run == 0) return {};
      ++tally.disturbed;
      std::printf("not seen again: a difference at packet %zu of %s\n", first.number,
                  sequence.name.c_str());
      return {};
    }
    first = std::move(differences->front());
  }
  ++tally.failures;
  report(sequence, first, options);
  return {};
}

Status print_kernel(const Sequence& sequence) {
  const auto recording = run_kernel(sequence);
  if (!recording) return recording.error();
  std::printf("%s\n", show(sequence, *recording).c_str());
  return {};
}

/// Sequences that wait, run beside everything else. One that differs is left for `check`.
class Background {
 public:
  explicit Background(Tally& tally) : tally_(tally) {}

  void start(Sequence sequence) {
    auto held = std::make_unique<Sequence>(std::move(sequence));
    auto agreed = std::async(std::launch::async, [held = held.get()] { return agrees(*held); });
    running_.push_back({std::move(held), std::move(agreed)});
  }

  /// Ends when at most `left` of them still run.
  Status finish(size_t left, const Options& options) {
    while (running_.size() > left) {
      Running oldest = std::move(running_.front());
      running_.erase(running_.begin());
      if (oldest.agreed.get()) {
        ++tally_.sequences;
        tally_.packets += packets_of(*oldest.sequence);
      } else if (Status status = check(*oldest.sequence, options, tally_); !status.ok()) {
        return status;
      }
    }
    return {};
  }

 private:
  struct Running {
    std::unique_ptr<Sequence> sequence;
    std::future<bool> agreed;
  };

  Tally& tally_;
  std::vector<Running> running_;
};

/// Checks what `next` makes, until it makes no more.
Status check_all(const std::function<std::optional<Sequence>()>& next, const Options& options,
                 Tally& tally) {
  Background background(tally);
  while (std::optional<Sequence> sequence = next()) {
    if (options.show) {
      if (Status status = print_kernel(*sequence); !status.ok()) return status;
    } else if (waits(*sequence)) {
      background.start(std::move(*sequence));
    } else if (Status status = check(*sequence, options, tally); !status.ok()) {
      return status;
    }
    if (Status status = background.finish(kAtOnce, options); !status.ok()) return status;
    if (tally.failures >= options.most) break;
  }
  return background.finish(0, options);
}

Status check_list(const std::vector<Sequence>& sequences, const Options& options, Tally& tally) {
  size_t index = 0;
  const auto next = [&]() -> std::optional<Sequence> {
    if (index == sequences.size()) return {};
    return sequences[index++];
  };
  return check_all(next, options, tally);
}

Status check_scenarios(const Options& options, Tally& tally) {
  std::vector<Sequence> chosen;
  for (Sequence& sequence : all_scenarios())
    if (sequence.name.find(options.only) != std::string::npos)
      chosen.push_back(std::move(sequence));
  if (chosen.empty()) return Error{ENOENT, "no scenario's name holds '" + options.only + "'"};
  return check_list(chosen, options, tally);
}

/// `limit` packets in sequences made by `make`, from a seed that is printed.
Status check_generated(const Options& options, uint64_t limit, size_t packets,
                       Sequence (*make)(uint64_t, uint64_t, size_t), Tally& tally) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  const bool terminal = isatty(STDERR_FILENO) != 0;
  uint64_t index = 0, made = 0;
  const auto next = [&]() -> std::optional<Sequence> {
    if (made >= limit) return {};
    Sequence sequence = make(options.seed, index++, packets);
    made += packets_of(sequence);
    if (terminal) std::fprintf(stderr, "\r%llu packets ", static_cast<unsigned long long>(made));
    return sequence;
  };
  const Status status = check_all(next, options, tally);
  if (terminal) std::fprintf(stderr, "\r\033[K");
  return status;
}

Status check_captures(const Options& options, Tally& tally) {
  const auto captures = read_captures(options.captures, kSequencePackets);
  if (!captures) return captures.error();
  if (captures->sequences.empty()) return Error{ENOENT, "no captures in " + options.captures};
  std::printf("%zu packets of the captures cannot be routed and were left out\n",
              captures->left_out);
  return check_list(captures->sequences, options, tally);
}

/// Reads what rows_of writes.
Status check_rows(const Options& options, Tally& tally) {
  std::ifstream file(options.rows);
  if (!file) return Error{ENOENT, "cannot read " + options.rows};
  std::ostringstream text;
  text << file.rdbuf();
  Sequence sequence{options.rows, {}, {}, false};
  for (std::string& line : step_lines(text.str())) {
    constexpr std::string_view kSetup = "setup ";
    if (line.starts_with(kSetup)) {
      sequence.setup.push_back(line.substr(kSetup.size()));
      continue;
    }
    if (!line.starts_with("sysctl ")) {
      sequence.steps.push_back(std::move(line));
      continue;
    }
    const auto parts = split(std::string_view(line).substr(7), '=');
    if (parts.size() != 2) return Error{EINVAL, "not understood: '" + line + "'"};
    sequence.sysctls.emplace_back(parts[0], parts[1]);
  }
  return check_list({sequence}, options, tally);
}

bool read_number(const char* text, uint64_t& value) {
  const char* end = text + std::strlen(text);
  const auto [stop, code] = std::from_chars(text, end, value);
  return code == std::errc() && stop == end;
}

bool read_options(int argc, char** argv, Options& options) {
  options.seed = std::random_device{}();
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool has_value = i + 1 < argc;
    if (word == "--scenarios") {
      options.scenarios = true;
    } else if (word == "--show") {
      options.show = true;
    } else if (word == "--no-shrink") {
      options.no_shrink = true;
    } else if (!has_value) {
      return false;
    } else if (uint64_t* number = options.number_named(word)) {
      if (!read_number(argv[++i], *number)) return false;
    } else if (word == "--only") {
      options.only = argv[++i];
    } else if (word == "--captures") {
      options.captures = argv[++i];
    } else if (word == "--rows") {
      options.rows = argv[++i];
    } else {
      return false;
    }
  }
  return options.scenarios || options.packets != 0 || options.rules != 0 ||
         !options.captures.empty() || !options.rows.empty();
}

Status run_all(const Options& options, Tally& tally) {
  Status status;
  if (options.scenarios) status = check_scenarios(options, tally);
  if (status.ok() && !options.captures.empty()) status = check_captures(options, tally);
  if (status.ok() && !options.rows.empty()) status = check_rows(options, tally);
  if (status.ok() && options.packets != 0)
    status = check_generated(options, options.packets, kSequencePackets, generate, tally);
  if (status.ok() && options.rules != 0)
    status = check_generated(options, options.rules, kRoutedPackets, generate_routed, tally);
  return status;
}

int run_program(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: twin [--scenarios [--only TEXT]] [--packets N] [--rules N]\n"
                 "            [--seed S] [--captures DIR] [--rows FILE] [--show] [--no-shrink] "
                 "[--most N]\n");
    return 2;
  }
  if (const auto box = KernelBox::create({}); !box) {
    std::printf("twin: skipped: %s\n", box.error().text.c_str());
    return kSkipped;
  }
  Tally tally;
  if (const Status status = run_all(options, tally); !status.ok()) {
    std::printf("twin: %s\n", status.error().text.c_str());
    return 1;
  }
  if (tally.refused != 0)
    std::printf("%zu rule sets were left out, which the kernel refuses\n", tally.refused);
  std::printf("%zu sequences, %zu packets: %zu differ, %zu were disturbed\n", tally.sequences,
              tally.packets, tally.failures, tally.disturbed);
  return tally.failures == 0 ? 0 : 1;
}

}  // namespace

}  // namespace ctwin::test

int main(int argc, char** argv) { return ctwin::test::run_program(argc, argv); }
