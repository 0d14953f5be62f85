// A reader who applies what -E prints has the kernel's table in the end: from a snapshot on, and
// also where events were lost.
#include <signal.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "space.h"

using namespace ctwin;
using namespace ctwin::test;
using nlohmann::json;

namespace {

/// What tells an entry from others, and what of it can change.
std::string name_of(const json& object) {
  return object["id"].dump() + object["proto"].dump() + object["orig"].value("src", "") + " " +
         object["orig"].value("dst", "") + object["orig"].value("sport", json()).dump() +
         object.value("zone", json()).dump();
}
std::string contents_of(const json& object) {
  const std::set<std::string> status = object["status"];
  std::string text = object["state"].dump() + " mark=" +
                     std::to_string(object["mark"].is_null() ? 0 : object["mark"].get<unsigned>());
  for (const std::string& bit : status) text += " " + bit;
  return text;
}

using Contents = std::map<std::string, std::string>;

/// Does what the lines say, as a program would that keeps a copy of the table.
class Copy {
 public:
  void apply(const std::string& line) {
    const json object = json::parse(line);
    const std::string event = object.value("event", "");
    if (event == "lost") {
      lost_ += object["lost"].get<unsigned long>();
      return;
    }
    flagged_ += object.value("resync", false);
    const std::string name = name_of(object);
    if (event == "destroy") {
      contradictions_ += entries_.erase(name) == 0;
    } else {
      contradictions_ += event != "update" && entries_.contains(name);
      entries_[name] = contents_of(object);
    }
  }

  const Contents& entries() const { return entries_; }
  /// Entries that were new twice, or ended without having been there.
  unsigned contradictions() const { return contradictions_; }
  unsigned long lost() const { return lost_; }
  unsigned flagged() const { return flagged_; }

 private:
  Contents entries_;
  unsigned contradictions_ = 0;
  unsigned long lost_ = 0;
  unsigned flagged_ = 0;
};

Copy copy_of(const std::string& output) {
  Copy copy;
  for (const std::string& line : lines_of(output)) copy.apply(line);
  return copy;
}

Contents table_of(const Space& space) {
  return copy_of(space.ctwin({"-L", "-o", "json"}).output).entries();
}

/// A namespace in which all entries have events, whoever listens when they are made.
void always_tell_events(const Space& space) {
  REQUIRE(space.where().set_sysctl("net/netfilter/nf_conntrack_events", "1").ok());
}

std::string range(std::string_view command, unsigned from, unsigned to) {
  std::string lines;
  for (unsigned i = from; i < to; ++i) lines += udp_line(command, i);
  return lines;
}

/// Makes entries come, change and go, as fast as two programs can.
void churn(const Space& space, unsigned base) {
  std::string lines = range("-I", base, base + 3000);
  lines += "-U -s 10.0.0.0/16 -m " + std::to_string(base + 1) + "\n";
  lines += "-D -s 10.0.1.0/24\n";
  Child other = space.start({"-R", "-"}, range("-I", base + 100'000, base + 103'000));
  space.load(lines);
  CHECK(other.finish(kLimitMs).exit_code == 0);
}

}  // namespace

