// The line of a packet (nf_log_syslog.c: dump_ipv4_packet, dump_ipv6_packet, dump_mac_header).
//
//   line   := prefix "IN=" dev " OUT=" dev " " [mac] packet
//   mac    := "MAC=" [hex (":" hex)*] " "
//           | "MACSRC=" hex " MACDST=" hex " MACPROTO=" hex " "
//   packet := "SRC=" address " DST=" address " LEN=" n " " … "PROTO=" name " " … ["MARK=0x" hex "
//   "]
//
// An ICMP error is followed by the packet that it quotes, in brackets; what that one quotes in turn
// is not printed. Where a header ends before its time the line says INCOMPLETE, and how many bytes
// there were. The name of the user whom LOG --log-uid asks for is missing: there are no sockets.
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "rules/log.h"

namespace ctwin::rules {

using packet::load16;
using packet::load32;

namespace {

constexpr uint32_t kIpv4Header = 20, kIpv6Header = 40;

class LineWriter {
 public:
  LineWriter(std::string& line, const conntrack::Skb& skb, uint8_t flags)
      : line_(line), skb_(skb), flags_(flags) {}

  void ipv4(uint32_t start);
  void ipv6(uint32_t start);

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(line_), format, std::forward<Args>(args)...);
  }
  void add_hex(const uint8_t* bytes, uint32_t size) {
    for (uint32_t i = 0; i < size; ++i) add("{:02X}", bytes[i]);
  }

  /// `size` bytes from `offset` on; null where they are not all there, or were not captured.
  const uint8_t* at(uint32_t offset, uint32_t size) const {
    const uint64_t end = uint64_t{offset} + size;
    return end <= skb_.packet.captured ? skb_.packet.bytes + offset : nullptr;
  }
  /// Bytes from `offset` on: those on the wire, unless the capture is why `needed` are not there.
  void incomplete(uint32_t offset, uint32_t needed) {
    const bool cut = uint64_t{offset} + needed <= skb_.packet.length;
    add("INCOMPLETE [{} bytes] ", (cut ? skb_.packet.captured : skb_.packet.length) - offset);
  }
  bool wants(LogTarget::Flag flag) const { return flags_ & flag; }
  void mark(bool outer) {
    if (outer && skb_.mark != 0) add("MARK=0x{:x} ", skb_.mark);
  }

  bool tcp(uint32_t offset, bool fragment);
  bool tcp_options(uint32_t offset, uint32_t size);
  bool udp(uint8_t proto, uint32_t offset, bool fragment);
  void icmp(uint32_t offset, bool fragment, bool outer);
  bool icmpv6(uint32_t offset, bool fragment, bool outer);
  void spi(uint32_t offset, uint32_t size, uint32_t spi_at);
  bool ipv4_head(uint32_t start, const uint8_t* ip);
  bool extensions(uint32_t& offset, uint8_t& next, bool& fragment);
  bool fragment_header(uint32_t offset, bool& fragment);
  bool security_header(uint8_t header, uint32_t offset, bool fragment);
  void ipv6_address(const uint8_t* address);

  std::string& line_;
  const conntrack::Skb& skb_;
  uint8_t flags_;
};

// ---- transport: false where the line ends with it ----

bool LineWriter::tcp(uint32_t offset, bool fragment) {
  constexpr uint32_t kHeader = 20;
  constexpr const char* kFlags[] = {"CWR", "ECE", "URG", "ACK", "PSH", "RST", "SYN", "FIN"};
  add("PROTO=TCP ");
  if (fragment) return true;
  const uint8_t* tcp = at(offset, kHeader);
  if (!tcp) {
    incomplete(offset, kHeader);
    return false;
  }
  add("SPT={} DPT={} ", load16(tcp), load16(tcp + 2));
  if (wants(LogTarget::kTcpSequence)) add("SEQ={} ACK={} ", load32(tcp + 4), load32(tcp + 8));
  add("WINDOW={} RES=0x{:02x} ", load16(tcp + 14), (tcp[12] & 0x0e) << 2);
  if (tcp[12] & 1) add("AE ");
  for (unsigned i = 0; i < 8; ++i)
    if (tcp[13] & 0x80u >> i) add("{} ", kFlags[i]);
  add("URGP={} ", load16(tcp + 18));
  const uint32_t length = (tcp[12] >> 4) * 4u;
  if (!wants(LogTarget::kTcpOptions) || length <= kHeader) return true;
  return tcp_options(offset + kHeader, length - kHeader);
}

