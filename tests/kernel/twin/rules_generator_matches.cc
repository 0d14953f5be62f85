#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "rules_generator_parts.h"

namespace ctwin::test {

namespace {

const char* no(Dice& dice) { return dice.chance(1, 4) ? " !" : ""; }

std::string number(Dice& dice, const RuleContext& context, uint32_t usual, uint64_t limit) {
  if (!context.flavour.odd || dice.chance(3, 4)) return std::to_string(dice.number(usual));
  const uint64_t kOdd[] = {0, 1, limit - 1, limit, limit + 1};
  const uint64_t value = dice.pick(kOdd);
  return dice.chance(1, 2) ? fmt::format("{}", value) : fmt::format("{:#x}", value);
}

std::string list(Dice& dice, std::initializer_list<const char*> words) {
  std::string text;
  for (const char* word : words)
    if (dice.chance(1, 3)) text += (text.empty() ? "" : ",") + std::string(word);
  return text.empty() ? *words.begin() : text;
}

std::string tcp_flags(Dice& dice) {
  if (dice.chance(1, 2)) return fmt::format("{} --syn", no(dice));
  const std::string mask = list(dice, {"SYN", "ACK", "FIN", "RST", "URG", "PSH"});
  const std::string compare = dice.chance(1, 2) ? list(dice, {"SYN", "ACK", "FIN", "RST"}) : mask;
  return fmt::format("{} --tcp-flags {} {}", no(dice), dice.chance(1, 8) ? "ALL" : mask,
                     dice.chance(1, 8) ? "NONE" : compare);
}

std::string chunk_types(Dice& dice) {
  static constexpr const char* kHow[] = {"all", "any", "only"};
  const char* invert = no(dice);
  const std::string types =
      list(dice, {"DATA", "INIT", "INIT_ACK", "SACK", "HEARTBEAT", "ABORT:T", "SHUTDOWN", "ERROR",
                  "COOKIE_ECHO", "COOKIE_ACK", "SHUTDOWN_COMPLETE:t"});
  return fmt::format("{} --chunk-types {} {}", invert, dice.pick(kHow),
                     dice.chance(1, 8)   ? "ALL"
                     : dice.chance(1, 4) ? types + ",DATA:Be"
                                         : types);
}

std::string ports_of_protocol(Dice& dice, const RuleNeeds& proto) {
  std::string text = dice.chance(1, 2) ? fmt::format(" -m {}", proto.proto) : "";
  if (dice.chance(1, 2)) {
    const char* invert = no(dice);
    text += fmt::format("{} --sport {}", invert, random_ports(dice));
  }
  if (dice.chance(2, 3)) {
    const char* invert = no(dice);
    text += fmt::format("{} --dport {}", invert, random_ports(dice));
  }
  if (proto.proto == "sctp" && dice.chance(1, 2)) text += chunk_types(dice);
  if (proto.proto == "tcp") {
    if (dice.chance(1, 4)) text += tcp_flags(dice);
    if (dice.chance(1, 10))
      text += fmt::format("{} --tcp-option {}", no(dice), 1 + dice.number(10));
  }
  return text;
}

std::string icmp_type(Dice& dice, const RuleContext& context) {
  static constexpr const char* kTypes[] = {
      "any", "8", "0",    "3/1",          "echo-request", "host-unreachable",
      "3",   "5", "11/0", "ttl-exceeded", "13",           "255"};
  static constexpr const char* kTypes6[] = {
      "128", "129", "1/3", "echo-request",          "port-unreachable",
      "1",   "2",   "3/0", "neighbour-solicitation"};
  return fmt::format("{} --icmp{}-type {}", no(dice), context.six ? "v6" : "",
                     context.six ? dice.pick(kTypes6) : dice.pick(kTypes));
}

std::string multiport(Dice& dice) {
  static constexpr const char* kSides[] = {"sports", "dports", "ports", "source-ports",
                                           "destination-ports"};
  static constexpr uint32_t kPorts[] = {1, 2, 53, 80, 1000, 65535};
  std::string text = fmt::format(" -m multiport{}", no(dice));
  text += fmt::format(" --{} ", dice.pick(kSides));
  const uint32_t count = 1 + dice.number(6);
  for (uint32_t i = 0; i < count; ++i) {
    if (i != 0) text += ',';
    if (dice.chance(1, 4)) {
      const uint32_t first = dice.number(1000);
      text += fmt::format("{}:{}", first, first + 1 + dice.number(60000));
    } else {
      text += std::to_string(dice.pick(kPorts));
    }
  }
  return text;
}

std::string conntrack(Dice& dice, const RuleContext& context) {
  std::string text = " -m conntrack";
  const auto add = [&](const std::string& words) { text += no(dice) + words; };
  const auto address = [&](const char* option) {
    return fmt::format(" --{} {}", option, random_network(dice, context.six, false));
  };
  const auto ports = [&](const char* option) {
    return fmt::format(" --{} {}", option, random_ports(dice));
  };
  if (dice.chance(2, 3))
    add(" --ctstate " +
        list(dice, {"NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "SNAT", "DNAT"}));
  static constexpr const char* kProtos[] = {"tcp", "17", "icmp", "132", "0"};
  if (dice.chance(1, 8)) {
    const char* proto = dice.pick(kProtos);
    text += fmt::format("{} --ctproto {}", *proto == '0' ? "" : no(dice), proto);
  }
  if (dice.chance(1, 10)) add(address("ctorigsrc"));
  if (dice.chance(1, 10)) add(address("ctorigdst"));
  if (dice.chance(1, 10)) add(address("ctreplsrc"));
  if (dice.chance(1, 10)) add(address("ctrepldst"));
  if (dice.chance(1, 10)) add(ports("ctorigsrcport"));
  if (dice.chance(1, 10)) add(ports("ctorigdstport"));
  if (dice.chance(1, 10)) add(ports("ctreplsrcport"));
  if (dice.chance(1, 10)) add(ports("ctrepldstport"));
  if (dice.chance(1, 5))
    add(" --ctstatus " + list(dice, {"NONE", "EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"}));
  if (context.flavour.limit && dice.chance(1, 8)) {
    const uint32_t from = dice.number(400);
    add(fmt::format(" --ctexpire {}:{}", from, from + dice.number(500000)));
  }
  if (dice.chance(1, 6)) text += dice.chance(1, 2) ? " --ctdir ORIGINAL" : " --ctdir REPLY";
  return text == " -m conntrack" ? text + " --ctstate NEW" : text;
}

std::string connbytes(Dice& dice, const RuleContext& context) {
  static constexpr const char* kModes[] = {"packets", "bytes", "avgpkt"};
  static constexpr const char* kDirections[] = {"original", "reply", "both"};
  const std::string from = number(dice, context, 4, UINT32_MAX);
  std::string text = fmt::format(" -m connbytes{} --connbytes {}", no(dice), from);
  if (dice.chance(1, 2)) text += fmt::format(":{}", 4 + dice.number(1000));
  text += fmt::format(" --connbytes-mode {}", dice.pick(kModes));
  return text + fmt::format(" --connbytes-dir {}", dice.pick(kDirections));
}

std::string limit(Dice& dice, const RuleContext& context) {
  static constexpr const char* kUnits[] = {"", "/second", "/minute", "/hour", "/sec", "/m", "/h"};
  const uint32_t rate = 1 + dice.number(dice.chance(1, 3) ? 10000 : 20);
  std::string text = fmt::format(" -m limit --limit {}{}", rate, dice.pick(kUnits));
  if (dice.chance(1, 2))
    text += fmt::format(" --limit-burst {}",
                        context.flavour.odd ? dice.number(11000) : 1 + dice.number(30));
  return text;
}

std::string iprange(Dice& dice, const RuleContext& context) {
  std::string text = " -m iprange";
  const auto range = [&](const char* option) {
    const std::string a = random_host(dice, context.six), b = random_host(dice, context.six);
    text += fmt::format("{} --{} {}{}", no(dice), option, a, dice.chance(3, 4) ? "-" + b : "");
  };
  const bool source = dice.chance(1, 2);
  if (source) range("src-range");
  if (!source || dice.chance(1, 3)) range("dst-range");
  return text;
}

std::string addrtype(Dice& dice, const RuleContext& context) {
  std::string text = " -m addrtype";
  const auto types = [&] {
    return context.six ? list(dice, {"LOCAL", "UNICAST", "MULTICAST", "UNREACHABLE", "ANYCAST"})
                       : list(dice, {"LOCAL", "UNICAST", "BROADCAST", "MULTICAST", "UNSPEC",
                                     "BLACKHOLE", "PROHIBIT", "ANYCAST"});
  };
  const bool source = dice.chance(1, 2);
  if (source) text += fmt::format("{} --src-type {}", no(dice), types());
  if (!source || dice.chance(1, 3)) text += fmt::format("{} --dst-type {}", no(dice), types());
  const bool outward = context.at("POSTROUTING") || context.at("OUTPUT");
  const bool inward = context.at("PREROUTING") || context.at("INPUT");
  if (dice.chance(1, 4))
    text += outward || (!inward && dice.chance(1, 2)) ? " --limit-iface-out" : " --limit-iface-in";
  return text;
}

std::string statistic(Dice& dice, const RuleContext& context) {
  if (context.flavour.draws_lots && dice.chance(1, 2))
    return fmt::format(" -m statistic --mode random{} --probability 0.{:09}", no(dice),
                       dice.number(1'000'000'000));
  const uint32_t every = 1 + dice.number(6);
  return fmt::format(" -m statistic --mode nth{} --every {} --packet {}", no(dice), every,
                     dice.number(every));
}

std::string recent(Dice& dice, const RuleContext& context) {
  static constexpr const char* kNames[] = {"", " --name r1", " --name r2"};
  static constexpr const char* kActions[] = {"set", "remove", "rcheck", "update"};
  const std::string_view action = dice.pick(kActions);
  std::string text = fmt::format(" -m recent{} --{}", no(dice), action);
  if (action == "rcheck" || action == "update") {
    const bool seconds = context.flavour.limit && dice.chance(1, 2);
    if (seconds) text += fmt::format(" --seconds {}", 1 + dice.number(100));
    if (seconds && dice.chance(1, 4)) text += " --reap";
    if (dice.chance(1, 2)) text += fmt::format(" --hitcount {}", 1 + dice.number(20));
    if (dice.chance(1, 4)) text += " --rttl";
  }
  text += dice.pick(kNames);
  if (dice.chance(1, 3)) text += dice.chance(1, 2) ? " --rdest" : " --rsource";
  if (dice.chance(1, 6)) text += context.six ? " --mask ffff::" : " --mask 255.255.255.0";
  return text;
}

std::string comment(Dice& dice) {
  static constexpr const char* kTexts[] = {"plain",          "\"two words\"",
                                           "\"a\\\"quote\"", "\"back\\\\slash\"",
                                           "\"it's\"",       "default/kubernetes:https",
                                           "\"!\"",          "-x"};
  return fmt::format(" -m comment --comment {}", dice.pick(kTexts));
}

std::string routing_header(Dice& dice, const RuleContext& context) {
  std::string text = " -m rt";
  if (dice.chance(1, 2)) text += fmt::format("{} --rt-type {}", no(dice), dice.number(5));
  if (dice.chance(1, 2))
    text += fmt::format("{} --rt-segsleft {}:{}", no(dice), dice.number(2), 2 + dice.number(5));
  if (dice.chance(1, 3))
    text += fmt::format("{} --rt-len {}", no(dice), number(dice, context, 40, UINT32_MAX));
  return text;
}

std::string physdev(Dice& dice) {
  static constexpr const char* kWords[] = {"--physdev-in tl", "--physdev-is-in",
                                           "--physdev-is-bridged", "--physdev-in t+"};
  return fmt::format(" -m physdev{} {}", no(dice), dice.pick(kWords));
}

std::string packet_type(Dice& dice) {
  static constexpr const char* kTypes[] = {"unicast", "broadcast", "multicast"};
  return fmt::format(" -m pkttype{} --pkt-type {}", no(dice), dice.pick(kTypes));
}

std::string differentiated_services(Dice& dice) {
  if (dice.chance(1, 2))
    return fmt::format(" -m tos{} --tos {:#x}/{:#x}", no(dice), dice.number(32), dice.number(256));
  static constexpr const char* kClasses[] = {"--dscp 0", "--dscp-class EF", "--dscp 0x2e",
                                             "--dscp-class CS1", "--dscp 4"};
  return fmt::format(" -m dscp{} {}", no(dice), dice.pick(kClasses));
}

std::string ttl(Dice& dice, const RuleContext& context) {
  static constexpr const char* kHow[] = {"eq", "lt", "gt"};
  const std::string_view how = dice.pick(kHow);
  const char* const name = context.six ? "hl" : "ttl";
  return fmt::format(" -m {}{} --{}-{} {}", name, how == "eq" ? no(dice) : "", name, how,
                     number(dice, context, 70, UINT8_MAX));
}

std::string length(Dice& dice, const RuleContext& context) {
  const std::string from = number(dice, context, 100, UINT16_MAX);
  if (dice.chance(1, 3)) return fmt::format(" -m length{} --length {}", no(dice), from);
  return fmt::format(" -m length{} --length {}:{}", no(dice), from, 100 + dice.number(1400));
}

}  // namespace

std::string random_protocol_options(Dice& dice, const RuleContext& context,
                                    const RuleNeeds& proto) {
  if (proto.inverted || proto.proto.empty()) return {};
  if (proto.proto == "tcp" || proto.proto == "udp" || proto.proto == "sctp")
    return ports_of_protocol(dice, proto);
  if (proto.proto == "icmp" || proto.proto == "icmpv6") return icmp_type(dice, context);
  return {};
}

std::string random_match(Dice& dice, const RuleContext& context, const RuleNeeds& proto) {
  const bool has_ports = proto.proto == "tcp" || proto.proto == "udp" || proto.proto == "sctp" ||
                         proto.proto == "dccp" || proto.proto == "udplite";
  switch (dice.number(26)) {
    case 0:
    case 1:
    case 2: return conntrack(dice, context);
    case 3:
    case 4:
      return fmt::format(" -m state{} --state {}", no(dice),
                         list(dice, {"NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"}));
    case 5: return fmt::format(" -m mark{} --mark {}", no(dice), random_mark(dice));
    case 6: return fmt::format(" -m connmark{} --mark {}", no(dice), random_mark(dice));
    case 7:
      return fmt::format(" -m connlabel{} --label {}{}", no(dice),
                         context.flavour.odd ? dice.number(130) : dice.number(128),
                         dice.chance(1, 2) ? " --set" : "");
    case 8: return connbytes(dice, context);
    case 9: return comment(dice);
    case 10: return context.flavour.limit ? limit(dice, context) : std::string();
    case 11: return length(dice, context);
    case 12: return ttl(dice, context);
    case 13: return differentiated_services(dice);
    case 14: return iprange(dice, context);
    case 15:
    case 16: return addrtype(dice, context);
    case 17:
    case 18: return statistic(dice, context);
    case 19:
      if (context.at("POSTROUTING") || context.at("OUTPUT")) return {};
      return fmt::format(" -m mac{} --mac-source 02:00:00:00:00:{:02X}", no(dice),
                         dice.number(256));
    case 20: return packet_type(dice);
    case 21: return context.flavour.recent ? recent(dice, context) : std::string();
    case 22: return context.six ? routing_header(dice, context) : physdev(dice);
    default: return has_ports && !proto.inverted ? multiport(dice) : conntrack(dice, context);
  }
}

}  // namespace ctwin::test
