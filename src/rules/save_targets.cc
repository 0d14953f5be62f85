#include <fmt/format.h>

#include <iterator>
#include <span>

#include "rules/names.h"
#include "rules/save_parts.h"
#include "rules/values.h"

namespace ctwin::rules {

namespace {

template <typename... Args>
void put(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

void save(std::string&, const NoTarget&) {}
void save(std::string&, const ChainTarget&) {}  // save.cc knows the chains

void save(std::string& out, const VerdictTarget& target) {
  static constexpr const char* kNames[] = {"ACCEPT", "DROP", "RETURN"};
  put(out, " -j {}", kNames[static_cast<size_t>(target.kind)]);
}

void save(std::string& out, const RejectTarget& target) {
  const auto names = {std::span<const RejectName>(kRejects4),
                      std::span<const RejectName>(kRejects6)};
  for (const auto& table : names) {
    for (const RejectName& row : table) {
      if (row.with != target.with) continue;
      put(out, " -j REJECT --reject-with {}", row.name);
      return;
    }
  }
}

void save(std::string& out, const LogTarget& target) {
  static constexpr uint8_t kDefaultLevel = 4;
  static constexpr FlagName kFlags[] = {{"tcp-sequence", LogTarget::kTcpSequence},
                                        {"tcp-options", LogTarget::kTcpOptions},
                                        {"ip-options", LogTarget::kIpOptions},
                                        {"uid", LogTarget::kUid},
                                        {"macdecode", LogTarget::kMacDecode}};
  out += " -j LOG";
  if (!target.prefix.empty()) {
    out += " --log-prefix";
    save_string(out, target.prefix);
  }
  if (target.level != kDefaultLevel) put(out, " --log-level {}", target.level);
  for (const FlagName& row : kFlags)
    if (target.flags & row.flag) put(out, " --log-{}", row.name);
}

void save(std::string& out, const NflogTarget& target) {
  out += " -j NFLOG";
  if (!target.prefix.empty()) {
    out += " --nflog-prefix";
    save_string(out, target.prefix);
  }
  if (target.group != 0) put(out, " --nflog-group {}", target.group);
  if (target.is_size)
    put(out, " --nflog-size {}", target.range);
  else if (target.range != 0)
    put(out, " --nflog-range {}", target.range);
  if (target.threshold != 0) put(out, " --nflog-threshold {}", target.threshold);
}

void save(std::string& out, const TraceTarget&) { out += " -j TRACE"; }

void put_ports(std::string& out, const nat::Range& range) {
  put(out, "{}", range.min_port);
  if (range.max_port != range.min_port) put(out, "-{}", range.max_port);
  if (range.has(nat::kProtoOffset)) put(out, "/{}", range.base_port);
}

void put_range(std::string& out, const nat::Range& range) {
  const bool ports = range.has(nat::kProtoSpecified);
  if (range.has(nat::kMapIps)) {
    const bool brackets = ports && range.min_address.family == AF_INET6;
    if (brackets) out += '[';
    out += text_of(range.min_address);
    if (!(range.max_address == range.min_address)) put(out, "-{}", text_of(range.max_address));
    if (brackets) out += ']';
  }
  if (!ports) return;
  out += ':';
  put_ports(out, range);
}

void put_netmap(std::string& out, const nat::Range& range) {
  Address mask = range.min_address;
  for (size_t i = 0; i < mask.size(); ++i)
    mask.bytes[i] =
        static_cast<uint8_t>(~(range.min_address.bytes[i] ^ range.max_address.bytes[i]));
  put(out, " --to {}/{}", text_of(range.min_address), mask_text(mask));
}

void save(std::string& out, const NatTarget& target) {
  using Kind = NatTarget::Kind;
  static constexpr const char* kNames[] = {"SNAT", "DNAT", "MASQUERADE", "REDIRECT", "NETMAP"};
  const nat::Range& range = target.range;
  put(out, " -j {}", kNames[static_cast<size_t>(target.kind)]);
  if (target.kind == Kind::kNetmap) {
    put_netmap(out, range);
    return;
  }
  if (target.kind == Kind::kSnat || target.kind == Kind::kDnat) {
    put(out, " --to-{} ", target.kind == Kind::kSnat ? "source" : "destination");
    put_range(out, range);
  } else if (range.has(nat::kProtoSpecified)) {
    out += " --to-ports ";
    put_ports(out, range);
  }
  if (range.has(nat::kProtoRandom)) out += " --random";
  if (range.has(nat::kProtoRandomFully)) out += " --random-fully";
  if (range.has(nat::kPersistent)) out += " --persistent";
}

void save(std::string& out, const MarkTarget& target) {
  put(out, " -j MARK --set-xmark 0x{:x}/0x{:x}", target.flip, target.clear);
}

void save(std::string& out, const ConnmarkTarget& target) {
  using Mode = ConnmarkTarget::Mode;
  if (target.mode == Mode::kSet)
    put(out, " -j CONNMARK --set-xmark 0x{:x}/0x{:x}", target.ctmark, target.ctmask);
  else
    put(out, " -j CONNMARK --{}-mark --nfmask 0x{:x} --ctmask 0x{:x}",
        target.mode == Mode::kSave ? "save" : "restore", target.nfmask, target.ctmask);
}

void put_events(std::string& out, const char* option, uint32_t mask,
                std::span<const FlagName> names) {
  if (mask == 0) return;
  put(out, " --{} ", option);
  const char* separator = "";
  for (const FlagName& row : names) {
    if (!(mask & row.flag)) continue;
    out.append(separator).append(row.name);
    separator = ",";
  }
}

void save(std::string& out, const CtTarget& target) {
  static constexpr FlagName kExpectEvents[] = {{"new", 1}};
  out += target.notrack_alias ? " -j NOTRACK" : " -j CT";
  if (target.notrack_alias) return;
  if (target.notrack) out += " --notrack";
  if (!target.helper.empty()) put(out, " --helper {}", target.helper);
  put_events(out, "ctevents", target.event_mask, kEvents);
  put_events(out, "expevents", target.expect_event_mask, kExpectEvents);
  if (!target.zone_from_mark && target.zone == 0) return;
  // Both directions by their own names are one zone of all.
  put(out, " --zone{}",
      target.zone_orig == target.zone_reply ? ""
      : target.zone_orig                    ? "-orig"
                                            : "-reply");
  if (target.zone_from_mark)
    out += " mark";
  else
    put(out, " {}", target.zone);
}

void save(std::string& out, const TcpmssTarget& target) {
  if (target.clamp)
    out += " -j TCPMSS --clamp-mss-to-pmtu";
  else
    put(out, " -j TCPMSS --set-mss {}", target.mss);
}

void save(std::string& out, const TtlTarget& target) {
  static constexpr const char* kHow[] = {"set", "inc", "dec"};
  put(out, " -j {} --{}-{} {}", target.six ? "HL" : "TTL", target.six ? "hl" : "ttl",
      kHow[static_cast<size_t>(target.how)], target.value);
}

void save(std::string& out, const ChecksumTarget&) { out += " -j CHECKSUM --checksum-fill"; }

}  // namespace

void save_target(std::string& out, const Target& target) {
  std::visit([&](const auto& kind) { save(out, kind); }, target);
}

}  // namespace ctwin::rules
