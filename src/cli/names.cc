#include "cli/names.h"

#include <netinet/in.h>
#include <strings.h>

#include <array>
#include <span>

namespace ctwin::cli {

namespace {

struct NamedProtocol {
  std::string_view name;
  uint8_t proto;
};

constexpr std::array<NamedProtocol, 8> kProtocols{{{"tcp", IPPROTO_TCP},
                                                   {"udp", IPPROTO_UDP},
                                                   {"udplite", IPPROTO_UDPLITE},
                                                   {"sctp", IPPROTO_SCTP},
                                                   {"dccp", IPPROTO_DCCP},
                                                   {"icmp", IPPROTO_ICMP},
                                                   {"icmpv6", IPPROTO_ICMPV6},
                                                   {"gre", IPPROTO_GRE}}};

// By enum tcp_conntrack, enum sctp_conntrack and enum ct_dccp_states of the kernel.
constexpr std::array<std::string_view, 10> kTcpStates{
    "NONE",       "SYN_SENT", "SYN_RECV",  "ESTABLISHED", "FIN_WAIT",
    "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",       "SYN_SENT2"};
constexpr std::array<std::string_view, 10> kSctpStates{
    "NONE",          "CLOSED",        "COOKIE_WAIT",       "COOKIE_ECHOED",  "ESTABLISHED",
    "SHUTDOWN_SENT", "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT", "HEARTBEAT_SENT", "HEARTBEAT_ACKED"};
constexpr std::array<std::string_view, 10> kDccpStates{"NONE",   "REQUEST",  "RESPOND", "PARTOPEN",
                                                       "OPEN",   "CLOSEREQ", "CLOSING", "TIMEWAIT",
                                                       "IGNORE", "INVALID"};

constexpr std::array<std::string_view, kStatusBits> kStatusNames{
    "EXPECTED",   "SEEN_REPLY",   "ASSURED",      "CONFIRMED", "SRC_NAT",       "DST_NAT",
    "SEQ_ADJUST", "SRC_NAT_DONE", "DST_NAT_DONE", "DYING",     "FIXED_TIMEOUT", "TEMPLATE",
    "UNTRACKED",  "HELPER",       "OFFLOAD",      "HW_OFFLOAD"};

std::string_view name_of(std::span<const std::string_view> names, uint8_t number) {
  return names[number < names.size() ? number : 0];
}

std::optional<uint8_t> number_of(std::span<const std::string_view> names, std::string_view name) {
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<uint8_t>(i);
  return {};
}

}  // namespace

std::string_view protocol_name(uint8_t proto) {
  for (const NamedProtocol& known : kProtocols)
    if (known.proto == proto) return known.name;
  return {};
}

std::optional<uint8_t> named_protocol(std::string_view name) {
  for (const NamedProtocol& known : kProtocols)
    if (known.name.size() == name.size() &&
        strncasecmp(known.name.data(), name.data(), name.size()) == 0)
      return known.proto;
  return {};
}

std::string_view tcp_state_name(uint8_t state) { return name_of(kTcpStates, state); }
std::string_view sctp_state_name(uint8_t state) { return name_of(kSctpStates, state); }
std::string_view dccp_state_name(uint8_t state) { return name_of(kDccpStates, state); }

std::optional<uint8_t> tcp_state(std::string_view name) {
  return number_of(kTcpStates, name == "LISTEN" ? "SYN_SENT2" : name);
}
std::optional<uint8_t> sctp_state(std::string_view name) { return number_of(kSctpStates, name); }
std::optional<uint8_t> dccp_state(std::string_view name) { return number_of(kDccpStates, name); }

std::string_view status_name(unsigned bit) { return kStatusNames[bit]; }

}  // namespace ctwin::cli
