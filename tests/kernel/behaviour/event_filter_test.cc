// Events that the options of -E refuse: they take no room in its socket, and make no difference.
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>

#include "space.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

constexpr unsigned kBurst = 5000;

std::string range(std::string_view command, unsigned from, unsigned to,
                  std::string_view more = {}) {
  std::string lines;
  for (unsigned i = from; i < to; ++i) lines += udp_line(command, i, more);
  return lines;
}

std::string notice(const Child& watcher) {
  return "NOTICE: Netlink socket buffer size has been set to " +
         std::to_string(receive_buffer(event_socket(watcher))) + " bytes.\n";
}

/// conntrack -E with these words, once it is subscribed, with room for all that happens here.
Child watch_by_conntrack(const Space& space, const std::string& words) {
  Child child = space.start_shell("exec conntrack -E " + words);
  REQUIRE(comes_true([&] { return child.ended() || event_socket(child).get() >= 0; }));
  if (child.ended()) FAIL(child.finish(kLimitMs).errors);
  const int size = 1 << 25;
  REQUIRE(setsockopt(event_socket(child).get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) ==
          0);
  return child;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

/// The lines, but for the name of the program behind an event, which is known while it runs.
std::vector<std::string> lines_without_program(const std::string& output) {
  std::vector<std::string> lines = lines_of(output);
  for (std::string& line : lines) line.resize(std::min(line.find(" progname="), line.size()));
  return lines;
}

/// Entries of both families and of many protocols, zones and marks come, change and go.
std::string many_lives() {
  const std::string v4 = " -t 600 -s 10.0.0.1 -d 192.0.2.1 ";
  const std::string v6 = " -t 600 -s fd00::1 -d 2001:db8::1 ";
  std::string lines;
  for (const std::string& ends : {v4, v6}) {
    lines += "-I -p tcp --state ESTABLISHED -u ASSURED,SEEN_REPLY --sport 1 --dport 443" + ends;
    lines += "\n-I -p tcp --state SYN_SENT -m 5 --sport 2 --dport 53" + ends;
    lines += "\n-I -p udp --sport 1 --dport 53" + ends;
    lines += "\n-I -p udp -m 0x105 --sport 2 --dport 53 -w 3" + ends;
    lines += "\n-I -p udp --sport 3 --dport 53 --orig-zone 3" + ends;
    lines += "\n-I -p udp --sport 4 --dport 53 --reply-zone 3" + ends;
    lines += "\n-I -p gre --srckey 7 --dstkey 8" + ends;
    lines += "\n-I -p 50" + ends + "\n";
  }
  lines += "-I -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 77" + v4;
  lines += "\n-I -p icmpv6 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 78" + v6;
  lines += "\n-I -p tcp --state ESTABLISHED --sport 9 --dport 80 -n 198.51.100.7:5004" + v4;
  lines += "\n-I -p tcp --state ESTABLISHED --sport 9 --dport 81 -g 198.51.100.8" + v4;
  lines += "\n-U -p udp --dport 53 -m 5\n-U -p udp -m 6\n-U -p tcp -u ASSURED,SEEN_REPLY\n";
  return lines + "-D\n-D -f ipv6\n";
}

}  // namespace

TEST_CASE("what the filter refuses takes no room: in a buffer for a few nothing else is lost") {
  const Space space;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"-p", "tcp", "--dport", "443"},
        {"-p", "tcp", "--dport", "443", "--no-resync", "-m", "9"},
        {"--filter", "tcp and dst port 443 and src net 10.99.0.0/16"},
        {"-f", "ipv4", "-w", "3", "-e", "NEW"}}) {
    CAPTURE(words.back());
    std::vector<std::string> all{"-b", "4096"};
    all.insert(all.end(), words.begin(), words.end());
    Child watcher = space.watch(all);
    let_it_catch_up(watcher);
    const std::string said = notice(watcher);
    suspend(watcher);
    space.load(range("-I", 0, kBurst) +
               "-I -p tcp -t 600 --state NONE -s 10.99.0.1 -d 10.0.0.2 --sport 1 --dport 443 -w 3 "
               "-m 9\n" +
               "-D -p udp\n");
    watcher.send_signal(SIGCONT);
    let_it_catch_up(watcher);
    const Ended ended = stop(watcher, SIGINT);
    CHECK(ended.errors == said + prefix() + "1 flow events have been shown.\n");
    CHECK(lines_of(ended.output).size() == 1);
    space.load("-D -p tcp\n");
  }
}

TEST_CASE("a watch with conditions shows what conntrack's shows") {
  const Space space;
  const std::vector<std::string> options = {
      "-p tcp",
      "-p tcp --dport 53",
      "-p udp --dport 53 -f ipv6",
      "-p tcp --state SYN_SENT",
      "-s 10.0.0.1",
      "-s 10.0.0.0/24 -p udp",
      "-d 2001:db8::/32",
      "-r 192.0.2.1 -e DESTROY",
      "-q fd00::1 -p tcp",
      "-p icmp --icmp-type 8 --icmp-id 77",
      "-p icmpv6 --icmpv6-type 128",
      "-p gre --dstkey 8",
      "-p 50",
      "-m 5",
      "-m 0x5/0xff",
      "-w 3",
      "-w 0 -p udp",
      "--orig-zone 3",
      "--reply-zone 0 -p udp",
      "-n",
      "-g 198.51.100.8",
      "-j",
  };
  std::vector<Child> ours, theirs;
  for (const std::string& one : options) {
    ours.push_back(space.watch(split(one)));
    theirs.push_back(watch_by_conntrack(space, one));
  }
  const Ended loaded = space.ctwin({"-R", "-"}, many_lives());
  REQUIRE_MESSAGE(loaded.exit_code == 0, loaded.errors);
  size_t shown = 0;
  for (size_t i = 0; i < options.size(); ++i) {
    CAPTURE(options[i]);
    const Ended we = stop(ours[i], SIGINT);
    const Ended they = stop(theirs[i], SIGINT);
    CHECK(lines_without_program(we.output) == lines_without_program(they.output));
    CHECK_FALSE(we.output.empty());
    shown += lines_of(we.output).size();
  }
  CHECK(shown > options.size());
}

TEST_CASE("an entry that is not what it was when it was shown is not missed behind its end") {
  const Space space;
  Child watcher = space.watch({"-b", "20000", "-m", "1"});
  space.load(udp_line("-I", 1, "-m 1"));
  space.load("-U -s 10.0.0.1 -m 2\n");
  space.load("-D -s 10.0.0.1\n");
  let_it_catch_up(watcher);
  suspend(watcher);
  space.load(range("-I", 2, 2 + kBurst, "-m 1"));
  watcher.send_signal(SIGCONT);
  const Ended ended = stop(watcher, SIGINT);
  CHECK(ended.errors.find("changes have been recovered") != std::string::npos);
  unsigned told = 0;
  for (const std::string& line : lines_of(ended.output))
    told += line.find(udp_tuple(1)) != std::string::npos;
  CHECK(told == 1);
}
