// iptables' command line: what it means, and what is said to mistakes.
#include <doctest/doctest.h>

#include "text.h"

using namespace ctwin;
using namespace ctwin::rules;
using namespace ctwin::test;

namespace {

/// The rule that one command makes, as it is saved.
std::string rule_of(std::string_view text, uint8_t family = AF_INET) {
  Typist box(family);
  box.must(text);
  return box.saved_rules();
}

std::string mistake_of(std::string_view text, uint8_t family = AF_INET) {
  return Typist(family).type(text);
}

/// Is that the place and the beginning of what is wrong?
bool says(std::string_view text, std::string_view expected, uint8_t family = AF_INET) {
  const std::string found = mistake_of(text, family);
  INFO(text, " -> ", found);
  CHECK(found.find('\n') == std::string::npos);
  CHECK(found.starts_with(expected));
  return found.starts_with(expected);
}

}  // namespace

TEST_CASE("options may be abbreviated, joined and inverted as getopt_long allows") {
  CHECK(rule_of("--append INPUT --proto tcp --dst 10.0.0.1 --jump ACCEPT") ==
        "-A INPUT -d 10.0.0.1/32 -p tcp -j ACCEPT\n");
  CHECK(rule_of("-tfilter -AINPUT -ptcp --dport=80 -jDROP") ==
        "-A INPUT -p tcp -m tcp --dport 80 -j DROP\n");
  CHECK(rule_of("-A INPUT ! -s 10.0.0.0/8 ! -i eth+ ! -p udp -j ACCEPT") ==
        "-A INPUT ! -s 10.0.0.0/8 ! -i eth+ ! -p udp -j ACCEPT\n");
  CHECK(rule_of("-w 5 -t nat -A POSTROUTING -o eth0 -j MASQUERADE") ==
        "-A POSTROUTING -o eth0 -j MASQUERADE\n");
  CHECK(rule_of("--wait -A INPUT -v -j ACCEPT") == "-A INPUT -j ACCEPT\n");
}

TEST_CASE("addresses are networks; lists make a rule for each pair, in order") {
  CHECK(rule_of("-A INPUT -s 10.1.2.3/24") == "-A INPUT -s 10.1.2.0/24\n");
  CHECK(rule_of("-A INPUT -s 10.1.2.3/255.255.0.0") == "-A INPUT -s 10.1.0.0/16\n");
  CHECK(rule_of("-A INPUT -s 10.1.2.3/255.0.255.0") == "-A INPUT -s 10.0.2.0/255.0.255.0\n");
  CHECK(rule_of("-A INPUT -s 10.1 -d 0/0") == "-A INPUT -s 10.1.0.0/32\n");
  CHECK(rule_of("-A INPUT -s 1.1.1.1,2.2.2.2 -d 3.3.3.3,4.4.4.4") ==
        "-A INPUT -s 1.1.1.1/32 -d 3.3.3.3/32\n-A INPUT -s 1.1.1.1/32 -d 4.4.4.4/32\n"
        "-A INPUT -s 2.2.2.2/32 -d 3.3.3.3/32\n-A INPUT -s 2.2.2.2/32 -d 4.4.4.4/32\n");
  CHECK(rule_of("-I INPUT -s 1.1.1.1,2.2.2.2") ==
        "-A INPUT -s 2.2.2.2/32\n-A INPUT -s 1.1.1.1/32\n");
  CHECK(rule_of("-A INPUT -s fd01::1/64 ! -d ::", AF_INET6) ==
        "-A INPUT -s fd01::/64 ! -d ::/128\n");
}

TEST_CASE("a protocol brings its match when its options come") {
  CHECK(rule_of("-A INPUT -p tcp") == "-A INPUT -p tcp\n");
  CHECK(rule_of("-A INPUT -p 6 --syn") ==
        "-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN\n");
  CHECK(rule_of("-A INPUT -p tcp -m state --state NEW --dport 22") ==
        "-A INPUT -p tcp -m state --state NEW -m tcp --dport 22\n");
  CHECK(rule_of("-A INPUT -p icmp --icmp-type ping") == "-A INPUT -p icmp -m icmp --icmp-type 8\n");
  CHECK(rule_of("-A INPUT -p icmpv6 --icmpv6-type no-route", AF_INET6) ==
        "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 1/0\n");
}

