// Rules and a packet: a Firewall with everything that it acts upon, and what it said.
//
//   Gate gate;
//   gate.add(TableId::kFilter, Hook::kForward, {.matches = {TcpMatch{}}, .target = accept()});
//   CHECK_EQ(gate.run(TableId::kFilter, Hook::kForward, tcp_packet({}, {})), Verdict::kAccept);
//
// The box has eth0 (10.0.0.254/24, fd01::254/64) and eth1 (10.1.0.254/24, fd02::254/64), and routes
// by eth1 for the rest of the world. Packets come in by eth0 and leave by eth1.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "rules/evaluate.h"
#include "support/packet_builder.h"

// A test names the fields that it is about, and no others.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace ctwin::test {

using namespace rules;
using conntrack::CtInfo;
using conntrack::PacketType;
using conntrack::Skb;

inline Ip from_to(std::string_view src, std::string_view dst) {
  Ip ip;
  ip.src = src;
  ip.dst = dst;
  return ip;
}
inline Ip six(std::vector<ExtensionHeader> extensions = {}) {
  Ip ip = from_to("fd01::1", "fd02::2");
  ip.extensions = std::move(extensions);
  return ip;
}

inline Target accept() { return VerdictTarget{VerdictTarget::Kind::kAccept}; }
inline Target drop() { return VerdictTarget{VerdictTarget::Kind::kDrop}; }
inline Target back() { return VerdictTarget{VerdictTarget::Kind::kReturn}; }
inline Target jump(uint32_t chain) { return ChainTarget{chain, false}; }
inline Target go_to(uint32_t chain) { return ChainTarget{chain, true}; }

inline Rule rule(HeaderMatch header, std::vector<Match> matches, Target target) {
  Rule made;
  made.header = std::move(header);
  made.matches = std::move(matches);
  made.target = std::move(target);
  return made;
}
inline Rule rule(Target target) { return rule({}, {}, std::move(target)); }
inline Rule rule(HeaderMatch header, Target target) {
  return rule(std::move(header), {}, std::move(target));
}
inline Rule rule(Match match, Target target) {
  return rule({}, {std::move(match)}, std::move(target));
}

/// An address under a mask of `bits`, all of them unless given.
inline AddressMatch network(std::string_view text, unsigned bits = 128, bool invert = false) {
  const Address address = parse_address(text);
  const auto most = static_cast<unsigned>(address.size() * 8);
  return {address, prefix_mask(address.family, std::min(bits, most)), invert};
}
inline DeviceMatch device(std::string_view name, bool invert = false) {
  const bool prefix = name.ends_with('+');
  if (prefix) name.remove_suffix(1);
  return {std::string(name), prefix, true, invert};
}

inline HeaderMatch of_proto(uint16_t proto, bool invert = false) {
  HeaderMatch header;
  header.proto = proto;
  header.proto_invert = invert;
  return header;
}
inline HeaderMatch from(AddressMatch address) {
  HeaderMatch header;
  header.source = address;
  return header;
}
inline HeaderMatch towards(AddressMatch address) {
  HeaderMatch header;
  header.destination = address;
  return header;
}
inline HeaderMatch in_by(DeviceMatch device) {
  HeaderMatch header;
  header.in = std::move(device);
  return header;
}
inline HeaderMatch out_by(DeviceMatch device) {
  HeaderMatch header;
  header.out = std::move(device);
  return header;
}
inline HeaderMatch later_fragment(bool invert = false) {
  HeaderMatch header;
  header.fragment = true;
  header.fragment_invert = invert;
  return header;
}

class Gate : private LogSink, private RuleWatcher {
 public:
  conntrack::Settings settings;
  router::Router router;
  Random random{1};
  Ruleset rules;
  uint32_t eth0 = 0, eth1 = 0;
  uint64_t time_ns = 1'000'000'000'000;

  // ---- of the next packets ----
  CtInfo info = CtInfo::kInvalid;  ///< with an entry, unless that is kInvalid or kUntracked
  conntrack::ConnIndex entry = 0;
  uint32_t mark = 0;
  bool traced = false;
  bool forwarded = true;  ///< else it comes in and stays, or is sent from here: one device
  PacketType type = PacketType::kHost;
  Bytes link_header;
  std::optional<uint32_t> captured;  ///< bytes of it, when the capture cut it

  // ---- what happened ----
  std::vector<std::string> lines;  ///< log: KIND prefix IN>OUT
  std::vector<std::string> seen;   ///< what the watcher was told
  Skb skb;                         ///< the last packet, as it came out
  Bytes bytes;                     ///< its bytes

  explicit Gate(uint8_t family = AF_INET) {
    rules.family = family;
    eth0 = router.interfaces().find_or_add("eth0");
    eth1 = router.interfaces().find_or_add("eth1");
    add_address(eth0, "10.0.0.254", 24);
    add_address(eth1, "10.1.0.254", 24);
    add_address(eth0, "fd01::254", 64);
    add_address(eth1, "fd02::254", 64);
    add_route("0.0.0.0", "10.1.0.1");
    add_route("::", "fd02::1");
  }

  void add_address(uint32_t to, std::string_view text, uint8_t prefix) {
    router::InterfaceAddress address;
    address.address = address.peer = parse_address(text);
    address.prefix = prefix;
    (void)router.add_address(to, address);
  }
  void add_route(std::string_view network_text, std::string_view gateway, uint8_t prefix = 0) {
    router::RouteEntry route;
    route.network = parse_address(network_text);
    route.prefix = prefix;
    route.route.type = router::RouteType::kUnicast;
    route.route.device = eth1;
    route.route.gateway = parse_address(gateway);
    (void)router.add_route(route, router::Router::AddMode::kAdd);
  }

