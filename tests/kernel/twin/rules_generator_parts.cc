#include "rules_generator_parts.h"

#include <fmt/format.h>

#include <algorithm>

namespace ctwin::test {

std::string random_host(Dice& dice, bool six) {
  const uint32_t side = 1 + dice.number(2), host = dice.number(6);
  return six ? fmt::format("fd0{}::{:x}", side, host) : fmt::format("10.{}.0.{}", side, host);
}

std::string random_network(Dice& dice, bool six, bool holes) {
  static constexpr uint32_t kLengths[] = {0, 1, 7, 8, 16, 23, 24, 29, 30, 31, 32};
  static constexpr uint32_t kLengths6[] = {0, 1, 15, 16, 48, 64, 112, 125, 126, 127, 128};
  static constexpr const char* kMasks[] = {"255.255.255.0", "255.0.0.255", "255.255.0.253"};
  static constexpr const char* kMasks6[] = {"ffff:ffff::", "ffff::1", "ffff::fffd"};
  const std::string host = random_host(dice, six);
  if (dice.chance(1, 3)) return host;
  if (holes && dice.chance(1, 8))
    return fmt::format("{}/{}", host, six ? dice.pick(kMasks6) : dice.pick(kMasks));
  return fmt::format("{}/{}", host, six ? dice.pick(kLengths6) : dice.pick(kLengths));
}

std::string random_port(Dice& dice) {
  static constexpr uint32_t kPorts[] = {0, 1, 2, 53, 80, 1000, 65535};
  return std::to_string(dice.chance(1, 3) ? dice.number(1 << 16) : dice.pick(kPorts));
}

std::string random_ports(Dice& dice, char between) {
  static constexpr uint32_t kEnds[] = {1, 2, 53, 80, 1000, 20000, 65535};
  if (dice.chance(1, 2)) return random_port(dice);
  const uint32_t a = dice.pick(kEnds), b = dice.pick(kEnds);
  return fmt::format("{}{}{}", std::min(a, b), between, std::max(a, b));
}

std::string random_mark(Dice& dice) {
  static constexpr uint32_t kMarks[] = {0, 1, 2, 3, 0xff, 0x10000, 0xffffffff};
  const uint32_t value = dice.chance(1, 6) ? dice.any() : dice.pick(kMarks);
  if (dice.chance(1, 2)) return fmt::format("{:#x}", value);
  const uint32_t mask = dice.pick(kMarks);
  return fmt::format("{}/{:#x}", value, mask);
}

namespace {

const char* no(Dice& dice, uint32_t of = 4) { return dice.chance(1, of) ? " !" : ""; }

std::string addresses(Dice& dice, bool six, const char* option) {
  // A list makes several rules of one, and cannot be inverted.
  if (dice.chance(1, 12)) {
    const std::string a = random_network(dice, six), b = random_network(dice, six);
    return fmt::format(" {} {},{}", option, a, b);
  }
  return fmt::format("{} {} {}", "", option, random_network(dice, six)).substr(0);
}

std::string device(Dice& dice, const char* option) {
  static constexpr const char* kDevices[] = {"tl", "tl",   "tr",  "tr", "t+",
                                             "lo", "eth0", "tr+", "+"};
  return fmt::format("{} {} {}", no(dice), option, dice.pick(kDevices));
}

RuleNeeds random_proto(Dice& dice, const RuleContext& context) {
  static constexpr std::string_view kProtos[] = {"tcp",  "tcp", "tcp",     "udp", "udp", "icmp",
                                                 "sctp", "gre", "udplite", "41",  "dccp"};
  RuleNeeds proto;
  proto.proto = dice.pick(kProtos);
  if (proto.proto == "icmp" && context.six) proto.proto = "icmpv6";
  proto.inverted = dice.chance(1, 6);
  return proto;
}

std::string header_of(Dice& dice, const RuleContext& context, const RuleNeeds& proto) {
  std::string text;
  const bool lists_in_front = dice.chance(1, 2);
  const auto ask = [&](const char* option) {
    std::string address = addresses(dice, context.six, option);
    if (address.find(',') == address.npos && dice.chance(1, 5)) address = " !" + address;
    return address;
  };
  std::string source, destination;
  if (dice.chance(1, 4)) source = ask("-s");
  // One that is inverted cannot stand with a list.
  if (dice.chance(1, 4)) destination = addresses(dice, context.six, "-d");
  if (source.starts_with(" !") && destination.find(',') != destination.npos) source.clear();
  if (lists_in_front) text = source + destination;
  const bool no_out = context.at("PREROUTING") || context.at("INPUT");
  const bool no_in = context.at("POSTROUTING") || context.at("OUTPUT");
  if (dice.chance(1, 5) && !(no_in && !context.user_chain)) text += device(dice, "-i");
  if (dice.chance(1, 5) && !(no_out && !context.user_chain)) text += device(dice, "-o");
  if (!proto.proto.empty())
    text += fmt::format("{} -p {}", proto.inverted ? " !" : "", proto.proto);
  if (!context.six && dice.chance(1, 12)) text += fmt::format("{} -f", no(dice));
  if (!lists_in_front) text += source + destination;
  return text;
}

/// Matches whose options have one name: the one that was named last for the first time would get
/// them all.
bool shares_options(std::string_view matches, std::string_view match) {
  static constexpr std::string_view kNames[] = {" -m connlabel ", " -m recent ", " -m mark ",
                                                " -m connmark "};
  return std::ranges::any_of(kNames, [&](std::string_view name) {
    return matches.find(name) != matches.npos && match.find(name) != match.npos;
  });
}

}  // namespace

RuleWords random_rule(Dice& dice, const RuleContext& context) {
  RuleNeeds proto;
  if (dice.chance(3, 5)) proto = random_proto(dice, context);
  RuleWords rule = random_target(dice, context, proto);
  rule.header = header_of(dice, context, proto);
  std::string matches;
  if (dice.chance(1, 2)) matches += random_protocol_options(dice, context, proto);
  const uint32_t count = dice.chance(1, 2) ? dice.number(4) : 0;
  for (uint32_t i = 0; i < count; ++i) {
    const std::string match = random_match(dice, context, proto);
    if (!shares_options(matches, match)) matches += match;
  }
  rule.matches = matches + rule.matches;
  return rule;
}

}  // namespace ctwin::test