TEST_CASE("of two matches of one name the later takes the options") {
  CHECK(rule_of("-A INPUT -m mark --mark 1 -m mark ! --mark 2/3") ==
        "-A INPUT -m mark --mark 0x1 -m mark ! --mark 0x2/0x3\n");
}

TEST_CASE("rules are inserted, replaced and deleted by number and by what they say") {
  Typist box;
  box.must("-A INPUT -p tcp -j ACCEPT");
  box.must("-I INPUT -p udp -j ACCEPT");
  box.must("-I INPUT 2 -p icmp -j ACCEPT");
  CHECK(box.saved_rules() ==
        "-A INPUT -p udp -j ACCEPT\n-A INPUT -p icmp -j ACCEPT\n-A INPUT -p tcp -j ACCEPT\n");
  box.must("-R INPUT 2 -p gre -j DROP");
  box.must("-C INPUT -p gre -j DROP");
  box.must("-D INPUT 1");
  box.must("-D INPUT -p tcp -j ACCEPT");
  CHECK(box.saved_rules() == "-A INPUT -p gre -j DROP\n");
  CHECK(box.type("-D INPUT 2") == "10: Index of deletion too big: the chain has 1 rules");
  CHECK(box.type("-I INPUT 3 -p tcp") == "10: Index of insertion too big: the chain has 1 rules");
  CHECK(box.type("-R INPUT 2 -p tcp") == "10: Index of replacement too big: the chain has 1 rules");
  CHECK(box.type("-D INPUT -p gre") == "1: Bad rule (does a matching rule exist in that chain?)");
  CHECK(box.type("-D INPUT -s 1.1.1.1,2.2.2.2").starts_with("1: Bad rule"));
}

TEST_CASE("chains are made, renamed, jumped to and removed") {
  Typist box;
  box.must("-N first");
  box.must("-N second");
  box.must("-N third");
  box.must("-A INPUT -j third");
  box.must("-A second -g first");
  CHECK(box.type("-X third") == "4: Can't delete chain with references left: \"third\"");
  CHECK(box.type("-X second") == "4: Chain is not empty: \"second\"");
  CHECK(box.type("-X INPUT") == "4: Can't delete built-in chain: \"INPUT\"");
  CHECK(box.type("-X none") == "4: No chain/target/match by that name: \"none\"");
  CHECK(box.type("-N first") == "4: Chain already exists: \"first\"");
  CHECK(box.type("-E first second") == "10: File exists: \"second\"");
  box.must("-E third 3rd");
  box.must("-F second");
  box.must("-X first");
  CHECK(box.saved_rules() == "-A INPUT -j 3rd\n");
  CHECK(box.type("-A INPUT -j first") == "13: No chain/target/match by that name: \"first\"");
  CHECK(box.type("-A INPUT -g first") == "13: goto: not a chain: \"first\"");
  box.must("-F");
  box.must("-X");
  CHECK(box.rules.find(TableId::kFilter)->chains.size() == 3);
}

TEST_CASE("policies and counters are set and cleared") {
  Typist box;
  box.must("-P FORWARD DROP -c 7 8");
  box.must("-A FORWARD -p tcp -c 1 2 -j ACCEPT");
  CHECK(save(box.rules) ==
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [7:8]\n:OUTPUT ACCEPT [0:0]\n"
        "[1:2] -A FORWARD -p tcp -j ACCEPT\nCOMMIT\n");
  box.must("-Z FORWARD");
  CHECK(save(box.rules) ==
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "[0:0] -A FORWARD -p tcp -j ACCEPT\nCOMMIT\n");
  CHECK(box.type("-P FORWARD REJECT") == "12: Bad policy name, ACCEPT or DROP: \"REJECT\"");
  CHECK(box.type("-P nothing DROP") == "4: Bad built-in chain name: \"nothing\"");
}

