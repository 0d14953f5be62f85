// Watching: everything is shown, in order, and a watcher ends when it is told to.
#include <signal.h>
#include <sys/syscall.h>

#include <nlohmann/json.hpp>

#include "space.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

std::string many_lines(std::string_view command, unsigned count) {
  std::string lines;
  for (unsigned i = 0; i < count; ++i) lines += udp_line(command, i);
  return lines;
}

/// Creates, changes and deletes an entry.
void live_a_life(const Space& space) {
  space.load(udp_line("-I", 1));
  space.load("-U -s 10.0.0.1 -m 7\n");
  space.load("-D -s 10.0.0.1\n");
}

/// Elements are closed in the order in which they were opened, and there is one around all.
bool is_well_formed(std::string_view text) {
  std::vector<std::string> open;
  unsigned roots = 0;
  for (size_t at = text.find('<'); at != text.npos; at = text.find('<', at)) {
    const size_t end = text.find('>', at);
    if (end == text.npos) return false;
    std::string_view tag = text.substr(at + 1, end - at - 1);
    at = end;
    if (tag.starts_with('?') || tag.ends_with('/')) continue;
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    } else {
      roots += open.empty();
      open.emplace_back(tag.substr(0, tag.find(' ')));
    }
  }
  return open.empty() && roots == 1;
}

std::string shown(size_t count, std::string_view what = "flow") {
  return prefix() + std::to_string(count) + " " + std::string(what) + " events have been shown.\n";
}

}  // namespace

TEST_CASE("100,000 entries made by another program are all shown, in order, at default settings") {
  constexpr unsigned kCount = 100'000;
  Space space;
  Child watcher = space.watch({});
  space.load(many_lines("-I", kCount));
  const Ended ended = stop(watcher, SIGINT);
  CHECK(ended.exit_code == 0);
  CHECK(ended.errors == shown(kCount));
  const std::vector<std::string> lines = lines_of(ended.output);
  REQUIRE(lines.size() == kCount);
  unsigned out_of_place = 0;
  for (unsigned i = 0; i < kCount; ++i)
    out_of_place +=
        !lines[i].starts_with("    [NEW] udp ") || lines[i].find(udp_tuple(i)) == std::string::npos;
  CHECK(out_of_place == 0);
}

TEST_CASE("an event mask selects kinds of events") {
  struct Case {
    std::string mask;
    std::vector<std::string> kinds;
  };
  const Case cases[] = {{"NEW", {"    [NEW]"}},
                        {"UPDATES", {" [UPDATE]"}},
                        {"DESTROY", {"[DESTROY]"}},
                        {"D", {"[DESTROY]"}},
                        {"NEW,DESTROY", {"    [NEW]", "[DESTROY]"}},
                        {"ALL", {"    [NEW]", " [UPDATE]", "[DESTROY]"}}};
  for (const Case& one : cases) {
    CAPTURE(one.mask);
    const Space space;
    Child watcher = space.watch({"-e", one.mask});
    live_a_life(space);
    const Ended ended = stop(watcher, SIGINT);
    std::vector<std::string> kinds;
    for (const std::string& line : lines_of(ended.output)) kinds.push_back(line.substr(0, 9));
    CHECK(kinds == one.kinds);
    CHECK(ended.errors == shown(one.kinds.size()));
  }
}

TEST_CASE("events as JSON are one valid object a line") {
  const Space space;
  Child watcher = space.watch({"-o", "json"});
  live_a_life(space);
  const Ended ended = stop(watcher, SIGINT);
  std::vector<std::string> kinds;
  for (const std::string& line : lines_of(ended.output)) {
    const auto object = nlohmann::json::parse(line, nullptr, false);
    REQUIRE(object.is_object());
    kinds.push_back(object["event"]);
    CHECK(object["orig"]["src"] == "10.0.0.1");
    CHECK(object["orig"]["dport"] == 53);
    CHECK(object["portid"] > 0);
    CHECK(object["time"].is_string());
  }
  CHECK(kinds == std::vector<std::string>{"new", "update", "destroy"});
}

