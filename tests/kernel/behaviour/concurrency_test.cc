// Listing and deleting while others insert and delete as fast as they can.
#include <signal.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "space.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

constexpr unsigned kStable = 2000;
constexpr unsigned kRounds = 3;

std::string range(std::string_view command, unsigned from, unsigned to, std::string_view more) {
  std::string lines;
  for (unsigned i = from; i < to; ++i) lines += udp_line(command, i, more);
  return lines;
}

/// Commands that make entries come and go in the neighbourhood of others, for a while.
std::string commotion() {
  std::string lines;
  for (unsigned round = 0; round < 8; ++round)
    lines += range("-I", 100'000, 102'000, "-m 9") + "-D -m 9\n";
  return lines;
}

/// What stands behind `key=`, up to the next blank.
std::string value_of(const std::string& line, const std::string& key) {
  const size_t at = line.find(key + "=");
  if (at == std::string::npos) return {};
  const size_t begin = at + key.size() + 1;
  return line.substr(begin, line.find(' ', begin) - begin);
}

std::string summary(size_t count, std::string_view done) {
  return prefix() + std::to_string(count) + " flow entries have been " + std::string(done) + ".\n";
}

}  // namespace

TEST_CASE("a listing shows what stays exactly once, whatever comes and goes beside it") {
  const Space space;
  space.load(range("-I", 0, kStable, "-m 5"));
  Child others = space.start({"-R", "-"}, commotion());
  unsigned listings = 0;
  for (; !others.ended() || listings < kRounds; ++listings) {
    const Ended ended = space.ctwin({"-L", "-m", "5"});
    CHECK(ended.exit_code == 0);
    CHECK(ended.errors == summary(kStable, "shown"));
    std::set<std::string> sources;
    for (const std::string& line : lines_of(ended.output)) {
      CHECK(value_of(line, "mark") == "5");
      sources.insert(value_of(line, "src"));
    }
    CHECK(sources.size() == kStable);
  }
  CHECK(others.finish(kLimitMs).exit_code == 0);
}

TEST_CASE("a listing of everything shows no entry twice while others come and go") {
  const Space space;
  space.load(range("-I", 0, kStable, "-m 5"));
  Child others = space.start({"-R", "-"}, commotion());
  unsigned listings = 0;
  for (; !others.ended() || listings < kRounds; ++listings) {
    const Ended ended = space.ctwin({"-L", "-o", "id"});
    const std::vector<std::string> lines = lines_of(ended.output);
    CHECK(ended.errors == summary(lines.size(), "shown"));
    std::map<std::string, unsigned> times;
    for (const std::string& line : lines)
      ++times[value_of(line, "id") + " " + value_of(line, "src")];
    unsigned stable = 0;
    for (const std::string& line : lines) stable += value_of(line, "mark") == "5";
    CHECK(times.size() == lines.size());
    CHECK(stable == kStable);
  }
  CHECK(others.finish(kLimitMs).exit_code == 0);
}

// The kernel makes an id of the tuple and of where the entry lies in memory, so that one made of
// the same tuple at the same place has the same id; only then it may be taken for the other.
TEST_CASE("a deletion spares entries that took the tuples of those it was to delete") {
  constexpr unsigned kEntries = 150;
  for (unsigned round = 0; round < kRounds; ++round) {
    Space space;
    REQUIRE(space.where().set_sysctl("net/netfilter/nf_conntrack_events", "1").ok());
    space.load(range("-I", 0, kEntries, "-m 5"));
    Child watcher = space.watch({"-e", "DESTROY", "-o", "json"});
    // Each entry is replaced by another of the same tuple, which has another mark.
    std::string replacements;
    for (unsigned i = 0; i < kEntries; ++i)
      replacements += "-D -p udp -s 10.0." + std::to_string(i >> 8) + "." +
                      std::to_string(i & 255) + " -m 5\n" + udp_line("-I", i, "-m 6");
    Child replacer = space.start({"-R", "-"}, replacements);
    while (!replacer.ended()) {
      const Ended ended = space.ctwin({"-D", "-m", "5"});
      CHECK(ended.errors == summary(lines_of(ended.output).size(), "deleted"));
    }
    REQUIRE(replacer.finish(kLimitMs).exit_code == 0);
    std::map<std::string, unsigned> ids;  // of the old entries
    std::map<std::string, unsigned> hit;  // of new ones that are gone
    for (const std::string& line : lines_of(stop(watcher, SIGINT).output)) {
      const auto object = nlohmann::json::parse(line);
      (object["mark"] == 5 ? ids : hit)[object["orig"]["src"]] = object["id"];
    }
    CHECK(ids.size() == kEntries);
    CHECK(space.entries().size() + hit.size() == kEntries);
    for (const auto& one : hit) CHECK(ids[one.first] == one.second);
  }
}