bool LineWriter::tcp_options(uint32_t offset, uint32_t size) {
  const uint8_t* options = at(offset, size);
  if (!options) {
    add("OPT (TRUNCATED)");
    return false;
  }
  add("OPT (");
  add_hex(options, size);
  add(") ");
  return true;
}

bool LineWriter::udp(uint8_t proto, uint32_t offset, bool fragment) {
  constexpr uint32_t kHeader = 8;
  add("PROTO={} ", proto == IPPROTO_UDP ? "UDP" : "UDPLITE");
  if (fragment) return true;
  const uint8_t* udp = at(offset, kHeader);
  if (!udp) {
    incomplete(offset, kHeader);
    return false;
  }
  add("SPT={} DPT={} LEN={} ", load16(udp), load16(udp + 2), load16(udp + 4));
  return true;
}

/// How long a message of a type must be; 0 where any length will do.
uint32_t required_icmp_length(uint8_t type) {
  switch (type) {
    case 0:
    case 8: return 4;
    case 3:
    case 4:
    case 5:
    case 11:
    case 12: return 8 + kIpv4Header;
    case 13:
    case 14: return 20;
    case 17:
    case 18: return 12;
    default: return 0;
  }
}

void LineWriter::icmp(uint32_t offset, bool fragment, bool outer) {
  constexpr uint32_t kHeader = 8;
  constexpr uint8_t kUnreachable = 3, kFragmentationNeeded = 4;
  add("PROTO=ICMP ");
  if (fragment) return;
  const uint8_t* icmp = at(offset, kHeader);
  if (!icmp) return incomplete(offset, kHeader);
  add("TYPE={} CODE={} ", icmp[0], icmp[1]);
  const uint32_t required = required_icmp_length(icmp[0]);
  if (skb_.packet.length - offset < required) return incomplete(offset, required);
  switch (icmp[0]) {
    case 0:
    case 8: add("ID={} SEQ={} ", load16(icmp + 4), load16(icmp + 6)); return;
    case 12: add("PARAMETER={} ", icmp[4]); return;
    case 5: add("GATEWAY={}.{}.{}.{} ", icmp[4], icmp[5], icmp[6], icmp[7]); break;
    case 3:
    case 4:
    case 11: break;
    default: return;
  }
  if (outer) {
    add("[");
    ipv4(offset + kHeader);
    add("] ");
  }
  if (icmp[0] == kUnreachable && icmp[1] == kFragmentationNeeded) add("MTU={} ", load16(icmp + 6));
}

bool LineWriter::icmpv6(uint32_t offset, bool fragment, bool outer) {
  constexpr uint32_t kHeader = 8;
  constexpr uint8_t kTooBig = 2, kParameterProblem = 4;
  add("PROTO=ICMPv6 ");
  if (fragment) return true;
  const uint8_t* icmp = at(offset, kHeader);
  if (!icmp) {
    incomplete(offset, kHeader);
    return false;
  }
  add("TYPE={} CODE={} ", icmp[0], icmp[1]);
  const uint8_t type = icmp[0];
  if (type == 128 || type == 129) add("ID={} SEQ={} ", load16(icmp + 4), load16(icmp + 6));
  if (type < 1 || type > 4) return true;
  if (type == kParameterProblem) add("POINTER={:08x} ", load32(icmp + 4));
  if (outer) {
    add("[");
    ipv6(offset + kHeader);
    add("] ");
  }
  if (type == kTooBig) add("MTU={} ", load32(icmp + 4));
  return true;
}

void LineWriter::spi(uint32_t offset, uint32_t size, uint32_t spi_at) {
  const uint8_t* header = at(offset, size);
  if (!header) return incomplete(offset, size);
  add("SPI=0x{:x} ", load32(header + spi_at));
}

// ---- IPv4 ----

