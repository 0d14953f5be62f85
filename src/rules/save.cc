#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/address.h"
#include "rules/command.h"
#include "rules/protocols.h"
#include "rules/save_parts.h"
#include "rules/values.h"

namespace ctwin::rules {

void save_string(std::string& out, std::string_view text) {
  static constexpr std::string_view kPlain =
      "_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  out += ' ';
  if (!text.empty() && text.find_first_not_of(kPlain) == text.npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\'') out += '\\';
    out += c;
  }
  out += '"';
}

std::string text_of(const Address& address) {
  char text[kAddressText];
  return {text, format_address(address, text)};
}

std::string mask_text(const Address& mask) {
  const int length = prefix_length(mask);
  return length < 0 ? text_of(mask) : std::to_string(length);
}

namespace {

auto writer(std::string& out) { return std::back_inserter(out); }

void save_address(std::string& out, const AddressMatch& match, char letter) {
  if (!match.invert && prefix_length(match.mask) == 0) return;
  fmt::format_to(writer(out), "{} -{} {}/{}", match.invert ? " !" : "", letter,
                 text_of(match.address), mask_text(match.mask));
}

/// '+' alone is any device, which is nothing to be said, even when inverted.
void save_device(std::string& out, const DeviceMatch& match, char letter) {
  if (!match.set || match.name.empty()) return;
  fmt::format_to(writer(out), "{} -{} {}{}", match.invert ? " !" : "", letter, match.name,
                 match.prefix ? "+" : "");
}

void save_header(std::string& out, const HeaderMatch& header) {
  save_address(out, header.source, 's');
  save_address(out, header.destination, 'd');
  save_device(out, header.in, 'i');
  save_device(out, header.out, 'o');
  if (header.proto != 0) {
    out += header.proto_invert ? " ! -p " : " -p ";
    if (const char* name = protocol_name(header.proto))
      out += name;
    else
      out += std::to_string(header.proto);
  }
  if (header.fragment) out += header.fragment_invert ? " ! -f" : " -f";
}

void save_rule(std::string& out, const Table& table, const Chain& chain, const Rule& rule) {
  fmt::format_to(writer(out), "[{}:{}] -A {}", rule.counters.packets, rule.counters.bytes,
                 chain.name);
  save_header(out, rule.header);
  for (const Match& match : rule.matches) save_match(out, match);
  if (const auto* jump = std::get_if<ChainTarget>(&rule.target))
    fmt::format_to(writer(out), " -{} {}", jump->go_to ? 'g' : 'j', table.chains[jump->chain].name);
  else
    save_target(out, rule.target);
  out += '\n';
}

void save_table(std::string& out, const Table& table) {
  std::vector<const Chain*> chains;
  for (const Chain& chain : table.chains) chains.push_back(&chain);
  const auto user =
      std::ranges::find_if(chains, [](const Chain* chain) { return !chain->built_in; });
  std::sort(user, chains.end(), [](const Chain* a, const Chain* b) { return a->name < b->name; });
  fmt::format_to(writer(out), "*{}\n", name_of(table.id));
  for (const Chain* chain : chains)
    fmt::format_to(writer(out), ":{} {} [{}:{}]\n", chain->name,
                   !chain->built_in ? "-"
                   : chain->accepts ? "ACCEPT"
                                    : "DROP",
                   chain->counters.packets, chain->counters.bytes);
  for (const Chain* chain : chains)
    for (const Rule& rule : chain->rules) save_rule(out, table, *chain, rule);
  out += "COMMIT\n";
}

}  // namespace

/// The kernel lists the table that came last first.
std::string save(const Ruleset& rules) {
  std::string out;
  for (auto table = rules.tables.rbegin(); table != rules.tables.rend(); ++table)
    save_table(out, *table);
  return out;
}

}  // namespace ctwin::rules
