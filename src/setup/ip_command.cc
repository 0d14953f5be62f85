#include "setup/ip_command.h"

#include "setup/ip_objects.h"

namespace ctwin::setup {

router::Scope read_scope(WordReader& words) {
  using router::Scope;
  const Word& word = words.argument("a scope");
  if (words.failed()) return {};
  if (word.text == "global" || word.text == "universe") return Scope::kUniverse;
  if (word.text == "site") return Scope::kSite;
  if (word.text == "link") return Scope::kLink;
  if (word.text == "host") return Scope::kHost;
  if (word.text == "nowhere") return Scope::kNowhere;
  const auto number = parse_number(word.text, UINT8_MAX);
  if (!number) words.refuse(word, "is no scope; supported is global, site, link, host, nowhere");
  return static_cast<Scope>(number.value_or(0));
}

uint32_t read_device(const IpContext& ip, WordReader& words) {
  const Word& word = words.device_name();
  if (words.failed()) return 0;
  const uint32_t device = ip.router.interfaces().find(word.text);
  if (device == 0) words.refuse(word, "Cannot find device; addr, link or --pcap make one known");
  return device;
}

std::optional<Mistake> run_ip(router::Router& router, BoxSettings& box, std::span<const Word> all) {
  IpContext ip{router, box};
  WordReader words(all);
  while (words.peek().starts_with('-')) {
    const Word& option = words.take();
    if (option.text == "-4")
      ip.family = AF_INET;
    else if (option.text == "-6")
      ip.family = AF_INET6;
    else
      words.refuse(option, "is not supported; supported is -4, -6");
  }
  const Word& object = words.argument("addr, route, link or tuntap");
  if (words.failed()) return words.mistake();
  if (shortens(object.text, "address"))
    run_address(ip, words);
  else if (shortens(object.text, "route"))
    run_route(ip, words);
  else if (shortens(object.text, "link"))
    run_link(ip, words);
  else if (shortens(object.text, "tuntap"))
    run_tuntap(ip, words);
  else
    words.refuse(object, "is not supported; supported is addr, route, link, tuntap");
  return words.mistake();
}

}  // namespace ctwin::setup
