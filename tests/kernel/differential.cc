// Runs the same command line with conntrack 1.4.7 and with ctwin, each on the same tables in a
// network namespace of its own, and compares standard output, standard error behind the prefix,
// exit code, and the tables afterwards. Where ctwin means to differ, differences.h says how, and
// that is what it is compared with.
//
// With --pair the second is another one: ctwin on an engine that is kept in a file, or conntrack
// itself on an engine that is served, by a preloaded library. The latter may not differ at all.
#include <unistd.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "cases.h"
#include "differences.h"
#include "runner.h"

namespace {

using namespace ctwin;
using namespace ctwin::test;

constexpr uint64_t kSeed = 20'260'101;
constexpr unsigned kGenerated = 900;

constexpr const char* kUsage =
    "usage: differential --ctwin PATH [--conntrack PATH] [--seed N] [--generated N] [--only TEXT]\n"
    "                    [--pair kernel|state|shim] [--shim PATH] [--verbatim] [--verbose] "
    "[--list]\n"
    "  --pair WHO    conntrack on the kernel and: ctwin there, ctwin on an engine in a file, or\n"
    "                conntrack on a served engine, which takes --shim\n"
    "  --only TEXT   just the rows that contain TEXT, or whose group does\n"
    "  --verbatim    no difference is allowed, not even the listed ones\n"
    "  --list        print the listed differences and the rows, run nothing\n";

struct Settings {
  Runner::Programs programs{"/usr/sbin/conntrack", {}, {}};
  Pair pair = Pair::kKernel;
  uint64_t seed = kSeed;
  unsigned generated = kGenerated;
  std::string only;
  bool verbatim = false;
  bool verbose = false;
  bool list = false;
};

std::optional<Pair> pair_of(std::string_view word) {
  if (word == "kernel") return Pair::kKernel;
  if (word == "state") return Pair::kState;
  if (word == "shim") return Pair::kShim;
  return {};
}

bool read_settings(int argc, char** argv, Settings& settings) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--verbatim" || word == "--verbose" || word == "--list") {
      (word == "--verbatim"  ? settings.verbatim
       : word == "--verbose" ? settings.verbose
                             : settings.list) = true;
      continue;
    }
    if (i + 1 == argc) return false;
    const char* value = argv[++i];
    if (word == "--ctwin")
      settings.programs.ctwin = value;
    else if (word == "--conntrack")
      settings.programs.conntrack = value;
    else if (word == "--shim")
      settings.programs.shim = value;
    else if (word == "--pair" && pair_of(value))
      settings.pair = *pair_of(value);
    else if (word == "--seed")
      settings.seed = std::strtoull(value, nullptr, 0);
    else if (word == "--generated")
      settings.generated = static_cast<unsigned>(std::strtoul(value, nullptr, 0));
    else if (word == "--only")
      settings.only = value;
    else
      return false;
  }
  if (settings.pair == Pair::kShim && settings.programs.shim.empty()) return false;
  return settings.list || !settings.programs.ctwin.empty();
}

[[noreturn]] void skip(const std::string& reason) {
  std::printf("SKIPPED: %s\n", reason.c_str());
  std::exit(kSkipped);
}

struct Counts {
  unsigned invocations = 0;
  unsigned equal = 0;
  unsigned wrong = 0;
  unsigned repeated = 0;  ///< because they took too long
  std::map<std::string, unsigned> by_difference;
  std::map<std::string_view, unsigned> unfit;  ///< by reason
};

/// What one row came to.
struct Verdict {
  std::optional<std::string> mismatch;
  std::vector<std::string> differences;  ///< those that account for what is different
};

/// conntrack 1.4.7 makes mistakes with -U that depend on the order in which it finds the entries;
/// two runs of it need not be equal.
bool is_repeatable(const Invocation& invocation) {
  return !CommandLine(invocation.words).is("update") &&
         invocation.input.find("-U ") == std::string::npos;
}

Verdict judge(Runner& runner, const Invocation& invocation, bool verbatim) {
  if (invocation.same_namespace) {
    const auto [conntrack, ctwin] = runner.run_both(invocation);
    return {compare(conntrack.seen, ctwin.seen), {}};
  }
  const Run conntrack = runner.run(Side::kConntrack, invocation);
  const Run ctwin = runner.run(Side::kCtwin, invocation);
  const auto verbatim_mismatch = compare(conntrack.seen, ctwin.seen);
  if (verbatim) return {verbatim_mismatch, {}};
  Expected expected = expected_of(runner, invocation, conntrack);
  if (expected.differences.empty()) return {verbatim_mismatch, {}};
  const auto mismatch = compare(expected.run.seen, ctwin.seen);
  if (mismatch || !verbatim_mismatch) return {mismatch, {}};
  return {{}, std::move(expected.differences)};
}

