// ip route add|change|replace|prepend|append|del
#include <algorithm>
#include <cerrno>

#include "router/address_class.h"
#include "setup/ip_objects.h"

namespace ctwin::setup {

namespace {

using router::RouteEntry;
using router::Router;
using router::RouteType;
using router::Scope;

struct TypeName {
  const char* name;
  RouteType type;
};
constexpr TypeName kTypes[] = {
    {"unicast", RouteType::kUnicast},
    {"local", RouteType::kLocal},
    {"broadcast", RouteType::kBroadcast},
    {"blackhole", RouteType::kBlackhole},
    {"unreachable", RouteType::kUnreachable},
    {"prohibit", RouteType::kProhibit},
    {"throw", RouteType::kThrow},
};

/// What `ip route add` says.
struct RouteWords {
  const Word* network = nullptr;
  const Word* via = nullptr;
  const Word* source = nullptr;
  RouteEntry entry;
  uint8_t family = AF_UNSPEC;
  std::optional<Scope> scope;
  std::optional<bool> local_table;
};

void read_gateway(WordReader& words, RouteWords& said) {
  if (words.take_if("inet")) {
    if (said.family == AF_UNSPEC) said.family = AF_INET;
  } else if (words.take_if("inet6") && said.family == AF_UNSPEC) {
    said.family = AF_INET6;
  }
  said.via = words.done() ? nullptr : &words.take();
  if (!said.via) return words.refuse_at(words.end_column(), "the line ends behind 'via'");
  const auto gateway = parse_network(said.via->text, said.family);
  if (!gateway || gateway->prefix_given || !gateway->address.is_set())
    return words.refuse(*said.via, "is not a gateway's address of the route's family");
  said.family = gateway->address.family;
  said.entry.route.gateway = gateway->address;
}

void read_table(WordReader& words, RouteWords& said) {
  const Word& word = words.argument("a table");
  if (words.failed()) return;
  if (word.text == "main" || word.text == "254")
    said.local_table = false;
  else if (word.text == "local" || word.text == "255")
    said.local_table = true;
  else
    words.refuse(word, "is not supported; supported is the table main, local");
}

void read_source(WordReader& words, RouteWords& said) {
  said.source = words.done() ? nullptr : &words.take();
  if (!said.source) return words.refuse_at(words.end_column(), "the line ends behind 'src'");
  const auto source = parse_network(said.source->text, said.family);
  if (!source || source->prefix_given || !source->address.is_set())
    return words.refuse(*said.source, "is not a source address of the route's family");
  said.family = source->address.family;
  said.entry.route.preferred_source = source->address;
}

void read_mtu(WordReader& words, RouteWords& said) {
  said.entry.route.mtu_locked = words.take_if("lock");
  said.entry.route.mtu = words.number("an MTU", UINT16_MAX);
}

/// A keyword with its argument; false when it is none.
bool read_keyword(const IpContext& ip, WordReader& words, RouteWords& said) {
  const std::string_view word = words.peek();
  const auto is = [&](std::string_view whole, std::string_view other = {}) {
    if (word != whole && word != other) return false;
    words.take();
    return true;
  };
  if (is("via"))
    read_gateway(words, said);
  else if (is("dev", "oif"))
    said.entry.route.device = read_device(ip, words);
  else if (is("src"))
    read_source(words, said);
  else if (is("metric", "priority") || is("preference"))
    said.entry.metric = words.number("a metric", UINT32_MAX);
  else if (is("mtu"))
    read_mtu(words, said);
  else if (is("scope"))
    said.scope = read_scope(words);
  else if (is("proto", "protocol"))
    words.argument("a protocol");
  else if (is("table"))
    read_table(words, said);
  else if (is("onlink"))
    said.entry.onlink = true;
  else
    return false;
  return true;
}

void read_network(WordReader& words, RouteWords& said) {
  words.take_if("to");
  for (const TypeName& type : kTypes)
    if (words.take_if(type.name)) said.entry.route.type = type.type;
  const Word& word = words.argument("a network");
  if (words.failed()) return;
  if (said.network)
    return words.refuse(word,
                        "is not supported; supported is via, dev, src, metric, mtu, scope, "
                        "proto, table main|local, onlink");
  const auto network = parse_network(word.text, said.family);
  if (!network)
    return words.refuse(word,
                        "is neither a network nor a type of route; supported is NETWORK/BITS, "
                        "default, and local, broadcast, blackhole, unreachable, prohibit, throw");
  said.network = &word;
  if (network->address.is_set()) said.family = network->address.family;
  said.entry.network = network->address;
  said.entry.prefix = network->prefix;
}

/// What follows from the rest when it is not said.
void complete(RouteWords& said, bool removes) {
  RouteEntry& entry = said.entry;
  RouteType& type = entry.route.type;
  if (said.family == AF_UNSPEC) said.family = AF_INET;
  entry.network.family = said.family;
  if (type == RouteType::kUnspec && !removes) type = RouteType::kUnicast;
  const bool locally = type == RouteType::kLocal || type == RouteType::kBroadcast;
  entry.in_local_table = said.local_table.value_or(locally);
  if (said.scope)
    entry.route.scope = *said.scope;
  else if (type == RouteType::kLocal)
    entry.route.scope = Scope::kHost;
  else if (type == RouteType::kBroadcast)
    entry.route.scope = Scope::kLink;
  else if (type == RouteType::kUnicast && !entry.route.gateway.is_set())
    entry.route.scope = Scope::kLink;
}

/// Which word to show for what the router says.
const Word& culprit(const RouteWords& said, std::string_view reason) {
  const auto about = [&](std::string_view what) { return reason.find(what) != reason.npos; };
  if (said.via && (about("ateway") || about("No route") || about("Egress"))) return *said.via;
  if (said.source && (about("prefsrc") || about("source"))) return *said.source;
  return *said.network;
}

void modify(const IpContext& ip, WordReader& words, std::optional<Router::AddMode> mode) {
  RouteWords said;
  said.family = ip.family;
  while (!words.done())
    if (!read_keyword(ip, words, said)) read_network(words, said);
  if (words.failed()) return;
  if (!said.network) return words.refuse_at(words.end_column(), "a network is missing");
  complete(said, !mode);
  if (said.entry.route.type == RouteType::kBroadcast && said.family == AF_INET6)
    return words.refuse(*said.network, "IPv6 has no broadcasts");
  const router::Route& route = said.entry.route;
  for (const Address* address : {&route.gateway, &route.preferred_source})
    if (address->is_set() && address->family != said.family)
      return words.refuse(*said.network, "is of another family than the addresses behind it");
  const Status status =
      mode ? ip.router.add_route(said.entry, *mode) : ip.router.remove_route(said.entry);
  if (!status.ok()) words.refuse(culprit(said, status.error().text), status.error().text);
}

}  // namespace

void run_route(const IpContext& ip, WordReader& words) {
  using Mode = Router::AddMode;
  struct Verb {
    const char* name;
    std::optional<Mode> mode;
  };
  constexpr Verb kVerbs[] = {
      {"add", Mode::kAdd},         {"change", Mode::kChange}, {"replace", Mode::kReplace},
      {"prepend", Mode::kPrepend}, {"append", Mode::kAppend}, {"delete", std::nullopt},
  };
  const Word& word = words.argument("add, replace, append or del");
  if (words.failed()) return;
  for (const Verb& verb : kVerbs)
    if (shortens(word.text, verb.name)) return modify(ip, words, verb.mode);
  words.refuse(word, "is not supported; supported is add, change, replace, prepend, append, del");
}

}  // namespace ctwin::setup
