// Words that are read and printed alike: the tables that command and save share.
#pragma once

#include <cstdint>

#include "conntrack/skb.h"
#include "rules/rule.h"

namespace ctwin::rules {

struct FlagName {
  const char* name;
  uint32_t flag;
};

/// By route type (RTN_*).
inline constexpr const char* kAddressTypes[] = {"UNSPEC",   "UNICAST",   "LOCAL",     "BROADCAST",
                                                "ANYCAST",  "MULTICAST", "BLACKHOLE", "UNREACHABLE",
                                                "PROHIBIT", "THROW",     "NAT",       "XRESOLVE"};

/// In the order in which they are printed.
inline constexpr FlagName kStates[] = {{"INVALID", ConntrackMatch::kInvalid},
                                       {"NEW", ConntrackMatch::kNew},
                                       {"RELATED", ConntrackMatch::kRelated},
                                       {"ESTABLISHED", ConntrackMatch::kEstablished},
                                       {"UNTRACKED", ConntrackMatch::kUntracked},
                                       {"SNAT", ConntrackMatch::kSnat},
                                       {"DNAT", ConntrackMatch::kDnat}};

inline constexpr FlagName kStatuses[] = {{"EXPECTED", kExpected},
                                         {"SEEN_REPLY", kSeenReply},
                                         {"ASSURED", kAssured},
                                         {"CONFIRMED", kConfirmed}};

inline constexpr FlagName kTcpFlags[] = {{"FIN", 0x01}, {"SYN", 0x02}, {"RST", 0x04},
                                         {"PSH", 0x08}, {"ACK", 0x10}, {"URG", 0x20}};

struct SctpChunkName {
  const char* name;
  uint8_t type;
  const char* flags;  ///< their letters, the bit of 1 last
};
/// By type, as they are printed.
inline constexpr SctpChunkName kSctpChunks[] = {
    {"DATA", 0, "IUBE"},       {"INIT", 1, ""},          {"INIT_ACK", 2, ""},
    {"SACK", 3, ""},           {"HEARTBEAT", 4, ""},     {"HEARTBEAT_ACK", 5, ""},
    {"ABORT", 6, "T"},         {"SHUTDOWN", 7, ""},      {"SHUTDOWN_ACK", 8, ""},
    {"ERROR", 9, ""},          {"COOKIE_ECHO", 10, ""},  {"COOKIE_ACK", 11, ""},
    {"ECN_ECNE", 12, ""},      {"ECN_CWR", 13, ""},      {"SHUTDOWN_COMPLETE", 14, "T"},
    {"I_DATA", 64, "IUBE"},    {"ASCONF_ACK", 128, ""},  {"RE_CONFIG", 130, ""},
    {"PAD", 132, ""},          {"FORWARD_TSN", 192, ""}, {"ASCONF", 193, ""},
    {"I_FORWARD_TSN", 194, ""}};

/// --ctevents: 1 << IPCT_*.
inline constexpr FlagName kEvents[] = {
    {"new", 1 << 0},        {"related", 1 << 1},   {"destroy", 1 << 2}, {"reply", 1 << 3},
    {"assured", 1 << 4},    {"protoinfo", 1 << 5}, {"helper", 1 << 6},  {"mark", 1 << 7},
    {"natseqinfo", 1 << 8}, {"secmark", 1 << 9}};

struct RejectName {
  const char* name;
  const char* alias;
  RejectTarget::With with;
};
inline constexpr RejectName kRejects4[] = {
    {"icmp-net-unreachable", "net-unreach", RejectTarget::With::kNetUnreachable},
    {"icmp-host-unreachable", "host-unreach", RejectTarget::With::kHostUnreachable},
    {"icmp-proto-unreachable", "proto-unreach", RejectTarget::With::kProtUnreachable},
    {"icmp-port-unreachable", "port-unreach", RejectTarget::With::kPortUnreachable},
    {"icmp-net-prohibited", "net-prohib", RejectTarget::With::kNetProhibited},
    {"icmp-host-prohibited", "host-prohib", RejectTarget::With::kHostProhibited},
    {"tcp-reset", "tcp-rst", RejectTarget::With::kTcpReset},
    {"icmp-admin-prohibited", "admin-prohib", RejectTarget::With::kAdminProhibited}};
inline constexpr RejectName kRejects6[] = {
    {"icmp6-no-route", "no-route", RejectTarget::With::kNoRoute6},
    {"icmp6-adm-prohibited", "adm-prohibited", RejectTarget::With::kAdminProhibited6},
    {"icmp6-addr-unreachable", "addr-unreach", RejectTarget::With::kAddressUnreachable6},
    {"icmp6-port-unreachable", "port-unreach", RejectTarget::With::kPortUnreachable6},
    {"tcp-reset", "tcp-reset", RejectTarget::With::kTcpReset},
    {"icmp6-policy-fail", "policy-fail", RejectTarget::With::kPolicyFail6},
    {"icmp6-reject-route", "reject-route", RejectTarget::With::kRejectRoute6}};

}  // namespace ctwin::rules
