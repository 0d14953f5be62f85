// -D, -U and -L -z while the table changes under them, and on just what they were asked for.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <set>

#include "space.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

constexpr unsigned kMany = 5000;

std::string many(std::string_view command, std::string_view more = {}) {
  std::string lines;
  for (unsigned i = 0; i < kMany; ++i) lines += udp_line(command, i, more);
  return lines;
}

std::string summary(size_t count, std::string_view what) {
  return prefix() + std::to_string(count) + " flow entries have been " + std::string(what) + ".\n";
}

/// A program that has been held up in the middle of its work: it cannot print, and what it has read
/// of the table is old by the time that it goes on.
class HeldUp {
 public:
  HeldUp(const Space& space, const std::string& words)
      : child_(space.start_shell("exec \"$0\" " + words + " >" + reader_.path())) {
    REQUIRE(comes_true([&] { return child_.ended() || sits_in(child_.pid(), SYS_write); }));
    REQUIRE_FALSE(child_.ended());
  }

  void send_signal(int number) const { child_.send_signal(number); }

  Ended go_on() {
    const std::string output = reader_.read_to_end(child_);
    Ended ended = child_.finish(kLimitMs);
    ended.output = output;
    return ended;
  }

 private:
  SlowReader reader_;
  Child child_;
};

std::set<uint32_t> ids(Space& space) {
  std::set<uint32_t> ids;
  for (const Entry& entry : space.entries()) ids.insert(entry.id);
  return ids;
}

void send_udp(int family, const char* from, const char* to) {
  const UniqueFd fd(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto address = [&](const char* text, uint16_t port) {
    sockaddr_storage storage{};
    storage.ss_family = static_cast<sa_family_t>(family);
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v4.sin_port = htons(port);  // at the same place in both
    REQUIRE(inet_pton(family, text,
                      family == AF_INET ? static_cast<void*>(&v4.sin_addr) : &v6.sin6_addr) == 1);
    return storage;
  };
  const sockaddr_storage source = address(from, 5000);
  const sockaddr_storage target = address(to, 5001);
  const socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  REQUIRE(bind(fd.get(), reinterpret_cast<const sockaddr*>(&source), size) == 0);
  REQUIRE(sendto(fd.get(), "12345678", 8, 0, reinterpret_cast<const sockaddr*>(&target), size) ==
          8);
}

/// Four flows with a packet each; nobody answers, but a refusal by ICMP counts with its flow.
void send_packets(const Space& space) {
  space.where().inside([] {
    send_udp(AF_INET, "127.0.0.1", "127.0.0.2");
    send_udp(AF_INET, "127.0.0.3", "127.0.0.5");  // translated to 127.0.0.1
    send_udp(AF_INET6, "::1", "::1");
    send_udp(AF_INET, "127.0.0.4", "127.0.0.2");
  });
}

/// The flows that have no counts any more, by their source.
std::vector<std::string> zeroed(Space& space) {
  std::vector<std::string> sources;
  for (const Entry& entry : space.entries())
    if (entry.orig.packets == 0) sources.push_back(entry.orig.src);
  std::sort(sources.begin(), sources.end());
  return sources;
}

}  // namespace

TEST_CASE("entries that vanish before they can be deleted are no error and are not counted") {
  Space space;
  space.load(many("-I"));
  HeldUp deletion(space, "-D");
  REQUIRE(space.table().clear().ok());
  const Ended ended = deletion.go_on();
  const size_t deleted = lines_of(ended.output).size();
  CHECK(deleted > 0);
  CHECK(deleted < kMany);
  CHECK(ended.errors == summary(deleted, "deleted"));
  CHECK(ended.exit_code == 0);
}

TEST_CASE("a deletion spares an entry that has taken the place of the one that was meant") {
  Space space;
  space.load(many("-I"));
  HeldUp deletion(space, "-D -m 0");
  // Every entry that is still there makes room for one of the same tuple, which the option does
  // not select; the program has read some of the old ones already.
  const std::set<uint32_t> old_ids = ids(space);
  REQUIRE(space.table().clear().ok());
  space.load(many("-I", "-m 1"));
  // The kernel makes an id of an entry's tuple and its place in memory. One that has got the place
  // of its forerunner has its id too.
  size_t look_alikes = 0;
  for (const uint32_t id : ids(space)) look_alikes += old_ids.count(id);
  const Ended ended = deletion.go_on();
  CHECK(ended.exit_code == 0);
  CHECK(ended.errors == summary(lines_of(ended.output).size(), "deleted"));
  CHECK(space.entries().size() >= kMany - look_alikes);
}

