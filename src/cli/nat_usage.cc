#include "cli/nat_usage.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>

#include "base/address.h"
#include "cli/columns.h"
#include "cli/json.h"
#include "cli/names.h"
#include "ctnetlink/match.h"

namespace ctwin::cli {

namespace {

using Line = std::vector<std::string>;

/// A range within which the kernel looks for a free port, where a rule names none: that of the
/// port which the flow had (RFC 6056 and the kernel's nf_nat_l4proto_unique_tuple).
struct PortClass {
  uint32_t first, last;
  std::string_view name;
  uint32_t size() const { return last - first + 1; }
};
constexpr PortClass kUserPorts{1024, 65535, "1024-65535"};
constexpr PortClass kSystemPorts{600, 1023, "600-1023"};
constexpr PortClass kLowPorts{1, 511, "1-511"};
constexpr PortClass kIcmpIds{0, 65535, "0-65535"};
constexpr PortClass kGreKeys{1, 65535, "1-65535"};

/// The class that most flows of a protocol get their numbers from; null when it has no numbers.
const PortClass* main_class(uint8_t proto) {
  switch (transport_kind(proto)) {
    case TransportKind::kPorts: return &kUserPorts;
    case TransportKind::kKeys: return &kGreKeys;
    case TransportKind::kIcmp: return &kIcmpIds;
    case TransportKind::kNone: break;
  }
  return nullptr;
}

std::string protocol_text(uint8_t proto) {
  const std::string_view name = protocol_name(proto);
  return name.empty() ? std::to_string(proto) : std::string(name);
}

std::string address_text(const Address& address) {
  char text[kAddressText];
  return {text, format_address(address, text)};
}

/// Address and port of a destination in the form in which they are a key.
std::string destination_key(const Address& address, uint16_t port) {
  std::string key(reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size());
  key.push_back(static_cast<char>(address.family));
  key.push_back(static_cast<char>(port >> 8));
  key.push_back(static_cast<char>(port & 0xff));
  return key;
}

struct Destination {
  Address address;
  uint16_t port;
};

Destination destination_of(const std::string& key) {
  Destination destination{};
  std::memcpy(destination.address.bytes.data(), key.data(), destination.address.bytes.size());
  destination.address.family = static_cast<uint8_t>(key[16]);
  destination.port =
      static_cast<uint16_t>(static_cast<uint8_t>(key[17]) << 8 | static_cast<uint8_t>(key[18]));
  return destination;
}

std::string destination_text(const std::string& key, uint8_t proto) {
  const Destination destination = destination_of(key);
  const std::string address = address_text(destination.address);
  const TransportKind kind = transport_kind(proto);
  if (kind != TransportKind::kPorts && kind != TransportKind::kKeys) return address;
  return (destination.address.family == AF_INET6 ? "[" + address + "]" : address) + ":" +
         std::to_string(destination.port);
}

}  // namespace

void PortSet::insert(uint16_t port) {
  std::unique_ptr<Chunk>& chunk = chunks_[port / 1024];
  if (!chunk) chunk = std::make_unique<Chunk>();
  (*chunk)[port % 1024 / 64] |= uint64_t{1} << port % 64;
}

size_t PortSet::count(uint32_t first, uint32_t last) const {
  size_t counted = 0;
  for (uint32_t at = first; at <= last;) {
    const std::unique_ptr<Chunk>& chunk = chunks_[at / 1024];
    const uint32_t end = std::min(last, at | 63);
    if (chunk) {
      const uint64_t word = (*chunk)[at % 1024 / 64] >> at % 64;
      const uint32_t bits = end - at + 1;
      counted += static_cast<size_t>(
          std::popcount(bits == 64 ? word : word & ((uint64_t{1} << bits) - 1)));
    }
    at = end + 1;
  }
  return counted;
}

bool NatUsage::PublicKey::operator<(const PublicKey& other) const {
  return std::tie(address.family, address.bytes, proto) <
         std::tie(other.address.family, other.address.bytes, other.proto);
}

void NatUsage::add(const Flow& flow) {
  if (!ctnetlink::is_source_nat(flow)) return;
  ++flows_;
  const uint8_t proto = flow.orig.proto;
  const bool icmp = is_icmp(proto);
  Public& entry = publics_[{flow.reply.dst, proto}];
  ++entry.flows;
  if (main_class(proto)) entry.ports.insert(icmp ? flow.reply.icmp_id : flow.reply.dport);
  const std::string key = destination_key(flow.reply.src, icmp ? uint16_t{0} : flow.reply.sport);
  auto found = entry.destinations.find(key);
  if (found == entry.destinations.end()) {
    if (destinations_ == max_destinations_) {
      ++rest_;
      return;
    }
    ++destinations_;
    found = entry.destinations.emplace(key, 0).first;
  }
  ++found->second;
}

std::vector<NatUsage::Entry> NatUsage::sorted() const {
  std::vector<Entry> entries;
  for (const auto& entry : publics_) entries.push_back(&entry);
  std::stable_sort(entries.begin(), entries.end(),
                   [](Entry a, Entry b) { return a->second.flows > b->second.flows; });
  return entries;
}

std::vector<NatUsage::Crowd> NatUsage::crowded(Entry only, size_t top) const {
  std::vector<Crowd> crowds;
  for (const auto& entry : publics_) {
    if (only && only != &entry) continue;
    for (const auto& [destination, flows] : entry.second.destinations)
      crowds.push_back({&entry, &destination, flows});
  }
  top = std::min(top, crowds.size());
  std::partial_sort(crowds.begin(), crowds.begin() + static_cast<ptrdiff_t>(top), crowds.end(),
                    [](const Crowd& a, const Crowd& b) {
                      if (a.flows != b.flows) return a.flows > b.flows;
                      if (a.entry != b.entry) return a.entry->first < b.entry->first;
                      return *a.destination < *b.destination;
                    });
  crowds.resize(top);
  return crowds;
}

void NatUsage::print_table(size_t top, fmt::memory_buffer& out) const {
  std::vector<Line> lines{
      {"address", "proto", "flows", "ports", "free", "full", "600-1023", "1-511"}};
  for (const Entry entry : sorted()) {
    const auto& [key, usage] = *entry;
    Line line{address_text(key.address), protocol_text(key.proto), std::to_string(usage.flows)};
    line.resize(lines[0].size(), "-");
    if (const PortClass* range = main_class(key.proto)) {
      const size_t used = usage.ports.count(range->first, range->last);
      line[3] = std::to_string(used);
      line[4] = std::to_string(range->size() - used);
      line[5] = percent(used, range->size());
    }
    if (transport_kind(key.proto) == TransportKind::kPorts) {
      line[6] = std::to_string(usage.ports.count(kSystemPorts.first, kSystemPorts.last));
      line[7] = std::to_string(usage.ports.count(kLowPorts.first, kLowPorts.last));
    }
    lines.push_back(std::move(line));
  }
  print_columns(lines, 2, out);
  lines = {{"address", "proto", "destination", "flows", "full"}};
  for (const Crowd& crowd : crowded(nullptr, top)) {
    const PublicKey& key = crowd.entry->first;
    const PortClass* range = main_class(key.proto);
    lines.push_back({address_text(key.address), protocol_text(key.proto),
                     destination_text(*crowd.destination, key.proto), std::to_string(crowd.flows),
                     range ? percent(crowd.flows, range->size()) : "-"});
  }
  if (lines.size() == 1) return;
  out.push_back('\n');
  print_columns(lines, 3, out);
}

void NatUsage::print_object(Entry entry, size_t top, fmt::memory_buffer& out) const {
  const auto& [key, usage] = *entry;
  Writer writer(out);
  {
    JsonList object('{', writer);
    object.string("address", address_text(key.address));
    object.word_or_null("proto", protocol_name(key.proto));
    object.number("protonum", key.proto);
    object.number("flows", usage.flows);
    {
      JsonList ranges('[', object.key("ports"));
      const bool ports = transport_kind(key.proto) == TransportKind::kPorts;
      for (const PortClass* range :
           {main_class(key.proto), ports ? &kSystemPorts : nullptr, ports ? &kLowPorts : nullptr}) {
        if (!range) continue;
        const size_t used = usage.ports.count(range->first, range->last);
        JsonList one('{', ranges.next());
        one.string("range", range->name);
        one.number("used", used);
        one.number("free", range->size() - used);
      }
    }
    JsonList destinations('[', object.key("destinations"));
    for (const Crowd& crowd : crowded(entry, top)) {
      const Destination destination = destination_of(*crowd.destination);
      const TransportKind kind = transport_kind(key.proto);
      const bool port = kind == TransportKind::kPorts || kind == TransportKind::kKeys;
      JsonList one('{', destinations.next());
      one.string("dst", address_text(destination.address));
      one.number_or_null("dport", port, destination.port);
      one.number("flows", crowd.flows);
    }
  }
  writer.character('\n');
}

void NatUsage::print_json(size_t top, fmt::memory_buffer& out) const {
  for (const Entry entry : sorted()) print_object(entry, top, out);
}

}  // namespace ctwin::cli
