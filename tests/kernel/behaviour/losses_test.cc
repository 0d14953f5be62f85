// The socket's buffer, and what is said of events that did not fit in it.
#include <signal.h>
#include <sys/socket.h>

#include "space.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

constexpr std::string_view kOverrun =
    "WARNING: We have hit ENOBUFS! We are losing events.\n"
    "This message means that the current netlink socket buffer size is too small.\n"
    "Please, check --buffer-size in conntrack(8) manpage.\n";

/// What -b has to say.
std::string notice(int bytes) {
  return "NOTICE: Netlink socket buffer size has been set to " + std::to_string(bytes) +
         " bytes.\n";
}

/// The number in front of `what`, 0 if it is not said.
unsigned long number_before(const std::string& text, const std::string& what) {
  for (const std::string& line : lines_of(text))
    if (line.starts_with(prefix()) && line.ends_with(" " + what))
      return std::stoul(line.substr(prefix().size()));
  return 0;
}

}  // namespace

TEST_CASE("-b sets the buffer of the socket that events come in by") {
  const Space space;
  for (const char* bytes : {"100000", "30000000", "4096"}) {
    CAPTURE(bytes);
    Child watcher = space.watch({"-b", bytes});
    let_it_catch_up(watcher);
    const int size = receive_buffer(event_socket(watcher));
    CHECK(size == 2 * std::stoi(bytes));
    const Ended ended = stop(watcher, SIGINT);
    CHECK(ended.errors == notice(size) + prefix() + "0 flow events have been shown.\n");
  }
}

TEST_CASE("the default buffer is far beyond the system's, and is not talked about") {
  const Space space;
  Child watcher = space.watch({});
  let_it_catch_up(watcher);
  CHECK(receive_buffer(event_socket(watcher)) >= 100'000'000);
  CHECK(stop(watcher, SIGINT).errors == prefix() + "0 flow events have been shown.\n");
}

TEST_CASE("events that do not fit in the buffer are announced, counted, and not the end") {
  constexpr unsigned kBurst = 5000;
  const Space space;
  Child watcher = space.watch({"-b", "20000", "--no-resync"});
  let_it_catch_up(watcher);
  const int size = receive_buffer(event_socket(watcher));
  suspend(watcher);
  std::string lines;
  for (unsigned i = 0; i < kBurst; ++i) lines += udp_line("-I", i);
  space.load(lines);
  watcher.send_signal(SIGCONT);
  let_it_catch_up(watcher);
  space.load(udp_line("-I", kBurst));
  const Ended ended = stop(watcher, SIGINT);
  CHECK(ended.exit_code == 0);
  CHECK(ended.errors.starts_with(notice(size) + std::string(kOverrun)));
  const unsigned long shown = number_before(ended.errors, "flow events have been shown.");
  const unsigned long lost = number_before(ended.errors, "events have been lost.");
  CHECK(lost > 0);
  CHECK(shown + lost == kBurst + 1);
  const std::vector<std::string> printed = lines_of(ended.output);
  CHECK(printed.size() == shown);
  REQUIRE_FALSE(printed.empty());
  CHECK(printed.front().find(udp_tuple(0)) != std::string::npos);
  CHECK(printed.back().find(udp_tuple(kBurst)) != std::string::npos);
}

TEST_CASE("lost events of expectations are no end either") {
  constexpr unsigned kBurst = 1000;
  Space space;
  // By default an entry has events only if someone listened to entries when it was made.
  REQUIRE(space.where().set_sysctl("net/netfilter/nf_conntrack_events", "1").ok());
  FixtureEntry master = fixture_entry("ftp");
  REQUIRE(space.table().create({&master, 1}).ok());
  // An expectation makes the one before it go, which is an event too.
  const auto expect = [&](unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      const FixtureExpectation expectation{"ftp", static_cast<uint16_t>(20000 + i)};
      REQUIRE(space.table().create_expectations({&expectation, 1}).ok());
    }
  };
  Child watcher = space.watch({"expect"});
  let_it_catch_up(watcher);
  const int small = 4096;
  REQUIRE(setsockopt(event_socket(watcher).get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small) ==
          0);
  suspend(watcher);
  expect(kBurst);
  watcher.send_signal(SIGCONT);
  let_it_catch_up(watcher);
  expect(1);
  const Ended ended = stop(watcher, SIGINT);
  CHECK(ended.exit_code == 0);
  CHECK(ended.errors.starts_with(kOverrun));
  const unsigned long shown = number_before(ended.errors, "expectation events have been shown.");
  const unsigned long lost = number_before(ended.errors, "events have been lost.");
  CHECK(lost > 0);
  CHECK(shown + lost == 2 * (kBurst + 1) - 1);
  REQUIRE_FALSE(ended.output.empty());
  CHECK(lines_of(ended.output).back().find("dport=20000 ") != std::string::npos);
}