bool selected(const Invocation& invocation, const std::string& only) {
  return only.empty() || invocation.group.find(only) != std::string::npos ||
         row_text(invocation).find(only) != std::string::npos;
}

std::string_view unfit(const Settings& settings, const Invocation& invocation) {
  const bool exact = settings.verbatim || settings.pair == Pair::kShim;
  if (exact && !is_repeatable(invocation)) return "conntrack itself does not repeat it";
  return Runner::unfit(invocation, settings.pair);
}

/// Numbers of seconds may differ by one. A busy machine can need longer for a case, which is then
/// run again; what is really different stays so.
Verdict judge_in_time(Runner& runner, const Settings& settings, const Invocation& invocation,
                      Counts& counts) {
  using Clock = std::chrono::steady_clock;
  constexpr int kAttempts = 5;
  for (int attempt = 1;; ++attempt) {
    const auto begin = Clock::now();
    Verdict verdict = judge(runner, invocation, settings.verbatim || settings.pair == Pair::kShim);
    const bool in_time = Clock::now() - begin < std::chrono::seconds(1);
    if (!verdict.mismatch || in_time || attempt == kAttempts) return verdict;
    ++counts.repeated;
  }
}

void run_case(Runner& runner, const Settings& settings, const Invocation& invocation,
              Counts& counts) {
  if (const std::string_view reason = unfit(settings, invocation); !reason.empty()) {
    ++counts.unfit[reason];
    return;
  }
  ++counts.invocations;
  const Verdict verdict = judge_in_time(runner, settings, invocation, counts);
  if (verdict.mismatch) {
    ++counts.wrong;
    std::printf("MISMATCH (%s)\n  row: %s\n%s", invocation.group.c_str(),
                row_text(invocation).c_str(), verdict.mismatch->c_str());
  } else if (verdict.differences.empty()) {
    ++counts.equal;
    if (settings.verbose) std::printf("equal: %s\n", row_text(invocation).c_str());
  } else {
    std::string names;
    for (const std::string& name : verdict.differences) {
      ++counts.by_difference[name];
      names += (names.empty() ? "" : ", ") + name;
    }
    if (settings.verbose)
      std::printf("listed (%s): %s\n", names.c_str(), row_text(invocation).c_str());
  }
  std::fflush(stdout);
}

void list_all(const std::vector<Invocation>& cases) {
  for (const Difference& difference : listed_differences())
    std::printf("difference %s: %s\n", difference.name, difference.description);
  for (const Invocation& invocation : cases)
    std::printf("%s: %s\n", invocation.group.c_str(), row_text(invocation).c_str());
}

void print_counts(const Counts& counts, const Runner& runner) {
  std::printf("%u invocations (%u program runs): %u equal, %u wrong\n", counts.invocations,
              runner.runs(), counts.equal, counts.wrong);
  for (const auto& [name, count] : counts.by_difference)
    std::printf("  %5u differ as listed: %s\n", count, name.c_str());
  if (counts.repeated != 0) std::printf("  %5u runs repeated, being slow\n", counts.repeated);
  for (const auto& [reason, count] : counts.unfit)
    std::printf("  %5u rows left out: %s\n", count, std::string(reason).c_str());
}

std::vector<Invocation> all_cases(const Settings& settings) {
  Result<std::vector<Invocation>> cases = picked_cases();
  if (!cases) {
    std::fprintf(stderr, "%s\n", cases.error().text.c_str());
    std::exit(2);
  }
  for (Invocation& invocation : generated_cases(settings.seed, settings.generated))
    cases->push_back(std::move(invocation));
  std::erase_if(*cases,
                [&](const Invocation& invocation) { return !selected(invocation, settings.only); });
  return std::move(*cases);
}

void require_conntrack(const std::string& path) {
  if (geteuid() != 0) skip("needs root, for network namespaces");
  if (access(path.c_str(), X_OK) != 0) skip("there is no " + path + " to compare with");
  Result<NetworkNamespace> space = NetworkNamespace::create();
  if (!space) skip(space.error().text);
  const auto ended = test::run({path, {"conntrack", "-V"}, {}, true}, *space);
  if (!ended || ended->output.find("v1.4.7 ") == std::string::npos)
    skip(path + " is not conntrack 1.4.7");
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (!read_settings(argc, argv, settings)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const std::vector<Invocation> cases = all_cases(settings);
  if (settings.list) return list_all(cases), 0;
  require_conntrack(settings.programs.conntrack);
  Result<Runner> runner = Runner::create(settings.programs, settings.pair);
  if (!runner) skip(runner.error().text);
  std::printf("seed %" PRIu64 "\n", settings.seed);
  Counts counts;
  for (const Invocation& invocation : cases) run_case(*runner, settings, invocation, counts);
  print_counts(counts, *runner);
  return counts.wrong == 0 && counts.invocations != 0 ? 0 : 1;
}