bool LineWriter::ipv4_head(uint32_t start, const uint8_t* ip) {
  constexpr uint8_t kTos = 0x1e, kPrecedence = 0xe0;
  constexpr uint16_t kReserved = 0x8000, kDontFragment = 0x4000, kMoreFragments = 0x2000;
  add("SRC={}.{}.{}.{} DST={}.{}.{}.{} ", ip[12], ip[13], ip[14], ip[15], ip[16], ip[17], ip[18],
      ip[19]);
  add("LEN={} TOS=0x{:02X} PREC=0x{:02X} TTL={} ID={} ", load16(ip + 2), ip[1] & kTos,
      ip[1] & kPrecedence, ip[8], load16(ip + 4));
  const uint16_t fragment = load16(ip + 6);
  if (fragment & kReserved) add("CE ");
  if (fragment & kDontFragment) add("DF ");
  if (fragment & kMoreFragments) add("MF ");
  if (fragment & 0x1fff) add("FRAG:{} ", fragment & 0x1fff);
  const uint32_t length = (ip[0] & 0x0fu) * 4;
  if (!wants(LogTarget::kIpOptions) || length <= kIpv4Header) return true;
  const uint8_t* options = at(start + kIpv4Header, length - kIpv4Header);
  if (!options) {
    add("TRUNCATED");
    return false;
  }
  add("OPT (");
  add_hex(options, length - kIpv4Header);
  add(") ");
  return true;
}

void LineWriter::ipv4(uint32_t start) {
  const bool outer = start == 0;
  const uint8_t* ip = at(start, kIpv4Header);
  if (!ip) return add("TRUNCATED");
  if (!ipv4_head(start, ip)) return;
  const bool fragment = load16(ip + 6) & 0x1fff;
  const uint32_t offset = start + (ip[0] & 0x0fu) * 4;
  switch (ip[9]) {
    case IPPROTO_TCP:
      if (!tcp(offset, fragment)) return;
      break;
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
      if (!udp(ip[9], offset, fragment)) return;
      break;
    case IPPROTO_ICMP: icmp(offset, fragment, outer); break;
    case IPPROTO_AH:
      if (fragment) break;
      add("PROTO=AH ");
      spi(offset, 12, 4);
      break;
    case IPPROTO_ESP:
      add("PROTO=ESP ");
      if (!fragment) spi(offset, 8, 0);
      break;
    default: add("PROTO={} ", ip[9]);
  }
  mark(outer);
}

// ---- IPv6 ----

void LineWriter::ipv6_address(const uint8_t* address) {
  for (unsigned i = 0; i < 16; i += 2) add("{}{:04x}", i == 0 ? "" : ":", load16(address + i));
}

bool LineWriter::fragment_header(uint32_t offset, bool& fragment) {
  add("FRAG:");
  const uint8_t* header = at(offset, 8);
  if (!header) {
    add("TRUNCATED ");
    return false;
  }
  const uint16_t place = load16(header + 2) & 0xfff8;
  add("{} ", place);
  if (header[3] & 1) add("INCOMPLETE ");
  add("ID:{:08x} ", load32(header + 4));
  fragment |= place != 0;
  return true;
}

/// AH and ESP, shown only with --log-ip-options; the line ends with ESP in any case.
bool LineWriter::security_header(uint8_t header, uint32_t offset, bool fragment) {
  const bool ah = header == IPPROTO_AH;
  if (!wants(LogTarget::kIpOptions)) return ah;
  add("{} ", ah ? "AH" : "ESP");
  const uint8_t* bytes = fragment ? nullptr : at(offset, ah ? 12 : 8);
  if (!bytes) {
    if (!fragment) incomplete(offset, ah ? 12 : 8);
    add(")");
    return false;
  }
  add("SPI=0x{:x} ", load32(bytes + (ah ? 4 : 0)));
  if (!ah) add(")");
  return ah;
}

