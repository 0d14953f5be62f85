// Blocks of iptables-save: read, and written again.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "text.h"

using namespace ctwin;
using namespace ctwin::rules;
using namespace ctwin::test;

namespace {

std::string read_file(const std::string& name) {
  std::ifstream file(CTWIN_TEST_DATA "/rules/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

Ruleset loaded(std::string_view text, uint8_t family = AF_INET) {
  Ruleset rules;
  rules.family = family;
  const std::string why = load(rules, text);
  REQUIRE_MESSAGE(why.empty(), why);
  return rules;
}

std::string mistake_of(std::string_view text) {
  Ruleset rules;
  return load(rules, text);
}

}  // namespace

TEST_CASE("a block comes out as it went in") {
  const std::string text =
      "*filter\n:INPUT DROP [1:2]\n:FORWARD ACCEPT [3:4]\n:OUTPUT ACCEPT [5:6]\n:user - [0:0]\n"
      "[7:8] -A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 80 -j user\n"
      "[0:0] -A user -m comment --comment \"a \\\"b\\\" c\" -g user2\nCOMMIT\n";
  Ruleset rules;
  CHECK(load(rules, text) == "7:51: goto: not a chain: \"user2\"");
  const std::string fine = text.substr(0, text.find(" -g user2")) + " -j RETURN\nCOMMIT\n";
  CHECK(save(loaded(fine)) == fine);
}

TEST_CASE("user chains are saved by name, tables in the order opposite to that of their coming") {
  CHECK(save(loaded("*nat\nCOMMIT\n*raw\n:b - [0:0]\n:A - [0:0]\n:a - [0:0]\nCOMMIT\n")) ==
        "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:A - [0:0]\n:a - [0:0]\n"
        ":b - [0:0]\nCOMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n"
        ":OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n");
}

TEST_CASE("a block replaces what its table held, and only that") {
  Ruleset rules =
      loaded("*nat\n:x - [0:0]\n-A INPUT -j x\nCOMMIT\n*raw\n-A OUTPUT -j ACCEPT\nCOMMIT\n");
  REQUIRE(load(rules, "*nat\n-A OUTPUT -p tcp -j ACCEPT\nCOMMIT\n") == "");
  CHECK(save(rules) ==
        "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n[0:0] -A OUTPUT -j ACCEPT\nCOMMIT\n"
        "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        ":POSTROUTING ACCEPT [0:0]\n[0:0] -A OUTPUT -p tcp -j ACCEPT\nCOMMIT\n");
}

TEST_CASE("comments, blank lines and rules of the other family are passed over") {
  CHECK(save(loaded("*raw\n# a comment\n\n-A OUTPUT -6 -s fd01::1 -j DROP\n-A OUTPUT -4 -p tcp\n"
                    "COMMIT\n")) ==
        "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n[0:0] -A OUTPUT -p tcp\nCOMMIT\n");
}

TEST_CASE("mistakes in a block name their place") {
  CHECK(mistake_of("*nosuch\n").starts_with("1:1: unable to initialize table 'nosuch'"));
  CHECK(mistake_of("*raw\n*nat\n") == "2:1: COMMIT expected before \"*nat\"");
  CHECK(mistake_of("*raw\n:OUTPUT FOO [0:0]\n").starts_with("2:9: Can't set policy `FOO'"));
  CHECK(mistake_of("*raw\n:x DROP [0:0]\n").starts_with("2:4: Can't set policy `DROP' on `x'"));
  CHECK(mistake_of("*raw\n:OUTPUT DROP [0]\n") ==
        "2:14: invalid policy counters for chain 'OUTPUT'");
  CHECK(mistake_of("*raw\n:OUTPUT\n") == "2:1: a chain needs a policy: ACCEPT, DROP or -");
  CHECK(mistake_of("*raw\n:x - [0:0]\n:x - [0:0]\n") ==
        "3:2: error creating chain 'x': File exists");
  CHECK(mistake_of("*raw\n:DROP - [0:0]\n").starts_with("2:2: chain name may not clash"));
  CHECK(mistake_of("*raw\n[5] -A OUTPUT\n") == "2:1: bad counters \"[5]\"");
  CHECK(mistake_of("*raw\n[5:6] -A OUTPUT -c 1 2\n") == "2:17: multiple -c flags not allowed");
  CHECK(mistake_of("*raw\n[5:6] -F\n") == "2:1: Illegal option `-c' with this command");
  CHECK(mistake_of("*raw\n-t nat -A OUTPUT\n").starts_with("2:1: The -t option cannot be used"));
  CHECK(mistake_of("*raw\n-A OUTPUT -w\n") == "2:11: You cannot use -w in a block");
  CHECK(mistake_of("*raw\n-A OUTPUT -j ACCEPT\n") == "no COMMIT");
}

TEST_CASE(
    "the rules of well-known programs load, pass the kernel's checks and save the same again") {
  const std::pair<const char*, uint8_t> files[] = {
      {"docker.rules", AF_INET},  {"docker6.rules", AF_INET6}, {"kube-proxy.rules", AF_INET},
      {"libvirt.rules", AF_INET}, {"ufw.rules", AF_INET},      {"ufw6.rules", AF_INET6}};
  for (const auto& [program, family] : files) {
    const std::string name = program;  // a structured binding is out of INFO's reach
    INFO(name);
    const std::string text = read_file(name);
    REQUIRE(text.size() > 1000);
    const Ruleset rules = loaded(text, family);
    const auto refused = check_ruleset(rules);
    CHECK_MESSAGE(!refused, (refused ? refused->text : ""));
    // Every rule of the file is there, as it was written.
    const std::string saved = save(rules);
    for (size_t at = 0; (at = text.find("\n-A ", at)) != text.npos; ++at) {
      const std::string rule = text.substr(at + 1, text.find('\n', at + 1) - at);
      CHECK_MESSAGE(saved.find("[0:0] " + rule) != saved.npos, rule);
    }
    CHECK(save(loaded(saved, family)).size() == saved.size());
  }
}

TEST_CASE("values print as iptables prints them") {
  const std::pair<const char*, const char*> rows[] = {
      {"-m limit --limit 61/minute", "-m limit --limit 61/min"},
      {"-m limit --limit 24/day --limit-burst 9", "-m limit --limit 1/hour --limit-burst 9"},
      {"-m connbytes ! --connbytes 5: --connbytes-mode bytes --connbytes-dir both",
       "-m connbytes ! --connbytes 5 --connbytes-mode bytes --connbytes-dir both"},
      {"-m conntrack --ctstate N,EST --ctdir reply",
       "-m conntrack --ctstate NEW,ESTABLISHED --ctdir REPLY"},
      {"-m state --state RELATED,ESTABLISHED", "-m state --state RELATED,ESTABLISHED"},
      {"-m statistic --mode random --probability 0.33333",
       "-m statistic --mode random --probability 0.33332999982"},
      {"-m tos --tos Minimize-Delay", "-m tos --tos 0x10/0x3f"},
      {"-m dscp --dscp-class ef", "-m dscp --dscp 0x2e"},
      {"-m mac --mac-source 0:1:A:b:C:d", "-m mac --mac-source 00:01:0a:0b:0c:0d"},
      {"-m recent --set", "-m recent --set --name DEFAULT --mask 255.255.255.255 --rsource"},
      {"-m addrtype --dst-type local,br", "-m addrtype --dst-type LOCAL,BROADCAST"},
      {"-m connlabel --label 0x10 --set", "-m connlabel --label \"16\" --set"},
      {"-j MARK --and-mark 0xff", "-j MARK --set-xmark 0x0/0xffffff00"},
      {"-j CONNMARK --save-mark --mask 0xf", "-j CONNMARK --save-mark --nfmask 0xf --ctmask 0xf"},
      {"-j REJECT", "-j REJECT --reject-with icmp-port-unreachable"},
      {"-j LOG --log-level error --log-prefix it's --log-uid",
       "-j LOG --log-prefix \"it\\'s\" --log-level 3 --log-uid"},
  };
  for (const auto& [typed, printed] : rows) {
    Typist box;
    box.must(fmt::format("-A INPUT {}", typed));
    CHECK(box.saved_rules() == fmt::format("-A INPUT {}\n", printed));
  }
}
