#include <fmt/format.h>

#include <iterator>

#include "rules/label_names.h"
#include "rules/names.h"
#include "rules/save_parts.h"
#include "rules/values.h"

namespace ctwin::rules {

namespace {

template <typename... Args>
void put(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

const char* no(bool invert) { return invert ? " !" : ""; }

/// "NEW,RELATED"
void put_flags(std::string& out, std::span<const FlagName> names, uint32_t flags) {
  const char* separator = "";
  for (const FlagName& row : names) {
    if (!(flags & row.flag)) continue;
    out.append(separator).append(row.name);
    separator = ",";
  }
}

template <typename T>
void put_range(std::string& out, const Interval<T>& range) {
  put(out, "{}", range.min);
  if (range.min != range.max) put(out, ":{}", range.max);
}

void put_port(std::string& out, const char* option, const Interval<uint16_t>& ports) {
  if (ports.min == 0 && ports.max == UINT16_MAX) return;
  put(out, "{} --{} ", no(ports.invert), option);
  put_range(out, ports);
}

void put_tcp_flags(std::string& out, uint8_t flags) {
  if (flags == 0) out += "NONE";
  put_flags(out, kTcpFlags, flags);
}

void save(std::string& out, const TcpMatch& tcp) {
  out += " -m tcp";
  put_port(out, "sport", tcp.sport);
  put_port(out, "dport", tcp.dport);
  if (tcp.option != 0 || tcp.option_invert)
    put(out, "{} --tcp-option {}", no(tcp.option_invert), tcp.option);
  if (tcp.flags_mask == 0 && !tcp.flags_invert) return;
  put(out, "{} --tcp-flags ", no(tcp.flags_invert));
  put_tcp_flags(out, tcp.flags_mask);
  out += ' ';
  put_tcp_flags(out, tcp.flags_compare);
}

void save(std::string& out, const UdpMatch& udp) {
  out += " -m udp";
  put_port(out, "sport", udp.sport);
  put_port(out, "dport", udp.dport);
}

/// "DATA:Be,INIT": a flag that must be set is a large letter.
void put_chunks(std::string& out, const SctpMatch& sctp) {
  const char* separator = "";
  for (const SctpChunkName& row : kSctpChunks) {
    if (!sctp.types[row.type]) continue;
    out.append(separator).append(row.name);
    separator = ",";
    for (const SctpMatch::ChunkFlags& flags : sctp.flags) {
      if (flags.type != row.type || flags.mask == 0) continue;
      out += ':';
      const std::string_view letters = row.flags;
      for (size_t i = 0; i < letters.size(); ++i) {
        const unsigned bit = 1u << (letters.size() - 1 - i);
        if (flags.mask & bit) out += static_cast<char>(letters[i] | (flags.flags & bit ? 0 : 0x20));
      }
    }
  }
}

void save(std::string& out, const SctpMatch& sctp) {
  using Chunks = SctpMatch::Chunks;
  out += " -m sctp";
  const auto put_asked = [&](const char* option, const std::optional<Interval<uint16_t>>& ports) {
    if (!ports) return;
    put(out, "{} --{} ", no(ports->invert), option);
    put_range(out, *ports);
  };
  put_asked("sport", sctp.sport);
  put_asked("dport", sctp.dport);
  if (sctp.chunks == Chunks::kNotAsked) return;
  put(out, "{} --chunk-types {} ", no(sctp.chunks_invert),
      sctp.chunks == Chunks::kAll   ? "all"
      : sctp.chunks == Chunks::kAny ? "any"
                                    : "only");
  if (sctp.types.none())
    out += "NONE";
  else if (sctp.types.all())
    out += "ALL";
  else
    put_chunks(out, sctp);
}

void save(std::string& out, const IcmpMatch& icmp) {
  const bool every_code = icmp.code_min == 0 && icmp.code_max == UINT8_MAX;
  put(out, " -m {}{} --{}-type ", icmp.six ? "icmp6" : "icmp", no(icmp.invert),
      icmp.six ? "icmpv6" : "icmp");
  if (!icmp.six && icmp.type == UINT8_MAX) {
    out += "any";
    return;
  }
  put(out, "{}", icmp.type);
  if (!every_code) put(out, "/{}", icmp.code_min);
}

void save(std::string& out, const MultiportMatch& match) {
  using Side = MultiportMatch::Side;
  put(out, " -m multiport{} --{} ", no(match.invert),
      match.side == Side::kSource        ? "sports"
      : match.side == Side::kDestination ? "dports"
                                         : "ports");
  const char* separator = "";
  for (const Interval<uint16_t>& ports : match.ports) {
    out += separator;
    put_range(out, ports);
    separator = ",";
  }
}

/// A full mask is not printed.
void put_network(std::string& out, const AddressMatch& match) {
  out += text_of(match.address);
  const int length = prefix_length(match.mask);
  if (length != static_cast<int>(match.mask.size()) * 8) put(out, "/{}", mask_text(match.mask));
}

void save_addresses(std::string& out, const ConntrackMatch& match) {
  using M = ConntrackMatch;
  struct Row {
    uint32_t part;
    const char* option;
    const AddressMatch& address;
  };
  const Row rows[] = {{M::kOrigSrc, "ctorigsrc", match.orig_src},
                      {M::kOrigDst, "ctorigdst", match.orig_dst},
                      {M::kReplSrc, "ctreplsrc", match.repl_src},
                      {M::kReplDst, "ctrepldst", match.repl_dst}};
  for (const Row& row : rows) {
    if (!(match.asked & row.part)) continue;
    put(out, "{} --{} ", no(match.inverted & row.part), row.option);
    put_network(out, row.address);
  }
}

void save_ports(std::string& out, const ConntrackMatch& match) {
  using M = ConntrackMatch;
  struct Row {
    uint32_t part;
    const char* option;
    const Interval<uint16_t>& ports;
  };
  const Row rows[] = {{M::kOrigSrcPort, "ctorigsrcport", match.orig_src_port},
                      {M::kOrigDstPort, "ctorigdstport", match.orig_dst_port},
                      {M::kReplSrcPort, "ctreplsrcport", match.repl_src_port},
                      {M::kReplDstPort, "ctrepldstport", match.repl_dst_port}};
  for (const Row& row : rows) {
    if (!(match.asked & row.part)) continue;
    put(out, "{} --{} {}", no(match.inverted & row.part), row.option, row.ports.min);
    // iptables takes an upper end of 0 for none.
    if (row.ports.max != 0 && row.ports.max != row.ports.min) put(out, ":{}", row.ports.max);
  }
}

void save(std::string& out, const ConntrackMatch& match) {
  using M = ConntrackMatch;
  out += match.state_alias ? " -m state" : " -m conntrack";
  if (match.asked & M::kState) {
    put(out, "{} --{} ", no(match.inverted & M::kState), match.state_alias ? "state" : "ctstate");
    put_flags(out, kStates, match.states);
  }
  if (match.asked & M::kProto)
    put(out, "{} --ctproto {}", no(match.inverted & M::kProto), match.proto);
  save_addresses(out, match);
  save_ports(out, match);
  if (match.asked & M::kStatus) {
    put(out, "{} --ctstatus ", no(match.inverted & M::kStatus));
    if (match.statuses == 0) out += "NONE";
    put_flags(out, kStatuses, match.statuses);
  }
  if (match.asked & M::kExpires) {
    put(out, "{} --ctexpire ", no(match.inverted & M::kExpires));
    put_range(out, match.expires);
  }
  if (match.asked & M::kDirection) put(out, " --ctdir {}", match.original ? "ORIGINAL" : "REPLY");
}

void save(std::string& out, const MarkMatch& match) {
  put(out, " -m {}{} --mark 0x{:x}", match.of_connection ? "connmark" : "mark", no(match.invert),
      match.mark);
  if (match.mask != UINT32_MAX) put(out, "/0x{:x}", match.mask);
}

void save(std::string& out, const ConnlabelMatch& match) {
  const std::string_view name = LabelNames::system().name(match.bit);
  put(out, " -m connlabel{} --label \"{}\"{}", no(match.invert),
      name.empty() ? std::to_string(match.bit) : std::string(name), match.set ? " --set" : "");
}

void save(std::string& out, const ConnbytesMatch& match) {
  static constexpr const char* kWhat[] = {"packets", "bytes", "avgpkt"};
  static constexpr const char* kDirection[] = {"original", "reply", "both"};
  put(out, " -m connbytes{} --connbytes {}", no(match.range.invert), match.range.min);
  if (match.range.max != 0 && match.range.max != UINT64_MAX) put(out, ":{}", match.range.max);
  put(out, " --connbytes-mode {} --connbytes-dir {}", kWhat[static_cast<size_t>(match.what)],
      kDirection[static_cast<size_t>(match.direction)]);
}

void save(std::string& out, const CommentMatch& match) {
  out += " -m comment --comment";
  save_string(out, match.text);
}

/// In the largest unit by which the rate keeps its value, nearly: iptables' own rounding.
void save(std::string& out, const LimitMatch& match) {
  struct Row {
    const char* name;
    uint32_t ticks;
  };
  static constexpr Row kUnits[] = {
      {"day", 864'000'000}, {"hour", 36'000'000}, {"min", 600'000}, {"sec", 10'000}};
  static constexpr uint32_t kDefaultBurst = 5;
  size_t unit = 1;
  while (unit < std::size(kUnits) && match.average <= kUnits[unit].ticks &&
         kUnits[unit].ticks / match.average >= kUnits[unit].ticks % match.average)
    ++unit;
  put(out, " -m limit --limit {}/{}", kUnits[unit - 1].ticks / match.average,
      kUnits[unit - 1].name);
  if (match.burst != kDefaultBurst) put(out, " --limit-burst {}", match.burst);
}

void save(std::string& out, const LengthMatch& match) {
  put(out, " -m length{} --length ", no(match.length.invert));
  put_range(out, match.length);
}

void save(std::string& out, const TtlMatch& match) {
  static constexpr const char* kHow[] = {"eq", "eq", "lt", "gt"};
  const char* const name = match.six ? "hl" : "ttl";
  put(out, " -m {}{} --{}-{} {}", name, no(match.how == TtlMatch::How::kNotEqual), name,
      kHow[static_cast<size_t>(match.how)], match.value);
}

void save(std::string& out, const TosMatch& match) {
  put(out, " -m tos{} --tos 0x{:02x}/0x{:02x}", no(match.invert), match.value, match.mask);
}

void save(std::string& out, const DscpMatch& match) {
  put(out, " -m dscp{} --dscp 0x{:02x}", no(match.invert), match.dscp);
}

void save(std::string& out, const IprangeMatch& match) {
  out += " -m iprange";
  if (match.has_source)
    put(out, "{} --src-range {}-{}", no(match.source_invert), text_of(match.source_min),
        text_of(match.source_max));
  if (match.has_destination)
    put(out, "{} --dst-range {}-{}", no(match.destination_invert), text_of(match.destination_min),
        text_of(match.destination_max));
}

void put_types(std::string& out, const char* option, uint16_t types, bool invert) {
  if (types == 0) return;
  put(out, "{} --{} ", no(invert), option);
  const char* separator = "";
  for (size_t i = 0; i < std::size(kAddressTypes); ++i) {
    if (!(types >> i & 1)) continue;
    out.append(separator).append(kAddressTypes[i]);
    separator = ",";
  }
}

void save(std::string& out, const AddrtypeMatch& match) {
  out += " -m addrtype";
  put_types(out, "src-type", match.source, match.source_invert);
  put_types(out, "dst-type", match.destination, match.destination_invert);
  if (match.limit_in) out += " --limit-iface-in";
  if (match.limit_out) out += " --limit-iface-out";
}

void save(std::string& out, const StatisticMatch& match) {
  static constexpr double kOne = 0x80000000;
  if (match.random)
    put(out, " -m statistic --mode random{} --probability {:.11f}", no(match.invert),
        match.probability / kOne);
  else
    put(out, " -m statistic --mode nth{} --every {} --packet {}", no(match.invert), match.every,
        match.packet);
}

void save(std::string& out, const MacMatch& match) {
  const auto& a = match.address;
  put(out, " -m mac{} --mac-source {:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", no(match.invert),
      a[0], a[1], a[2], a[3], a[4], a[5]);
}

void save(std::string& out, const PkttypeMatch& match) {
  static constexpr const char* kTypes[] = {"unicast", "broadcast", "multicast", "otherhost"};
  put(out, " -m pkttype{} --pkt-type {}", no(match.invert),
      kTypes[static_cast<size_t>(match.type)]);
}

void save(std::string& out, const RecentMatch& match) {
  static constexpr const char* kActions[] = {"set", "rcheck", "update", "remove"};
  put(out, " -m recent{} --{}", no(match.invert), kActions[static_cast<size_t>(match.action)]);
  if (match.seconds != 0) put(out, " --seconds {}", match.seconds);
  if (match.reap) out += " --reap";
  if (match.hitcount != 0) put(out, " --hitcount {}", match.hitcount);
  if (match.ttl) out += " --rttl";
  put(out, " --name {} --mask {} --{}", match.name, text_of(match.mask),
      match.destination ? "rdest" : "rsource");
}

void save(std::string& out, const RtMatch& match) {
  out += " -m rt";
  if (match.has_type) put(out, "{} --rt-type {}", no(match.type_invert), match.type);
  if (match.has_segments && (match.segments_min != 0 || match.segments_max != UINT32_MAX)) {
    put(out, "{} --rt-segsleft {}", no(match.segments_invert), match.segments_min);
    if (match.segments_min != match.segments_max) put(out, ":{}", match.segments_max);
  }
  if (match.has_length) put(out, "{} --rt-len {}", no(match.length_invert), match.length);
}

void save(std::string& out, const PhysdevMatch& match) {
  out += " -m physdev";
  if (match.is_in) put(out, "{} --physdev-is-in", no(match.is_in_invert));
  if (!match.in.empty()) put(out, "{} --physdev-in {}", no(match.in_invert), match.in);
  if (match.is_out) put(out, "{} --physdev-is-out", no(match.is_out_invert));
  if (!match.out.empty()) put(out, "{} --physdev-out {}", no(match.out_invert), match.out);
  if (match.is_bridged) put(out, "{} --physdev-is-bridged", no(match.is_bridged_invert));
}

}  // namespace

void save_match(std::string& out, const Match& match) {
  std::visit([&](const auto& kind) { save(out, kind); }, match);
}

}  // namespace ctwin::rules