TEST_CASE("a command that fails changes nothing, and leaves no table behind") {
  Typist box;
  box.must("-A INPUT -p tcp");
  const std::string before = save(box.rules);
  CHECK(box.type("-t nat -A POSTROUTING -j nowhere") != "");
  CHECK(box.type("-t nat -A PREROUTING -j MASQUERADE") != "");
  CHECK(box.type("-A INPUT -s 1.1.1.1,2.2.2.2 -j nowhere") != "");
  CHECK(box.type("-D INPUT -s 1.1.1.1 -p tcp") != "");
  CHECK(save(box.rules) == before);
}

TEST_CASE("the column is that of the word that is wrong") {
  CHECK(says("-A INPUT -p tcp --dport 99999", "25: invalid port/service `99999' specified"));
  CHECK(says("-A INPUT -p tcp --dport=99999", "25: invalid port/service `99999' specified"));
  CHECK(says("-A INPUT --nosuch 5", "10: unknown option \"--nosuch\""));
  CHECK(says("-A INPUT --dport 80", "10: unknown option \"--dport\""));
  CHECK(says("-A INPUT -y", "10: unknown option \"-y\""));
  CHECK(says("-A INPUT -p", "10: option \"-p\" requires an argument"));
  CHECK(says("-A INPUT -s 1.2.3.4/33", "13: invalid mask `33' specified"));
  CHECK(says("-A INPUT -s www.example.org",
             "13: host/network `www.example.org' not found: only addresses in numbers"));
  CHECK(says("-A INPUT -s fd01::1", "13: \"fd01::1\" is no IPv4 address"));
  CHECK(says("-A INPUT -s 10.0.0.1", "13: \"10.0.0.1\" is no IPv6 address", AF_INET6));
  CHECK(says("-A INPUT foo", "10: Bad argument `foo'"));
  CHECK(says("-A INPUT -s ! 1.2.3.4", "15: Bad argument `1.2.3.4'"));
  CHECK(says("-A INPUT ! -j ACCEPT", "10: cannot have ! before -j"));
  CHECK(says("-A INPUT ! ! -p tcp", "12: multiple consecutive ! not allowed"));
  CHECK(says("-A INPUT !", "10: nothing appropriate following !"));
  CHECK(says("-p tcp", "7: no command specified"));
  CHECK(says("-A INPUT -D INPUT", "10: Cannot use -D with -A"));
  CHECK(says("-t nope -A INPUT", "4: can't initialize table `nope': Table does not exist"));
  CHECK(says("-A INPUT -p nosuch", "13: unknown protocol \"nosuch\" specified"));
  CHECK(says("-A INPUT -i abcdefghijklmnop", "13: interface name `abcdefghijklmnop' must be"));
  CHECK(says("-A INPUT -o eth0", "10: Can't use -o with INPUT"));
  CHECK(says("-t nat -A POSTROUTING -i eth0", "23: Can't use -i with POSTROUTING"));
  CHECK(says("-A INPUT -p tcp -p udp", "17: multiple -p flags not allowed"));
  CHECK(says("-D INPUT 1 -p tcp", "12: Illegal option `-p' with this command"));
  CHECK(says("-N LOG", "4: chain name may not clash with target name: \"LOG\""));
  CHECK(says("-N abcdefghijklmnopqrstuvwxyz123", "4: chain name"));
  CHECK(says("-A INPUT -f", "10: `-f' is not supported in IPv6", AF_INET6));
}

TEST_CASE("what iptables has and we have not is refused by its name") {
  CHECK(says("-A INPUT -m set --match-set a src", "13: -m: not supported: \"set\"; supported: "));
  CHECK(says("-A INPUT -m nosuch", "13: couldn't load match \"nosuch\"; supported: addrtype"));
  CHECK(
      says("-t mangle -A PREROUTING -j TPROXY", "28: -j: not supported: \"TPROXY\"; supported: "));
  CHECK(says("-A INPUT -p dccp --dport 80", "18: --dport is not supported with -p dccp"));
  CHECK(says("-t raw -A PREROUTING -j CT --timeout x", "28: CT: --timeout is not supported"));
  CHECK(says("-t mangle -A INPUT -j CONNMARK --left-shift-mark 5",
             "32: CONNMARK: --left-shift-mark is not supported"));
  CHECK(says("-A INPUT -m rt --rt-type 0 --rt-0-res", "28: rt: --rt-0-res is not supported",
             AF_INET6));
  CHECK(says("-A INPUT -m ttl --ttl-eq 5", "13: ip6tables has no match \"ttl\"", AF_INET6));
  CHECK(says("-t mangle -A INPUT -j HL --hl-set 5", "23: iptables has no target \"HL\""));
  CHECK(says("-L", "1: -L prints rules: it has no place here"));
}