/// The headers in front of the transport. False: the line ends within them.
bool LineWriter::extensions(uint32_t& offset, uint8_t& next, bool& fragment) {
  const bool options = wants(LogTarget::kIpOptions);
  while (next != IPPROTO_NONE && (packet::is_extension(next) || next == IPPROTO_ESP)) {
    const uint8_t* header = at(offset, 2);
    if (!header) {
      add("TRUNCATED");
      return false;
    }
    if (options) add("OPT ( ");
    uint32_t length = 8;
    if (next == IPPROTO_FRAGMENT) {
      if (!fragment_header(offset, fragment)) return false;
    } else if (next == IPPROTO_AH || next == IPPROTO_ESP) {
      if (!security_header(next, offset, fragment)) return false;
      length = packet::extension_length(next, header[1]);
    } else {
      if (fragment) {
        if (options) add(")");
        return false;
      }
      length = packet::extension_length(next, header[1]);
    }
    if (options) add(") ");
    next = header[0];
    offset += length;
  }
  return true;
}

void LineWriter::ipv6(uint32_t start) {
  const bool outer = start == 0;
  const uint8_t* ip = at(start, kIpv6Header);
  if (!ip) return add("TRUNCATED");
  add("SRC=");
  ipv6_address(ip + 8);
  add(" DST=");
  ipv6_address(ip + 24);
  const uint32_t first = load32(ip);
  add(" LEN={} TC={} HOPLIMIT={} FLOWLBL={} ", load16(ip + 4) + kIpv6Header, first >> 20 & 0xff,
      ip[7], first & 0xfffff);
  uint32_t offset = start + kIpv6Header;
  uint8_t next = ip[6];
  bool fragment = false;
  if (!extensions(offset, next, fragment)) return;
  switch (next) {
    case IPPROTO_TCP:
      if (!tcp(offset, fragment)) return;
      break;
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
      if (!udp(next, offset, fragment)) return;
      break;
    case IPPROTO_ICMPV6:
      if (!icmpv6(offset, fragment, outer)) return;
      break;
    default: add("PROTO={} ", next);
  }
  mark(outer);
}

// ---- the link ----

void add_mac(std::string& line, std::span<const uint8_t> bytes) {
  for (size_t i = 0; i < bytes.size(); ++i)
    fmt::format_to(std::back_inserter(line), "{}{:02x}", i == 0 ? "" : ":", bytes[i]);
}

/// With VLAN tags taken out, as the kernel has it by then: both addresses and the last type.
void add_link(std::string& line, const LogEntry& entry, const router::Interfaces& interfaces) {
  constexpr size_t kEthernet = 14, kAddresses = 12, kMac = 6;
  std::array<uint8_t, kEthernet> header{};
  const auto link = entry.skb->link_header;
  const bool loopback = entry.in < interfaces.end() && interfaces[entry.in].loopback;
  if (loopback) {
    const bool v4 = entry.skb->is_ipv4();
    header[kAddresses] = v4 ? 0x08 : 0x86;
    header[kAddresses + 1] = v4 ? 0x00 : 0xdd;
  } else if (link.size() >= kEthernet) {
    std::copy_n(link.begin(), kAddresses, header.begin());
    std::copy_n(link.end() - 2, 2, header.begin() + kAddresses);
  } else {
    line += "MAC= ";
    return;
  }
  if (!(entry.flags & LogTarget::kMacDecode) || loopback) {
    line += "MAC=";
    add_mac(line, header);
    line += ' ';
    return;
  }
  line += "MACSRC=";
  add_mac(line, std::span(header).subspan(kMac, kMac));
  line += " MACDST=";
  add_mac(line, std::span(header).first(kMac));
  fmt::format_to(std::back_inserter(line), " MACPROTO={:04x} ", load16(&header[kAddresses]));
}

}  // namespace

std::string log_line(const LogEntry& entry, const router::Interfaces& interfaces) {
  const auto name = [&](uint32_t device) {
    return device == 0 ? std::string_view() : std::string_view(interfaces.name(device));
  };
  std::string line = fmt::format("{}IN={} OUT={} ", entry.prefix, name(entry.in), name(entry.out));
  if (entry.in != 0) add_link(line, entry, interfaces);
  LineWriter writer(line, *entry.skb, entry.flags);
  entry.skb->is_ipv4() ? writer.ipv4(0) : writer.ipv6(0);
  return line;
}

}  // namespace ctwin::rules
