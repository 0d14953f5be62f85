#include <fmt/format.h>

#include "rules_generator_parts.h"

namespace ctwin::test {

namespace {

bool is_tcp(const RuleNeeds& proto) { return proto.proto == "tcp" && !proto.inverted; }

/// iptables lets ports be mapped of these.
bool maps_ports(const RuleNeeds& proto, const RuleContext& context) {
  return proto.proto == "tcp" || proto.proto == "udp" || proto.proto == "sctp" ||
         proto.proto == "dccp" || (proto.proto == "icmp" && !context.six);
}

std::string reject(Dice& dice, const RuleContext& context, const RuleNeeds& proto) {
  static constexpr const char* kWith[] = {"icmp-net-unreachable",   "icmp-host-unreachable",
                                          "icmp-proto-unreachable", "icmp-port-unreachable",
                                          "icmp-net-prohibited",    "icmp-host-prohibited",
                                          "icmp-admin-prohibited"};
  static constexpr const char* kWith6[] = {"icmp6-no-route",         "icmp6-adm-prohibited",
                                           "icmp6-addr-unreachable", "icmp6-port-unreachable",
                                           "icmp6-policy-fail",      "icmp6-reject-route"};
  if (is_tcp(proto) && dice.chance(1, 2)) return " -j REJECT --reject-with tcp-reset";
  if (dice.chance(1, 4)) return " -j REJECT";
  return fmt::format(" -j REJECT --reject-with {}",
                     context.six ? dice.pick(kWith6) : dice.pick(kWith));
}

std::string log(Dice& dice) {
  static constexpr const char* kPrefixes[] = {" --log-prefix x", " --log-prefix \"a: \"",
                                              " --log-prefix \"[it's] 100% \""};
  static constexpr const char* kFlags[] = {"tcp-sequence", "tcp-options", "ip-options", "uid",
                                           "macdecode"};
  std::string text = " -j LOG";
  if (dice.chance(2, 3)) text += dice.pick(kPrefixes);
  if (dice.chance(1, 4)) text += fmt::format(" --log-level {}", dice.number(8));
  for (const char* flag : kFlags)
    if (dice.chance(1, 4)) text += fmt::format(" --log-{}", flag);
  return text;
}

std::string nflog(Dice& dice) {
  std::string text = " -j NFLOG";
  if (dice.chance(1, 2)) text += fmt::format(" --nflog-group {}", 1 + dice.number(30));
  if (dice.chance(1, 2)) text += " --nflog-prefix \"n f\"";
  if (dice.chance(1, 4)) text += fmt::format(" --nflog-size {}", dice.number(200));
  if (dice.chance(1, 4)) text += fmt::format(" --nflog-threshold {}", dice.number(20));
  return text;
}

std::string mark(Dice& dice) {
  static constexpr const char* kOptions[] = {"set-mark", "set-xmark"};
  static constexpr const char* kPlain[] = {"and-mark", "or-mark", "xor-mark"};
  if (dice.chance(1, 3))
    return fmt::format(" -j MARK --{} {:#x}", dice.pick(kPlain), dice.number(256));
  return fmt::format(" -j MARK --{} {}", dice.pick(kOptions), random_mark(dice));
}

std::string connmark(Dice& dice) {
  switch (dice.number(3)) {
    case 0: {
      static constexpr const char* kOptions[] = {"set-mark", "set-xmark"};
      return fmt::format(" -j CONNMARK --{} {}", dice.pick(kOptions), random_mark(dice));
    }
    case 1: {
      static constexpr const char* kPlain[] = {"and-mark", "or-mark", "xor-mark"};
      return fmt::format(" -j CONNMARK --{} {:#x}", dice.pick(kPlain), dice.number(256));
    }
    default: {
      std::string text =
          dice.chance(1, 2) ? " -j CONNMARK --save-mark" : " -j CONNMARK --restore-mark";
      if (dice.chance(1, 3)) return text + fmt::format(" --mask {:#x}", dice.number(256));
      if (dice.chance(1, 3)) text += fmt::format(" --nfmask {:#x}", dice.number(256));
      if (dice.chance(1, 3)) text += fmt::format(" --ctmask {:#x}", dice.number(256));
      return text;
    }
  }
}

std::string conntrack_template(Dice& dice, const RuleNeeds& proto) {
  static constexpr const char* kZones[] = {"--zone 1",      "--zone 2",       "--zone mark",
                                           "--zone-orig 1", "--zone-reply 2", "--zone-orig mark",
                                           "--zone 65535"};
  static constexpr const char* kEvents[] = {"new", "new,destroy", "assured,reply,mark",
                                            "protoinfo"};
  if (dice.chance(1, 4)) return dice.chance(1, 2) ? " -j CT --notrack" : " -j NOTRACK";
  std::string text = " -j CT";
  if (dice.chance(2, 3)) text += fmt::format(" {}", dice.pick(kZones));
  if (dice.chance(1, 3)) text += fmt::format(" --ctevents {}", dice.pick(kEvents));
  if (dice.chance(1, 8)) text += " --expevents new";
  if (!proto.inverted && dice.chance(1, 3)) {
    if (proto.proto == "tcp") text += " --helper ftp";
    if (proto.proto == "udp") text += " --helper tftp";
  }
  return text;
}

std::string mapped_ports(Dice& dice) {
  static constexpr uint32_t kPorts[] = {1, 80, 1000, 40000};
  const uint32_t first = dice.pick(kPorts);
  if (dice.chance(1, 2)) return std::to_string(first);
  return fmt::format("{}-{}", first, first + dice.number(20));
}

/// SNAT and DNAT: ADDRESS[-ADDRESS][:PORTS]
std::string mapped_to(Dice& dice, const RuleContext& context, const RuleNeeds& proto, bool source) {
  const uint32_t side = source ? 2 : 1 + dice.number(2), host = 1 + dice.number(6);
  const uint32_t more = dice.chance(1, 3) ? 1 + dice.number(4) : 0;
  const auto address = [&](uint32_t number) {
    return context.six ? fmt::format("fd0{}::{:x}", side, number)
                       : fmt::format("10.{}.0.{}", side, number);
  };
  std::string to = address(host);
  if (more != 0) to += "-" + address(host + more);
  if (!maps_ports(proto, context) || !dice.chance(1, 2)) return to;
  if (dice.chance(1, 6)) return ":" + mapped_ports(dice);
  std::string ports = mapped_ports(dice);
  if (!source && ports.find('-') != ports.npos && dice.chance(1, 6)) ports += "/53";
  return context.six ? fmt::format("[{}]:{}", to, ports) : fmt::format("{}:{}", to, ports);
}

std::string lots(Dice& dice, const RuleContext& context, bool fully, bool persistent) {
  std::string text;
  if (context.flavour.draws_lots && dice.chance(1, 8)) text += " --random";
  if (context.flavour.draws_lots && fully && dice.chance(1, 8)) text += " --random-fully";
  if (persistent && dice.chance(1, 6)) text += " --persistent";
  return text;
}

std::string netmap(Dice& dice, const RuleContext& context) {
  static constexpr const char* kNetworks[] = {"10.2.0.0/24", "10.1.0.0/28", "10.2.0.0/30",
                                              "10.2.0.5"};
  static constexpr const char* kNetworks6[] = {"fd02::/64", "fd01::/112", "fd02::/126", "fd02::5"};
  return fmt::format(" -j NETMAP --to {}",
                     context.six ? dice.pick(kNetworks6) : dice.pick(kNetworks));
}

RuleWords nat(Dice& dice, const RuleContext& context, const RuleNeeds& proto) {
  const bool source = context.at("POSTROUTING") || context.at("INPUT");
  RuleWords words;
  words.target_needs_header = true;
  const uint32_t draw = dice.number(10);
  if (draw == 0) {
    words.target = netmap(dice, context);
  } else if (draw < 4 && !context.at("INPUT")) {
    words.target = source ? " -j MASQUERADE" : " -j REDIRECT";
    if (maps_ports(proto, context) && dice.chance(1, 2))
      words.target += " --to-ports " + mapped_ports(dice);
    words.target += lots(dice, context, source, false);
  } else {
    const std::string to = mapped_to(dice, context, proto, source);
    words.target =
        fmt::format(" -j {} {}", source ? "SNAT --to-source" : "DNAT --to-destination", to);
    words.target += lots(dice, context, source, true);
  }
  return words;
}

RuleWords tcp_segment_size(Dice& dice, const RuleContext& context) {
  const bool may_clamp = !context.at("PREROUTING") && !context.at("INPUT");
  RuleWords words;
  words.matches = dice.chance(1, 2) ? " --syn" : " --tcp-flags SYN,RST SYN";
  // Options of a match that was there before would be given twice.
  words.matches = " -m tcp" + words.matches;
  words.target = may_clamp && dice.chance(1, 2)
                     ? std::string(" -j TCPMSS --clamp-mss-to-pmtu")
                     : fmt::format(" -j TCPMSS --set-mss {}", 500 + dice.number(1000));
  return words;
}

}  // namespace

RuleWords random_target(Dice& dice, const RuleContext& context, const RuleNeeds& proto) {
  RuleWords words;
  static constexpr const char* kVerdicts[] = {" -j ACCEPT", " -j ACCEPT", " -j RETURN", " -j DROP"};
  const uint32_t draw = dice.number(20);
  const auto verdict = [&] {
    const std::string_view drawn = dice.pick(kVerdicts);
    words.target = context.table == "nat" && drawn == " -j DROP" ? " -j ACCEPT" : drawn;
  };
  if (context.table == "nat" && draw < 11) return nat(dice, context, proto);
  if (context.table == "raw" && draw < 8) {
    words.target = dice.chance(1, 4) ? " -j TRACE" : conntrack_template(dice, proto);
  } else if (context.table == "mangle" && draw < 5) {
    static constexpr const char* kHow[] = {"set", "inc", "dec"};
    const char* const how = dice.pick(kHow);
    words.target = fmt::format(" -j {} --{}-{} {}", context.six ? "HL" : "TTL",
                               context.six ? "hl" : "ttl", how, 1 + dice.number(100));
    if (dice.chance(1, 6)) words.target = " -j CHECKSUM --checksum-fill";
  } else if (context.table == "filter" && draw < 5) {
    words.target = reject(dice, context, proto);
  } else if (draw < 7) {
    words.target = mark(dice);
  } else if (draw < 9) {
    words.target = connmark(dice);
  } else if (draw < 11) {
    words.target = log(dice);
  } else if (draw < 12) {
    words.target = nflog(dice);
  } else if (draw < 13 && is_tcp(proto)) {
    return tcp_segment_size(dice, context);
  } else if (draw < 18) {
    verdict();
  }
  return words;
}

}  // namespace ctwin::test