TEST_CASE("a stream of XML is closed when a signal ends it") {
  REQUIRE(is_well_formed("<?xml?><a x=\"1\"><b/><c>1</c></a>"));
  REQUIRE_FALSE(is_well_formed("<a><b></a></b>"));
  REQUIRE_FALSE(is_well_formed("<a><b></b>"));
  const Space space;
  Child watcher = space.watch({"-o", "xml,timestamp"});
  live_a_life(space);
  const Ended ended = stop(watcher, SIGINT);
  CHECK(is_well_formed(ended.output));
  CHECK(ended.output.find("<flow type=\"destroy\">") != std::string::npos);
  CHECK(ended.errors == shown(3));
}

TEST_CASE("without an event there is no document") {
  const Space space;
  for (const char* format : {"xml", "json"}) {
    Child watcher = space.watch({"-o", format});
    const Ended ended = stop(watcher, SIGINT);
    CHECK(ended.output.empty());
    CHECK(ended.errors == shown(0));
  }
}

TEST_CASE("either signal ends a watcher with its summary and success") {
  const Space space;
  for (const int signal : {SIGINT, SIGTERM}) {
    Child watcher = space.watch({});
    space.load(udp_line("-I", static_cast<unsigned>(signal)));
    const Ended ended = stop(watcher, signal);
    CHECK(ended.exit_code == 0);
    CHECK(ended.errors == shown(1));
    CHECK(lines_of(ended.output).size() == 1);
  }
}

TEST_CASE("a signal that comes while an event is handled ends the watcher too") {
  const Space space;
  for (unsigned i = 0; i < 100; ++i) {
    Child watcher = space.watch({});
    space.load(udp_line("-I", i));
    watcher.send_signal(SIGINT);
    const Ended ended = watcher.finish(kLimitMs);
    REQUIRE_FALSE(ended.late);
    REQUIRE(ended.exit_code == 0);
  }
}

TEST_CASE("a signal that comes while nobody reads is heeded when the output is taken") {
  const Space space;
  SlowReader reader;
  Child watcher = space.start_shell("exec \"$0\" -E >" + reader.path());
  REQUIRE(comes_true([&] { return event_socket(watcher).get() >= 0; }));
  // It finds all events at once, so that none is left to wake it when it has printed them.
  suspend(watcher);
  space.load(many_lines("-I", 200));
  watcher.send_signal(SIGCONT);
  REQUIRE(comes_true([&] { return sits_in(watcher.pid(), SYS_write); }));
  watcher.send_signal(SIGINT);
  const std::string output = reader.read_to_end(watcher);
  const Ended ended = watcher.finish(kLimitMs);
  CHECK(ended.exit_code == 0);
  CHECK(ended.errors == shown(lines_of(output).size()));
}

TEST_CASE("a watcher ends at once when nobody reads its output any more") {
  const Space space;
  SlowReader reader;
  Child watcher = space.start_shell("exec \"$0\" -E >" + reader.path());
  REQUIRE(comes_true([&] { return event_socket(watcher).get() >= 0; }));
  space.load(udp_line("-I", 1));
  let_it_catch_up(watcher);
  CHECK(lines_of(reader.read_some()).size() == 1);
  reader.go_away();
  const Ended ended = watcher.finish(kLimitMs);
  CHECK_FALSE(ended.late);
  CHECK(ended.exit_code == 0);
  CHECK(ended.errors == shown(1));
}

TEST_CASE("a watcher whose output is closed in the middle of a burst ends with success") {
  const Space space;
  SlowReader reader;
  Child watcher = space.start_shell("exec \"$0\" -E >" + reader.path());
  REQUIRE(comes_true([&] { return event_socket(watcher).get() >= 0; }));
  space.load(many_lines("-I", 200));
  REQUIRE(comes_true([&] { return sits_in(watcher.pid(), SYS_write); }));
  reader.go_away();
  const Ended ended = watcher.finish(kLimitMs);
  CHECK_FALSE(ended.late);
  CHECK(ended.exit_code == 0);
  CHECK(ended.errors.ends_with(" flow events have been shown.\n"));
}
