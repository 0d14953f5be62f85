// Setup files of any text. A file is read or refused, and says the same the second time; a refusal
// changes nothing and is one line that names a place within the file; the rules of a file that was
// read can be saved and read again, to be the same.
#include "setup/setup_file.h"

#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "fuzz/fuzz.h"
#include "rules/command.h"

using namespace ctwin;
using setup::Setup;

namespace {

constexpr const char* kName = "FUZZ";
/// What every box here begins with, so that there is something to refer to.
constexpr std::string_view kBox =
    "ip addr add 10.0.0.254/24 dev eth0\n"
    "ip addr add fd01::254/64 dev eth0\n"
    "ip addr add 10.1.0.254/24 dev eth1\n";

std::string all_rules(const Setup& box) { return rules::save(box.v4) + rules::save(box.v6); }

/// What can be seen of a box without asking every address.
std::string describe(const Setup& box) {
  std::string text = all_rules(box);
  const router::Interfaces& devices = box.router.interfaces();
  for (uint32_t i = router::kLoopback; i < devices.end(); ++i) {
    text += devices.name(i) + ' ' + std::to_string(devices[i].mtu) + (devices[i].up ? " up" : "");
    for (const router::InterfaceAddress& own : devices[i].addresses) {
      text.append(reinterpret_cast<const char*>(own.address.bytes.data()), own.address.size());
      text += std::to_string(own.prefix);
    }
    text += '\n';
  }
  return text;
}

void check_refusal(const std::string& message, std::string_view text) {
  const auto lines = static_cast<uint32_t>(std::ranges::count(text, '\n')) + 1;
  const std::string prefix = std::string(kName) + ":";
  if (!message.starts_with(prefix) || message.find('\n') != std::string::npos)
    fuzz::fail("a refusal is one line that names the file", message, prefix);
  uint32_t line = 0, column = 0;
  const char* end = message.data() + message.size();
  auto read = std::from_chars(message.data() + prefix.size(), end, line);
  if (read.ec == std::errc() && *read.ptr == ':') read = std::from_chars(read.ptr + 1, end, column);
  if (read.ec != std::errc() || line == 0 || line > lines || column == 0)
    fuzz::fail("a refusal names a place in the file", message, std::to_string(lines));
}

/// Saves the rules, reads them into an empty box and saves them there.
std::string saved_again(const rules::Ruleset& saved) {
  const bool six = saved.family == AF_INET6;
  const std::string text = rules::save(saved);
  Setup again;
  const Status status = setup::read_setup_text(
      kName, (six ? "# ip6tables-save\n" : "# iptables-save\n") + text, again);
  if (!status.ok()) fuzz::fail("saved rules are refused", status.error().text, text);
  // The table that came last is saved first, so that the order turns round each time.
  rules::Ruleset& read = six ? again.v6 : again.v4;
  std::ranges::reverse(read.tables);
  return rules::save(read);
}

/// The rules as they are saved are rules again.
void check_saved(const Setup& box) {
  for (const rules::Ruleset* saved : {&box.v4, &box.v6})
    if (const std::string again = saved_again(*saved); again != rules::save(*saved))
      fuzz::fail("saved rules change when they are read", again, rules::save(*saved));
}

/// Lookups end, and what is local is local by both ways of asking.
void check_routes(const Setup& box) {
  const router::Interfaces& devices = box.router.interfaces();
  for (uint32_t i = router::kLoopback; i < devices.end(); ++i)
    for (const router::InterfaceAddress& own : devices[i].addresses) {
      const router::Route route = box.router.find(own.address);
      if (route.type == router::RouteType::kUnspec)
        fuzz::fail("there is no route to an address of the box", describe(box), devices.name(i));
      box.router.source_for(own.peer, i);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Setup first, second;
  if (!setup::read_setup_text("BOX", kBox, first).ok()) fuzz::fail("no box", "", "");
  second = first;
  const std::string before = describe(first);
  const Status read = setup::read_setup_text(kName, text, first);
  const Status again = setup::read_setup_text(kName, text, second);
  if (read.error().text != again.error().text || describe(first) != describe(second))
    fuzz::fail("a file is read in two ways", read.error().text, again.error().text);
  if (!read.ok()) {
    check_refusal(read.error().text, text);
    if (describe(first) != before)
      fuzz::fail("a refused file did something", before, describe(first));
    return 0;
  }
  check_routes(first);
  check_saved(first);
  return 0;
}
