// ip link add|set, ip tuntap add
#include <algorithm>
#include <array>
#include <charconv>

#include "setup/ip_objects.h"

namespace ctwin::setup {

namespace {

using router::Interface;

constexpr uint32_t kSmallestMtu = 68, kLargestMtu = 65535;

std::optional<std::array<uint8_t, 6>> parse_mac(std::string_view text) {
  std::array<uint8_t, 6> mac;
  const char* at = text.data();
  const char* end = at + text.size();
  for (size_t i = 0; i < mac.size(); ++i) {
    if (i != 0 && (at == end || *at++ != ':')) return std::nullopt;
    const auto [behind, error] = std::from_chars(at, std::min(at + 2, end), mac[i], 16);
    if (error != std::errc()) return std::nullopt;
    at = behind;
  }
  if (at != end) return std::nullopt;
  return mac;
}

/// What may be said of a device when it is made and when it is set.
struct LinkWords {
  std::optional<uint32_t> mtu;
  std::optional<std::array<uint8_t, 6>> mac;
  std::optional<bool> up;
  std::optional<bool> arp;
};

bool read_attribute(WordReader& words, LinkWords& said) {
  if (words.take_if("up")) {
    said.up = true;
  } else if (words.take_if("down")) {
    said.up = false;
  } else if (words.take_if("mtu")) {
    const Word& word = words.argument("an MTU");
    if (words.failed()) return true;
    said.mtu = parse_number(word.text, kLargestMtu);
    if (!said.mtu || *said.mtu < kSmallestMtu)
      words.refuse(word,
                   fmt::format("is no MTU: a number from {} to {}", kSmallestMtu, kLargestMtu));
  } else if (words.take_if("address") || words.take_if("addr")) {
    const Word& word = words.argument("a link-layer address");
    if (words.failed()) return true;
    said.mac = parse_mac(word.text);
    if (!said.mac) words.refuse(word, "is not a link-layer address such as 02:00:00:00:00:01");
  } else if (words.take_if("arp")) {
    const Word& word = words.argument("on or off");
    said.arp = word.text == "on";
    if (!words.failed() && word.text != "on" && word.text != "off")
      words.refuse(word, "is neither on nor off");
  } else if (words.take_if("txqueuelen")) {
    words.number("the length of a queue", INT32_MAX);  // nothing waits here
  } else {
    return false;
  }
  return true;
}

void apply(const IpContext& ip, uint32_t device, const LinkWords& said) {
  Interface& link = ip.router.interfaces()[device];
  if (said.mtu) link.mtu = *said.mtu;
  if (said.mac) link.mac = said.mac;
  if (said.arp) link.asks_neighbours = *said.arp;
  if (said.up) ip.router.set_up(device, *said.up);
}

/// A new device is down, and has the settings that are the default at this moment.
uint32_t make(const IpContext& ip, WordReader& words, const Word& name, bool arp = true) {
  if (ip.router.interfaces().find(name.text) != 0) {
    words.refuse(name, "File exists: there is a device of that name");
    return 0;
  }
  const uint32_t device = ip.router.interfaces().find_or_add(name.text);
  ip.router.set_up(device, false);
  ip.router.interfaces()[device].asks_neighbours = arp;
  ip.box.take_defaults(device);
  return device;
}

const Word* read_peer(WordReader& words) {
  if (!words.take_if("peer")) return nullptr;
  words.take_if("name");
  const Word& name = words.device_name();
  return words.failed() ? nullptr : &name;
}

void add(const IpContext& ip, WordReader& words) {
  constexpr std::string_view kKinds[] = {"bridge", "dummy", "ifb", "veth", "vlan"};
  LinkWords said;
  const Word* name = nullptr;
  const Word* peer = nullptr;
  while (!words.done() && words.peek() != "type") {
    if (words.take_if("link")) {
      read_device(ip, words);
    } else if (!read_attribute(words, said)) {
      if (!words.take_if("name")) words.take_if("dev");
      name = &words.device_name();
    }
  }
  if (words.failed()) return;
  if (!name) return words.refuse_at(words.end_column(), "the name of the device is missing");
  if (!words.take_if("type"))
    return words.refuse_at(words.end_column(), "the type of the device is missing");
  const Word& kind = words.argument("a type of devices");
  if (words.failed()) return;
  if (std::ranges::find(kKinds, kind.text) == std::end(kKinds))
    return words.refuse(kind,
                        "is not supported; supported is the type bridge, dummy, ifb, veth, "
                        "vlan");
  if (kind.text == "vlan" && words.take_if("id")) words.number("a VLAN's number", 4094);
  if (kind.text == "veth") peer = read_peer(words);
  if (!words.done()) words.refuse(words.take(), "is not supported behind the type of a device");
  if (words.failed()) return;
  const uint32_t device = make(ip, words, *name);
  if (device != 0) apply(ip, device, said);
  if (peer && !words.failed()) make(ip, words, *peer);
}

void set(const IpContext& ip, WordReader& words) {
  LinkWords said;
  const Word* name = nullptr;
  while (!words.done()) {
    if (read_attribute(words, said)) continue;
    words.take_if("dev");
    const Word& word = words.device_name();
    if (words.failed()) return;
    if (name)
      return words.refuse(word,
                          "is not supported; supported is up, down, mtu, address, arp, txqueuelen");
    name = &word;
  }
  if (words.failed()) return;
  if (!name) return words.refuse_at(words.end_column(), "the name of the device is missing");
  apply(ip, ip.router.interfaces().find_or_add(name->text), said);
}

}  // namespace

void run_link(const IpContext& ip, WordReader& words) {
  const Word& verb = words.argument("add or set");
  if (words.failed()) return;
  if (shortens(verb.text, "add"))
    add(ip, words);
  else if (shortens(verb.text, "set"))
    set(ip, words);
  else
    words.refuse(verb, "is not supported; supported is add, set");
}

void run_tuntap(const IpContext& ip, WordReader& words) {
  const Word& verb = words.argument("add");
  if (words.failed()) return;
  if (!shortens(verb.text, "add")) return words.refuse(verb, "is not supported; supported is add");
  const Word* name = nullptr;
  std::string_view mode;
  while (!words.done()) {
    if (words.take_if("mode")) {
      const Word& word = words.argument("tun or tap");
      if (words.failed()) return;
      mode = word.text;
      if (mode != "tun" && mode != "tap")
        return words.refuse(word, "is no mode; supported is tun, tap");
    } else if (!words.take_if("multi_queue") && !words.take_if("vnet_hdr")) {
      if (!words.take_if("name")) words.take_if("dev");
      name = &words.device_name();
    }
  }
  if (words.failed()) return;
  if (!name || mode.empty())
    return words.refuse_at(words.end_column(), "tuntap add needs a name and 'mode tun|tap'");
  make(ip, words, *name, mode == "tap");
}

}  // namespace ctwin::setup