TEST_CASE("options of matches say once, with and without what they stand") {
  CHECK(
      says("-A INPUT -p tcp --dport 1 --dport 2", "27: tcp: option \"--dport\" can only be used"));
  CHECK(says("-A INPUT -m limit ! --limit 5", "19: limit: option \"--limit\" cannot be inverted"));
  CHECK(says("-A INPUT -m mark", "13: mark: option \"--mark\" must be specified"));
  CHECK(says("-A INPUT -m recent --set --rcheck", "13: recent: option \"--set\" cannot be used"));
  CHECK(says("-A INPUT -m recent --rcheck --reap", "13: recent: option \"--reap\" also requires"));
  CHECK(
      says("-A INPUT -m statistic --mode nth --every 3 --packet 3", "13: the --packet p must be"));
  CHECK(says("-A INPUT -m limit --limit 10001/second", "27: Rate too fast \"10001/second\""));
  CHECK(says("-A INPUT -p tcp --tcp-flags SYN", "29: --tcp-flags requires two args"));
  CHECK(says("-A INPUT -p icmp --icmp-type echo", "30: Ambiguous ICMP type `echo'"));
  CHECK(
      says("-A INPUT -m connlabel --label 128", "31: label '128' is 128, and the last one is 127"));
  CHECK(says("-A INPUT -m multiport --dports 80 -p tcp", "32: multiport needs `-p tcp'"));
}

TEST_CASE("options of targets look at what stands left of them") {
  CHECK(says("-t nat -A PREROUTING -j DNAT --to 1.2.3.4:80 -p tcp",
             "35: Need TCP, UDP, SCTP or DCCP with port specification"));
  CHECK(says("-t nat -A PREROUTING -p tcp -j DNAT --to 1.2.3.4:90-80",
             "42: Port range `90-80' funky"));
  CHECK(says("-t nat -A PREROUTING -j DNAT --to 1.2.3", "35: Bad IP address \"1.2.3\""));
  CHECK(
      says("-t nat -A PREROUTING -j DROP", "25: The \"nat\" table is not intended for filtering"));
  CHECK(rule_of("-t nat -A PREROUTING -p tcp -j DNAT --to 1.2.3.4-1.2.3.9:80-90/1000") ==
        "-A PREROUTING -p tcp -j DNAT --to-destination 1.2.3.4-1.2.3.9:80-90/1000\n");
  CHECK(rule_of("-t nat -A PREROUTING -p udp -j DNAT --to [fd01::1]:53", AF_INET6) ==
        "-A PREROUTING -p udp -j DNAT --to-destination [fd01::1]:53\n");
}

TEST_CASE("what the kernel would refuse of the rule alone is refused at the word") {
  CHECK(
      says("-t nat -A PREROUTING -j MASQUERADE",
           "25: MASQUERADE target: used from hooks PREROUTING, but only usable from POSTROUTING"));
  CHECK(
      says("-A INPUT -j MASQUERADE", "13: MASQUERADE target: only valid in nat table, not filter"));
  CHECK(says("-A INPUT -p udp -j REJECT --reject-with tcp-reset", "20: Invalid argument: REJECT"));
  CHECK(says("-A INPUT -m tcp --dport 80", "13: tcp match: only valid for protocol 6"));
  CHECK(
      says("-A FORWARD -p tcp -j TCPMSS --clamp-mss-to-pmtu", "22: TCPMSS target: Only works on"));
  CHECK(says("-A OUTPUT -m mac --mac-source 0:1:2:3:4:5", "14: mac match: used from hooks OUTPUT"));
  CHECK(says("-t raw -A OUTPUT -p tcp -j CT --helper nope", "28: CT target: No such helper"));
  CHECK(says("-A INPUT -m limit --limit-burst 0", "13: Numerical result out of range: limit"));
}
