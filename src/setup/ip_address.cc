// ip addr add|change|replace|del|flush
#include <cerrno>

#include "base/address.h"
#include "router/address_class.h"
#include "setup/ip_objects.h"

namespace ctwin::setup {

namespace {

using router::InterfaceAddress;
using router::is_ipv4;

/// What `ip addr add` says.
struct AddressWords {
  const Word* local = nullptr;
  const Word* device = nullptr;
  const Word* label = nullptr;
  InterfaceAddress address;
  bool prefix_given = false;
  bool scope_given = false;
  bool computes_broadcast = false;  ///< brd +
};

enum class Verb : uint8_t { kAdd, kReplace, kDelete };

void read_local(const IpContext& ip, WordReader& words, AddressWords& said, const Word& word) {
  if (said.local) return words.refuse(word, "is a second address where one is expected");
  const auto network = parse_network(word.text, ip.family);
  if (!network || network->address.family == AF_UNSPEC)
    return words.refuse(word, "is not an address; supported is ADDRESS[/BITS]");
  said.local = &word;
  said.prefix_given = network->prefix_given;
  InterfaceAddress& address = said.address;
  const bool has_peer = address.peer.is_set();
  if (has_peer && address.peer.family != network->address.family)
    return words.refuse(word, "is of another family than its peer");
  address.address = network->address;
  if (has_peer) return;
  address.peer = network->address;
  address.prefix = network->prefix;
}

void read_peer(const IpContext& ip, WordReader& words, AddressWords& said) {
  const Word& word = words.argument("the peer's address");
  if (words.failed()) return;
  const uint8_t family = said.local ? said.address.address.family : ip.family;
  const auto network = parse_network(word.text, family);
  if (!network || network->address.family == AF_UNSPEC)
    return words.refuse(word, "is not a peer's address; supported is ADDRESS[/BITS]");
  said.address.peer = network->address;
  said.address.prefix = network->prefix;
}

void read_broadcast(WordReader& words, AddressWords& said) {
  if (words.take_if("+"))
    said.computes_broadcast = true;
  else
    said.address.broadcast = words.address("a broadcast address", AF_INET);
}

void read_lifetime(WordReader& words) {
  const Word& word = words.argument("a lifetime");
  if (!words.failed() && word.text != "forever")
    words.refuse(word, "is not supported; supported is forever");
}

/// A word of `ip addr add`.
void read_word(const IpContext& ip, WordReader& words, AddressWords& said) {
  const Word& word = words.take();
  if (word.text == "peer" || word.text == "remote") {
    read_peer(ip, words, said);
  } else if (shortens(word.text, "broadcast") || word.text == "brd") {
    read_broadcast(words, said);
  } else if (word.text == "scope") {
    said.address.scope = read_scope(words);
    said.scope_given = true;
  } else if (word.text == "dev") {
    said.device = &words.device_name();
  } else if (word.text == "label") {
    said.label = &words.argument("a label");
  } else if (word.text == "noprefixroute") {
    said.address.no_prefix_route = true;
  } else if (word.text == "valid_lft" || word.text == "preferred_lft") {
    read_lifetime(words);
  } else if (word.text == "local") {
    const Word& local = words.argument("an address");
    if (!words.failed()) read_local(ip, words, said, local);
  } else if (word.text != "nodad" && word.text != "optimistic" && word.text != "home") {
    if (!word.text.empty() &&
        (word.text.find_first_of(".:") != std::string::npos || parse_network(word.text, ip.family)))
      return read_local(ip, words, said, word);
    words.refuse(word,
                 "is not supported; supported is ADDRESS[/BITS], dev, peer, broadcast, scope, "
                 "label, nodad, noprefixroute");
  }
}

/// What follows from the rest when it is not said.
void complete(AddressWords& said) {
  constexpr uint8_t kLoopbackNet = 127;
  InterfaceAddress& address = said.address;
  if (!is_ipv4(address.address)) return;
  if (!said.scope_given && address.address.bytes[0] == kLoopbackNet)
    address.scope = router::Scope::kHost;
  constexpr uint8_t kLargestWithBroadcast = 30;
  if (!said.computes_broadcast || address.prefix > kLargestWithBroadcast) return;
  const Address mask = prefix_mask(AF_INET, address.prefix);
  address.broadcast = address.peer;
  for (size_t i = 0; i < 4; ++i)
    address.broadcast.bytes[i] = static_cast<uint8_t>(address.broadcast.bytes[i] | ~mask.bytes[i]);
}

void remove(const IpContext& ip, WordReader& words, const AddressWords& said, uint32_t device) {
  uint8_t prefix = said.address.prefix;
  // Without a length any will do, as old scripts have it.
  if (!said.prefix_given)
    for (const InterfaceAddress& own : ip.router.interfaces()[device].addresses)
      if (own.address == said.address.address) prefix = own.prefix;
  const Status status = ip.router.remove_address(device, said.address.address, prefix);
  if (!status.ok()) words.refuse(*said.local, status.error().text);
}

/// lo has its own addresses from the beginning; a box whose lo is brought up later gets them then.
bool is_los_own(uint32_t device, const Address& address) {
  return device == router::kLoopback &&
         (address == parse_address("127.0.0.1") || address == parse_address("::1"));
}

void apply(const IpContext& ip, WordReader& words, const AddressWords& said, Verb verb) {
  router::Router& router = ip.router;
  const uint32_t device = verb == Verb::kDelete
                              ? router.interfaces().find(said.device->text)
                              : router.interfaces().find_or_add(said.device->text);
  if (device == 0) return words.refuse(*said.device, "Cannot find device");
  if (verb == Verb::kDelete) return remove(ip, words, said, device);
  const Status status = router.add_address(device, said.address);
  if (status.ok()) return;
  const bool known = status.error().code == EEXIST;
  if (known && (verb == Verb::kReplace || is_los_own(device, said.address.address))) return;
  words.refuse(*said.local, status.error().text);
}

void modify(const IpContext& ip, WordReader& words, Verb verb) {
  AddressWords said;
  while (!words.done()) read_word(ip, words, said);
  if (words.failed()) return;
  if (!said.local) return words.refuse_at(words.end_column(), "an address is missing");
  if (!said.device)
    return words.refuse_at(words.end_column(),
                           "Not enough information: \"dev\" argument is required");
  if (said.label && !said.label->text.starts_with(said.device->text))
    return words.refuse(*said.label, "must begin with the name of the device");
  complete(said);
  apply(ip, words, said, verb);
}

void flush(const IpContext& ip, WordReader& words) {
  uint32_t device = 0;
  std::optional<router::Scope> scope;
  while (!words.done()) {
    if (words.take_if("scope"))
      scope = read_scope(words);
    else {
      words.take_if("dev");
      device = read_device(ip, words);
    }
  }
  if (words.failed()) return;
  if (device == 0) return words.refuse_at(words.end_column(), "flush needs a device");
  const auto addresses = ip.router.interfaces()[device].addresses;
  for (const InterfaceAddress& own : addresses) {
    const bool other_family = ip.family != AF_UNSPEC && own.address.family != ip.family;
    if (other_family || (scope && own.scope != *scope)) continue;
    // A secondary address may be gone already, with its primary one.
    if (ip.router.has_address(own.address, device))
      static_cast<void>(ip.router.remove_address(device, own.address, own.prefix));
  }
}

}  // namespace

void run_address(const IpContext& ip, WordReader& words) {
  const Word& verb = words.argument("add, replace, del or flush");
  if (words.failed()) return;
  if (shortens(verb.text, "add"))
    modify(ip, words, Verb::kAdd);
  else if (shortens(verb.text, "change") || verb.text == "chg" || shortens(verb.text, "replace"))
    modify(ip, words, Verb::kReplace);
  else if (shortens(verb.text, "delete"))
    modify(ip, words, Verb::kDelete);
  else if (shortens(verb.text, "flush"))
    flush(ip, words);
  else
    words.refuse(verb, "is not supported; supported is add, replace, del, flush");
}

}  // namespace ctwin::setup
