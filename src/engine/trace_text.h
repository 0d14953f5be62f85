// How --trace spells things: packets, tuples, states.
#pragma once

#include <string>
#include <string_view>

#include "conntrack/conn.h"
#include "packet/packet.h"
#include "rules/rule.h"

namespace ctwin::engine {

/// "2026-11-21T12:00:00.000000Z"
std::string time_text(uint64_t ns);
/// A packet on one line, as tcpdump's readers expect it.
std::string packet_text(const packet::Packet& packet);
/// The packet's own tuple in conntrack's words; "none" when it has none.
std::string tuple_text(const packet::Packet& packet);
/// "ESTABLISHED REPLY"
const char* info_text(conntrack::CtInfo info);
/// The state of a TCP or SCTP flow, or what is known of another: ASSURED, REPLIED, UNREPLIED.
std::string state_text(const conntrack::Conn& ct);
/// What a rule does with the packets that it matches: "DROP", "-> CHAIN", "SNAT".
std::string target_text(const rules::Ruleset& rules, rules::TableId table, const rules::Rule& rule);
std::string json_string(std::string_view text);

}  // namespace ctwin::engine
