// What -o save writes, -R makes again, and may be given twice.
#include <netinet/in.h>
#include <signal.h>

#include <algorithm>
#include <regex>

#include "space.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

/// Writes the file that gives names to the fixture's labels.
void name_labels() { REQUIRE(write_text("/etc/xtables/connlabel.conf", "1 one\n40 forty\n").ok()); }

constexpr uint32_t kHasHelper = 1 << 13;

/// What a line of -o save cannot hold is taken out: helpers, masters, and the flags that make a TCP
/// entry without history.
std::string what_is_saved(std::string text) {
  text = std::regex_replace(text, std::regex(" (helper|tcp-flags)=[^ ]*"), "");
  std::smatch status;
  REQUIRE(std::regex_search(text, status, std::regex(" status=([0-9]+)")));
  const unsigned long bits = std::stoul(status[1]) & ~(kExpected | kHasHelper);
  return text.replace(static_cast<size_t>(status.position(1)),
                      static_cast<size_t>(status.length(1)), std::to_string(bits));
}

std::vector<std::string> saved_texts(Space& space) {
  std::vector<std::string> texts;
  for (const std::string& text : space.texts()) texts.push_back(what_is_saved(text));
  return texts;
}

/// Lines that only one of two sorted lists has; empty when they are the same.
std::string difference(const std::vector<std::string>& expected,
                       const std::vector<std::string>& actual) {
  std::string text;
  const auto add = [&](const char* what, const std::vector<std::string>& from,
                       const std::vector<std::string>& without) {
    for (const std::string& line : from)
      if (std::find(without.begin(), without.end(), line) == without.end())
        text += what + line + "\n";
  };
  add("missing: ", expected, actual);
  add("extra: ", actual, expected);
  return text;
}

std::vector<uint32_t> timeouts(Space& space) {
  std::vector<uint32_t> seconds;
  for (const Entry& entry : space.entries()) seconds.push_back(entry.timeout.value_or(0));
  return seconds;
}

std::string save(const Space& space) {
  const Ended ended = space.ctwin({"-L", "-o", "save"});
  REQUIRE(ended.exit_code == 0);
  return ended.output;
}

constexpr uint32_t kBothWays = kSeenReply | kAssured;

}  // namespace

TEST_CASE("a table that is saved, emptied and loaded is the same table") {
  name_labels();
  Space space;
  REQUIRE(space.table().create(standard_entries()).ok());
  const std::vector<std::string> before = saved_texts(space);
  const std::vector<uint32_t> seconds = timeouts(space);
  const std::string saved = save(space);
  REQUIRE(space.ctwin({"-F"}).exit_code == 0);
  REQUIRE(space.entries().empty());
  space.load(saved);
  CHECK(difference(before, saved_texts(space)) == "");
  const std::vector<uint32_t> seconds_after = timeouts(space);
  REQUIRE(seconds_after.size() == seconds.size());
  for (size_t i = 0; i < seconds.size(); ++i) {
    CHECK(seconds_after[i] <= seconds[i]);
    CHECK(seconds_after[i] + kLimitMs / 1000 >= seconds[i]);
  }
}

TEST_CASE("marks, labels, zones and the ports of both translations are in the saved line") {
  name_labels();
  Space space;
  const FixtureEntry entry{.name = "all",
                           .proto = IPPROTO_TCP,
                           .src = "2001:db8::9",
                           .dst = "2001:db8:3::1",
                           .sport = 4007,
                           .dport = 80,
                           .status = kBothWays,
                           .state = 3,
                           .mark = 0xdeadbeef,
                           .zone = 65535,
                           .labels = {1, 40},
                           .src_nat = "2001:db8:4::1",
                           .src_nat_port = 1024,
                           .dst_nat = "fd00::80",
                           .dst_nat_port = 8080};
  REQUIRE(space.table().create({&entry, 1}).ok());
  const std::vector<std::string> before = saved_texts(space);
  const std::string saved = save(space);
  REQUIRE(space.table().clear().ok());
  space.load(saved);
  CHECK(difference(before, saved_texts(space)) == "");
  const Entry after = space.entries().front();
  CHECK(after.mark == 0xdeadbeef);
  CHECK(after.zone == 65535);
  CHECK(after.reply.dst == "2001:db8:4::1");
  CHECK(after.reply.dport == 1024);
  CHECK(after.reply.src == "fd00::80");
  CHECK(after.reply.sport == 8080);
  CHECK_FALSE(after.labels.empty());
}

TEST_CASE("loading what is there already changes nothing and is no error") {
  name_labels();
  Space space;
  // Of these the kernel would refuse most, were they sent as they were saved.
  const FixtureEntry entries[] = {fixture_entry("ftp"),     fixture_entry("ftp-data"),
                                  fixture_entry("fixed"),   fixture_entry("src-nat"),
                                  fixture_entry("dst-nat"), fixture_entry("both-nat"),
                                  fixture_entry("dst-nat6")};
  REQUIRE(space.table().create(entries).ok());
  const std::vector<std::string> before = space.texts();
  std::vector<uint32_t> ids_before;
  for (const Entry& entry : space.entries()) ids_before.push_back(entry.id);
  const std::string saved = save(space);
  space.load(saved + saved);
  CHECK(difference(before, space.texts()) == "");
  std::vector<uint32_t> ids;
  for (const Entry& entry : space.entries()) ids.push_back(entry.id);
  CHECK(ids == ids_before);
}

TEST_CASE("loading brings an entry that has changed back to what was saved") {
  name_labels();
  Space space;
  REQUIRE(space.table().create(standard_entries()).ok());
  const std::vector<std::string> before = saved_texts(space);
  const std::string saved = save(space);
  for (const Entry& entry : space.entries())
    if (entry.mark != 0) REQUIRE(space.table().set_mark(entry, 0x1234).ok());
  REQUIRE(saved_texts(space) != before);
  space.load(saved);
  CHECK(difference(before, saved_texts(space)) == "");
}

TEST_CASE("a saved event stream, loaded, makes the table that was watched") {
  name_labels();
  Space watched;
  Child watcher = watched.watch({"-o", "save"});
  REQUIRE(watched.table().create(standard_entries()).ok());
  CHECK(watched.ctwin({"-U", "-f", "ipv6", "-p", "udp", "-m", "77"}).exit_code == 0);
  let_it_catch_up(watcher);
  watcher.send_signal(SIGTERM);
  const Ended ended = watcher.finish(kLimitMs);
  Space copy;
  copy.load(ended.output);
  CHECK(difference(saved_texts(watched), saved_texts(copy)) == "");
}