  // ---- rules ----

  Chain& chain(TableId table, Hook hook) {
    for (Chain& chain : made(table).chains)
      if (chain.built_in && chain.hook == hook) return chain;
    Chain chain;
    chain.name = conntrack::name_of(hook);
    chain.built_in = true;
    chain.hook = hook;
    made(table).chains.push_back(chain);
    return made(table).chains.back();
  }
  /// The number of a new chain of one's own. Built-in chains must have been named before.
  uint32_t add_chain(TableId table, const char* name, std::vector<Rule> chain_rules) {
    Chain chain;
    chain.name = name;
    chain.rules = std::move(chain_rules);
    made(table).chains.push_back(std::move(chain));
    return static_cast<uint32_t>(made(table).chains.size() - 1);
  }
  void add(TableId table, Hook hook, Rule added) {
    chain(table, hook).rules.push_back(std::move(added));
  }

  Firewall& firewall() {
    if (!firewall_) {
      const Firewall::World world{tracker(), nat(), router, random, this, this};
      firewall_ = std::make_unique<Firewall>(rules, world);
    }
    return *firewall_;
  }
  conntrack::Tracker& tracker() {
    if (!tracker_) tracker_ = std::make_unique<conntrack::Tracker>(settings, 1000, 1);
    return *tracker_;
  }
  nat::Nat& nat() {
    if (!nat_) nat_ = std::make_unique<nat::Nat>(tracker());
    return *nat_;
  }
  /// The counters of a rule, as "packets:bytes".
  std::string counted(TableId table, Hook hook, size_t number) {
    for (const Table& each : firewall().rules().tables)
      for (const Chain& chain : each.chains)
        if (each.id == table && chain.built_in && chain.hook == hook) {
          const RuleCounters& counters =
              number < chain.rules.size() ? chain.rules[number].counters : chain.counters;
          return fmt::format("{}:{}", counters.packets, counters.bytes);
        }
    return "no such chain";
  }

  // ---- packets ----

  /// An entry as its first packet makes it; the packet that comes next is one of it.
  conntrack::Conn& track(const BuiltPacket& packet) {
    tracker().advance(time_ns);
    const conntrack::Tracked tracked = tracker().in(packet.view());
    entry = tracked.index;
    info = tracked.info;
    return tracker().table()[entry];
  }
  conntrack::Conn& ct() { return tracker().table()[entry]; }

  Verdict run(TableId table, Hook hook, const BuiltPacket& packet) {
    load(hook, packet);
    tracker().advance(time_ns);
    const Verdict verdict = firewall().run(table, hook, skb);
    bytes.resize(skb.packet.captured);
    return verdict;
  }
  Verdict forward(const BuiltPacket& packet) {
    return run(TableId::kFilter, Hook::kForward, packet);
  }

  /// Does a rule that asks this and nothing else hold? Rules are kept, with what they remember.
  bool holds(const Match& match, const BuiltPacket& packet, Hook hook = Hook::kForward) {
    return rule_holds(rule(match, accept()), packet, hook);
  }
  bool holds(const HeaderMatch& header, const BuiltPacket& packet, Hook hook = Hook::kForward) {
    return rule_holds(rule(header, accept()), packet, hook);
  }

 private:
  Table& made(TableId id) {
    for (Table& table : rules.tables)
      if (table.id == id) return table;
    rules.tables.emplace_back().id = id;
    return rules.tables.back();
  }

  bool rule_holds(const Rule& asked, const BuiltPacket& packet, Hook hook) {
    rules.tables.clear();
    chain(TableId::kMangle, hook).accepts = false;
    add(TableId::kMangle, hook, asked);
    firewall_.reset();
    return run(TableId::kMangle, hook, packet) == Verdict::kAccept;
  }

  void load(Hook hook, const BuiltPacket& packet) {
    constexpr size_t kRoom = 64;
    skb = {};
    bytes = packet.bytes;
    bytes.resize(bytes.size() + kRoom);
    skb.packet = captured ? packet.cut(*captured) : packet.view();
    skb.packet.bytes = skb.data = bytes.data();
    skb.capacity = static_cast<uint32_t>(bytes.size());
    packet::Packet located = skb.packet;
    skb.unparsed = packet::find_transport(located) != packet::ParseResult::kOk;
    skb.cut = skb.unparsed && captured;
    skb.mark = mark;
    skb.traced = traced;
    skb.type = type;
    skb.link_header = link_header;
    skb.ct.index = entry;
    skb.ct.info = info;
    if (hook != Hook::kOutput) skb.in = eth0;
    if (hook == Hook::kForward || hook == Hook::kOutput || hook == Hook::kPostrouting)
      skb.out = eth1;
    if (!forwarded && hook == Hook::kPostrouting) skb.in = 0;
  }

  // ---- LogSink, RuleWatcher ----
  void log(const LogEntry& entry_logged) override {
    static constexpr const char* kKinds[] = {"LOG", "NFLOG", "TRACE", "INVALID"};
    const auto name = [&](uint32_t index) {
      return index == 0 ? "" : router.interfaces().name(index);
    };
    lines.push_back(fmt::format("{} {}{}>{}", kKinds[static_cast<int>(entry_logged.kind)],
                                entry_logged.prefix, name(entry_logged.in),
                                name(entry_logged.out)));
  }
  void passed(TableId table, const Chain& chain, uint32_t number, const Rule* met) override {
    seen.push_back(
        fmt::format("{}:{}:{}:{}", name_of(table), chain.name, number, met ? "rule" : "end"));
  }

  std::unique_ptr<conntrack::Tracker> tracker_;
  std::unique_ptr<nat::Nat> nat_;
  std::unique_ptr<Firewall> firewall_;
};

}  // namespace ctwin::test
