// --netns: the same commands on another namespace's table.
#include <signal.h>
#include <unistd.h>

#include "space.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

/// A namespace with a name that `ip netns` knows, until the object goes.
class NamedNamespace {
 public:
  NamedNamespace() : name_("ctwin-test-" + std::to_string(getpid())) {
    REQUIRE(ip("add").exit_code == 0);
  }
  ~NamedNamespace() { (void)ip("del"); }

  const std::string& name() const { return name_; }

 private:
  Ended ip(const char* action) const {
    auto where = NetworkNamespace::create();
    auto ended =
        run({"/bin/sh", {"sh", "-c", std::string("ip netns ") + action + " " + name_}, {}}, *where);
    return ended ? *ended : Ended{{}, {}, 1};
  }

  std::string name_;
};

/// Uses every way of reading and writing on the namespace that `target` names, from outside of it.
void check_commands(const Space& home, const std::string& target) {
  const auto ctwin = [&](std::vector<std::string> words) {
    words.push_back("--netns");
    words.push_back(target);
    return home.ctwin(words);
  };
  Child watcher = home.watch({"--netns", target});
  CHECK(ctwin({"-I", "-p", "udp", "-t", "60", "-s", "10.0.0.1", "-d", "10.0.0.2", "--sport", "1",
               "--dport", "2"})
            .exit_code == 0);
  CHECK(ctwin({"-U", "-p", "udp", "-m", "5"}).exit_code == 0);
  CHECK(ctwin({"-C"}).output == "1\n");
  CHECK(ctwin({"-L"}).output.find(" mark=5 ") != std::string::npos);
  CHECK(home.ctwin({"-C"}).output == "0\n");
  CHECK(ctwin({"-D"}).exit_code == 0);
  CHECK(ctwin({"-C"}).output == "0\n");
  const Ended ended = stop(watcher, SIGINT);
  CHECK(lines_of(ended.output).size() == 3);
  CHECK(ended.exit_code == 0);
  CHECK(ended.errors == prefix() + "3 flow events have been shown.\n");
}

}  // namespace

TEST_CASE("a namespace can be named as ip-netns(8) does") {
  const Space home;
  const NamedNamespace other;
  check_commands(home, other.name());
  check_commands(home, "/run/netns/" + other.name());
}

TEST_CASE("a namespace can be that of a process, by its number or by its path") {
  const Space home;
  const Space other;
  const Child resident = other.start_shell("exec sleep 1000");
  const std::string number = std::to_string(resident.pid());
  REQUIRE(comes_true([&] { return read_text("/proc/" + number + "/comm") == "sleep\n"; }));
  check_commands(home, number);
  check_commands(home, "/proc/" + number + "/ns/net");
}

TEST_CASE("a namespace that cannot be entered is an error that names it") {
  const Space home;
  const std::string file = write_file("no-namespace", "");
  struct Case {
    std::string target;
    std::string message;
  };
  const Case cases[] = {
      {"no-such-name",
       "cannot open network namespace 'no-such-name' (/run/netns/no-such-name): No such file or "
       "directory"},
      {"4194305",
       "cannot open network namespace '4194305' (/proc/4194305/ns/net): No such file or directory"},
      {file, "cannot enter network namespace '" + file + "' (" + file + "): Invalid argument"},
      {"/proc/self/ns/mnt",
       "cannot enter network namespace '/proc/self/ns/mnt' (/proc/self/ns/mnt): Invalid argument"},
      {"", "the name of the network namespace is empty"}};
  for (const Case& one : cases) {
    CAPTURE(one.target);
    const Ended ended = home.ctwin({"-F", "--netns", one.target});
    CHECK(ended.exit_code == 1);
    CHECK(ended.output.empty());
    CHECK(ended.errors == prefix() + one.message + "\n");
  }
}
