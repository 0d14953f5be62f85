// What the kernel refuses when a table is loaded: loops, and rules that are reached from hooks
// where they may not be.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "text.h"

using namespace ctwin;
using namespace ctwin::rules;
using namespace ctwin::test;

namespace {

/// "LINE: why", or nothing.
std::string check(std::initializer_list<const char*> lines) {
  Typist box;
  for (const char* line : lines) box.must(line);
  const auto mistake = check_ruleset(box.rules);
  return mistake ? fmt::format("{}: {}", mistake->origin.line, mistake->text) : "";
}

}  // namespace

TEST_CASE("chains that lead back to themselves are refused where a packet could come") {
  CHECK(check({"-N A", "-N B", "-A A -j B", "-A B -p tcp -j A", "-A INPUT -j A"}) ==
        "4: Too many levels of symbolic links: chains of table filter lead back to \"A\"");
  CHECK(check({"-N A", "-A A -g A", "-A INPUT -j A"}).starts_with("2: Too many levels"));
  CHECK(check({"-N A", "-N B", "-A A -j B", "-A B -j A"}) == "");
  // A chain that two ways lead to is no loop.
  CHECK(check({"-N A", "-N B", "-A A -j B", "-A INPUT -j A", "-A INPUT -j B", "-A INPUT -g A"}) ==
        "");
}

TEST_CASE("what stands behind a rule that takes everything is not reached") {
  CHECK(check({"-N A", "-A A -j RETURN", "-A A -j A", "-A INPUT -j A"}) == "");
  CHECK(check({"-N A", "-A A -p tcp -j RETURN", "-A A -j A", "-A INPUT -j A"}) != "");
  CHECK(check({"-N A", "-A A -m comment --comment x -j RETURN", "-A A -j A", "-A INPUT -j A"}) !=
        "");
  // REJECT takes everything, too, but the kernel does not look at that.
  CHECK(check({"-N A", "-A A -j REJECT", "-A A -j A", "-A INPUT -j A"}) != "");
}

TEST_CASE("a user chain's rules must suit every hook that leads to them") {
  CHECK(check({"-t nat -N A", "-t nat -A A -j MASQUERADE", "-t nat -A POSTROUTING -j A"}) == "");
  CHECK(check({"-t nat -N A", "-t nat -A A -j MASQUERADE"}) == "");
  CHECK(check({"-t nat -N A", "-t nat -A A -j MASQUERADE", "-t nat -A OUTPUT -j A",
               "-t nat -A POSTROUTING -j A"}) ==
        "2: MASQUERADE target: used from hooks OUTPUT/POSTROUTING, but only usable from "
        "POSTROUTING");
  CHECK(check({"-t nat -N A", "-t nat -N B", "-t nat -A B -j DNAT --to 1.2.3.4", "-t nat -A A -g B",
               "-t nat -A INPUT -j A"}) ==
        "3: DNAT target: used from hooks INPUT, but only usable from PREROUTING/OUTPUT");
  CHECK(check({"-N A", "-A A -m mac --mac-source 0:0:0:0:0:1", "-A OUTPUT -j A"})
            .starts_with("2: mac match: used from hooks OUTPUT"));
  CHECK(check({"-N A", "-A A -m addrtype --src-type LOCAL --limit-iface-out", "-A INPUT -j A"}) ==
        "2: addrtype match: output interface limitation not valid in PREROUTING and INPUT");
}

TEST_CASE("the rules of a thousand chains are walked once for each hook") {
  Typist box;
  constexpr int kChains = 1000;
  for (int i = 0; i < kChains; ++i) box.must(fmt::format("-N c{}", i));
  // Each leads to the next one twice: followed every time, that would be 2^1000 ways.
  for (int i = 0; i + 1 < kChains; ++i) {
    box.must(fmt::format("-A c{} -p tcp -j c{}", i, i + 1));
    box.must(fmt::format("-A c{} -p udp -j c{}", i, i + 1));
  }
  box.must("-A INPUT -j c0");
  CHECK(!check_ruleset(box.rules));
  box.must(fmt::format("-A c{} -j c0", kChains - 1));
  CHECK(check_ruleset(box.rules));
}