TEST_CASE("what was lost is made up for: a copy of the table is right in the end") {
  const Space space;
  always_tell_events(space);
  space.load(range("-I", 0, 600));
  Child watcher = space.watch({"-b", "20000", "--snapshot", "-o", "json"});
  let_it_catch_up(watcher);
  suspend(watcher);
  space.load(range("-I", 1000, 4000) + "-U -s 10.0.0.0/24 -m 7\n-D -s 10.0.1.0/24\n");
  watcher.send_signal(SIGCONT);
  let_it_catch_up(watcher);
  for (unsigned round = 1; round < 4; ++round) churn(space, round * 10'000);
  const Ended ended = stop(watcher, SIGINT);
  CHECK(ended.exit_code == 0);
  const Copy copy = copy_of(ended.output);
  CHECK(copy.lost() > 0);
  CHECK(copy.flagged() > 0);
  CHECK(copy.entries() == table_of(space));
}

TEST_CASE("entries that ended unseen are told of as such, with their tuples, zone and id") {
  const Space space;
  always_tell_events(space);
  space.load(
      "-I -p udp -t 600 -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 2 -w 3\n"
      "-I -p tcp -t 600 -s fd00::1 -d fd00::2 --sport 1 --dport 2 --state ESTABLISHED\n"
      "-I -p icmp -t 600 -s 10.0.0.1 -d 10.0.0.2 --icmp-type 8 --icmp-code 0 --icmp-id 7\n");
  const Contents before = table_of(space);
  REQUIRE(before.size() == 3);
  Child watcher = space.watch({"-b", "20000", "--snapshot", "-o", "json"});
  let_it_catch_up(watcher);
  suspend(watcher);
  // The events of the first entries are what the buffer has room for.
  space.load(range("-I", 0, 3000) + "-D -w 3\n-D -p tcp\n-D -p icmp\n");
  watcher.send_signal(SIGCONT);
  const Ended ended = stop(watcher, SIGINT);
  const Copy copy = copy_of(ended.output);
  CHECK(copy.contradictions() == 0);
  CHECK(copy.entries() == table_of(space));
  unsigned ends = 0;
  for (const std::string& line : lines_of(ended.output)) {
    const json object = json::parse(line);
    if (object.value("event", "") != "destroy") continue;
    ++ends;
    CHECK(object.value("resync", false));
    CHECK(before.contains(name_of(object)));
  }
  CHECK(ends == 3);
}

TEST_CASE(
    "--no-resync leaves it at telling how many, and so does a mask without the ends of entries") {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--no-resync"}, {"-e", "NEW,UPDATES"}}) {
    const Space space;
    std::vector<std::string> all{"-b", "20000", "-o", "json"};
    all.insert(all.end(), words.begin(), words.end());
    Child watcher = space.watch(all);
    let_it_catch_up(watcher);
    suspend(watcher);
    space.load(range("-I", 0, 3000));
    watcher.send_signal(SIGCONT);
    const Ended ended = stop(watcher, SIGINT);
    CHECK(ended.output.find("resync") == std::string::npos);
    // Whoever reads a log of them later is to know that something is missing.
    const std::string last = lines_of(ended.output).back();
    CHECK(last.starts_with("{\"event\":\"lost\""));
    const uint64_t total = json::parse(last).at("total");
    CHECK(ended.errors.find(" " + std::to_string(total) + " events have been lost.\n") !=
          std::string::npos);
  }
}

TEST_CASE("a snapshot and the events behind it tell everything once") {
  const Space space;
  always_tell_events(space);
  for (unsigned round = 0; round < 5; ++round) {
    CAPTURE(round);
    const unsigned base = round * 10'000;
    space.load(range("-I", base, base + 1500));
    Child busy =
        space.start({"-R", "-"}, range("-I", base + 2000, base + 5000) + "-D -s 10.0.0.0/20\n" +
                                     range("-I", base + 5000, base + 7000));
    Child watcher = space.watch({"--snapshot", "-o", "json"});
    CHECK(busy.finish(kLimitMs).exit_code == 0);
    const Ended ended = stop(watcher, SIGINT);
    CHECK(ended.errors.find("lost") == std::string::npos);
    const Copy copy = copy_of(ended.output);
    CHECK(copy.contradictions() == 0);
    CHECK(copy.entries() == table_of(space));
  }
}

TEST_CASE("a snapshot lists as -L does, and is not counted among the events") {
  const Space space;
  space.load(udp_line("-I", 1));
  Child watcher = space.watch({"--snapshot"});
  const Ended ended = stop(watcher, SIGTERM);
  CHECK(ended.output == space.ctwin({"-L"}).output);
  CHECK(ended.errors == prefix() + "0 flow events have been shown.\n");
}

TEST_CASE("--limit ends a watch behind so many events, whatever came with them") {
  const Space space;
  Child watcher = space.watch({"--limit", "3"});
  space.load(range("-I", 0, 500));
  const Ended ended = watcher.finish(kLimitMs);
  CHECK_FALSE(ended.late);
  CHECK(ended.exit_code == 0);
  CHECK(lines_of(ended.output).size() == 3);
  CHECK(ended.errors == prefix() + "3 flow events have been shown.\n");
}

TEST_CASE("--duration ends a watch to which nothing happens") {
  const Space space;
  const Ended ended = space.ctwin({"-E", "--duration", "0.05"});
  CHECK(ended.exit_code == 0);
  CHECK(ended.output.empty());
  CHECK(ended.errors == prefix() + "0 flow events have been shown.\n");
}