TEST_CASE("entries that vanish before they can be updated are no error and are not counted") {
  Space space;
  space.load(many("-I"));
  HeldUp update(space, "-U -p udp -m 1");
  REQUIRE(space.table().clear().ok());
  const Ended ended = update.go_on();
  const size_t updated = lines_of(ended.output).size();
  CHECK(updated > 0);
  CHECK(updated < kMany);
  CHECK(ended.errors == summary(updated, "updated"));
  CHECK(ended.exit_code == 0);
  CHECK(space.entries().empty());
}

TEST_CASE("a signal ends a command early, with a summary of what it has done") {
  struct Case {
    const char* words;
    const char* verb;
  };
  for (const Case one : {Case{"-L", "shown"}, {"-D", "deleted"}, {"-U -p udp -m 1", "updated"}}) {
    CAPTURE(one.words);
    Space space;
    space.load(many("-I"));
    HeldUp command(space, one.words);
    command.send_signal(SIGINT);
    const Ended ended = command.go_on();
    const size_t done = lines_of(ended.output).size();
    CHECK(done > 0);
    CHECK(done < kMany);
    CHECK(ended.errors == summary(done, one.verb));
    CHECK(ended.exit_code == 0);
    const std::vector<Entry> left = space.entries();
    const bool deletes = one.verb == std::string("deleted");
    CHECK(left.size() == (deletes ? kMany - done : kMany));
    const bool updates = one.verb == std::string("updated");
    CHECK(std::count_if(left.begin(), left.end(), [](const Entry& entry) {
            return entry.mark == 1;
          }) == static_cast<long>(updates ? done : 0));
  }
}

TEST_CASE("a deletion goes on to its end when nobody reads what it prints") {
  Space space;
  space.load(many("-I"));
  const Ended ended = space.shell("{ \"$0\" -D; echo \"exit $?\" >&2; } | head -n 1");
  CHECK(lines_of(ended.output).size() == 1);
  CHECK(ended.errors == summary(kMany, "deleted") + "exit 0\n");
  CHECK(space.entries().empty());
}

TEST_CASE("a deletion acts on each family and zone alone") {
  Space space;
  REQUIRE(space.table().create(standard_entries()).ok());
  const auto count = [&](auto condition) {
    const std::vector<Entry> entries = space.entries();
    return static_cast<size_t>(std::count_if(entries.begin(), entries.end(), condition));
  };
  const auto in_zone = [](const Entry& entry) { return entry.zone == 3; };
  const auto is_v6 = [](const Entry& entry) { return entry.family == AF_INET6; };
  const size_t all = space.entries().size();
  const size_t zoned = count(in_zone);
  const size_t v6 = count(is_v6);
  REQUIRE(zoned > 0);
  REQUIRE(v6 > 0);
  CHECK(space.ctwin({"-D", "-w", "3"}).errors == summary(zoned, "deleted"));
  CHECK(count(in_zone) == 0);
  CHECK(space.entries().size() == all - zoned);
  CHECK(space.ctwin({"-D", "-f", "ipv6"}).errors == summary(v6, "deleted"));
  CHECK(count(is_v6) == 0);
  CHECK(space.entries().size() == all - zoned - v6);
}

TEST_CASE("-L -z zeroes the counters of everything, and shows what they were") {
  Space space;
  send_packets(space);
  REQUIRE(zeroed(space).empty());
  const Ended ended = space.ctwin({"-L", "-z"});
  CHECK(ended.errors == summary(4, "shown"));
  CHECK(ended.output.find("packets=0 bytes=0 [UNREPLIED]") == std::string::npos);
  CHECK(zeroed(space).size() == 4);
}

TEST_CASE("-L -z with options zeroes the counters of what it shows and of nothing else") {
  using Names = std::vector<std::string>;
  struct Case {
    std::vector<std::string> options;
    Names sources;
  };
  const Case cases[] = {
      {{"-f", "ipv6"}, {"::1"}}, {{"-f", "ipv4"}, {"127.0.0.1", "127.0.0.3", "127.0.0.4"}},
      {{"-g"}, {"127.0.0.3"}},   {{"-g", "127.0.0.1"}, {"127.0.0.3"}},
      {{"-g", "127.0.0.9"}, {}}, {{"-n"}, {}},
      {{"-j"}, {"127.0.0.3"}}};
  for (const Case& one : cases) {
    CAPTURE(one.options.front());
    Space space;
    send_packets(space);
    std::vector<std::string> words{"-L", "-z"};
    words.insert(words.end(), one.options.begin(), one.options.end());
    const Ended ended = space.ctwin(words);
    CHECK(ended.errors == summary(one.sources.size(), "shown"));
    CHECK(ended.output.find("src=127.0.0.3 dst=127.0.0.5 sport=5000 dport=5001 packets=0") ==
          std::string::npos);
    CHECK(zeroed(space) == one.sources);
  }
}
