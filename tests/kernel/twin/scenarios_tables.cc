// Every cell of the transition tables as a flow of its own: a prefix brings the flow into a state,
// one packet is the cell, and an acknowledgement from either side shows where that has led.
#include <fmt/format.h>

#include "scenarios.h"
#include "words.h"

namespace ctwin::test {

namespace {

/// What brings a flow into a state, and the next numbers of both sides then.
struct TcpState {
  const char* name;
  const char* prefix;
  uint32_t left;
  uint32_t right;
};

constexpr TcpState kTcpStates[] = {
    {"NONE", "", 100, 500},
    {"SYN_SENT", "> S seq=100", 101, 500},
    {"SYN_RECV", "> S seq=100;< SA seq=500 ack=101", 101, 501},
    {"ESTABLISHED", "> S seq=100;< SA seq=500 ack=101;> A seq=101 ack=501", 101, 501},
    {"FIN_WAIT", "> S seq=100;< SA seq=500 ack=101;> A seq=101 ack=501;> FA seq=101 ack=501", 102,
     501},
    {"CLOSE_WAIT",
     "> S seq=100;< SA seq=500 ack=101;> A seq=101 ack=501;> FA seq=101 ack=501;< A seq=501 "
     "ack=102",
     102, 501},
    {"LAST_ACK",
     "> S seq=100;< SA seq=500 ack=101;> A seq=101 ack=501;> FA seq=101 ack=501;"
     "< FA seq=501 ack=102",
     102, 502},
    {"TIME_WAIT",
     "> S seq=100;< SA seq=500 ack=101;> A seq=101 ack=501;> FA seq=101 ack=501;"
     "< FA seq=501 ack=102;> A seq=102 ack=502",
     102, 502},
    {"CLOSE by the client", "> S seq=100;< SA seq=500 ack=101;> A seq=101 ack=501;> R seq=101", 101,
     501},
    {"CLOSE by the server", "> S seq=100;< SA seq=500 ack=101;> A seq=101 ack=501;< R seq=501", 101,
     501},
    {"SYN_SENT2", "> S seq=100;< S seq=500", 101, 501},
};

constexpr const char* kTcpPackets[] = {"S", "SA", "FA", "A", "R", "RA", "PA", "U"};

std::string tcp_step(std::string_view row, unsigned port) {
  const bool right = row[0] == '<';
  return fmt::format("{} tcp {} {} {}", row[0], right ? "r2:80" : fmt::format("l2:{}", port),
                     right ? fmt::format("l2:{}", port) : "r2:80", row.substr(2));
}

Sequence tcp_table() {
  Sequence sequence{
      "tcp: every cell of the transition table", {{"nf_conntrack_log_invalid", "255"}}, {}, false};
  unsigned port = 1000;
  for (const TcpState& state : kTcpStates) {
    for (const char* flags : kTcpPackets) {
      for (const char side : {'>', '<'}) {
        ++port;
        const uint32_t seq = side == '>' ? state.left : state.right;
        const uint32_t ack = side == '>' ? state.right : state.left;
        for (const std::string_view row : split(state.prefix, ';'))
          if (!row.empty()) sequence.steps.push_back(tcp_step(row, port));
        for (const std::string& row : {fmt::format("{} {} seq={} ack={}", side, flags, seq, ack),
                                       fmt::format("< A seq={} ack={}", state.right, state.left),
                                       fmt::format("> A seq={} ack={}", state.left, state.right)})
          sequence.steps.push_back(tcp_step(row, port));
      }
    }
  }
  return sequence;
}

struct SctpState {
  const char* name;
  const char* prefix;
};

// 11 and 22 are the tags of the client and of the server.
constexpr SctpState kSctpStates[] = {
    {"NONE", ""},
    {"CLOSED", "> init=11"},
    {"COOKIE_WAIT", "> init=11;< vtag=11 init_ack=22"},
    {"COOKIE_ECHOED", "> init=11;< vtag=11 init_ack=22;> vtag=22 cookie_echo"},
    {"ESTABLISHED", "> init=11;< vtag=11 init_ack=22;> vtag=22 cookie_echo;< vtag=11 cookie_ack"},
    {"SHUTDOWN_SENT",
     "> init=11;< vtag=11 init_ack=22;> vtag=22 cookie_echo;< vtag=11 cookie_ack;"
     "> vtag=22 shutdown"},
    {"SHUTDOWN_RECD",
     "> init=11;< vtag=11 init_ack=22;> vtag=22 cookie_echo;< vtag=11 cookie_ack;"
     "< vtag=11 shutdown"},
    {"SHUTDOWN_ACK_SENT",
     "> init=11;< vtag=11 init_ack=22;> vtag=22 cookie_echo;< vtag=11 cookie_ack;"
     "> vtag=22 shutdown;< vtag=11 shutdown_ack"},
    {"HEARTBEAT_SENT", "> vtag=22 heartbeat"},
};

constexpr const char* kSctpChunks[] = {"data",
                                       "init=33",
                                       "init_ack=33",
                                       "sack",
                                       "heartbeat",
                                       "heartbeat_ack",
                                       "abort",
                                       "abort=1",
                                       "shutdown",
                                       "shutdown_ack",
                                       "error",
                                       "cookie_echo",
                                       "cookie_ack",
                                       "shutdown_complete",
                                       "shutdown_complete=1",
                                       "chunk=130,0,8,4"};

std::string sctp_step(std::string_view row, unsigned port) {
  const bool right = row[0] == '<';
  return fmt::format("{} sctp {} {} {}", row[0], right ? "r2:80" : fmt::format("l2:{}", port),
                     right ? fmt::format("l2:{}", port) : "r2:80", row.substr(2));
}

Sequence sctp_table() {
  Sequence sequence{
      "sctp: every cell of the transition table", {{"nf_conntrack_log_invalid", "255"}}, {}, false};
  unsigned port = 1000;
  for (const SctpState& state : kSctpStates) {
    for (const std::string_view chunk : kSctpChunks) {
      for (const char side : {'>', '<'}) {
        ++port;
        const bool zero_tag = chunk.starts_with("init=");
        const bool own_tag = chunk.ends_with("=1");
        const int tag = zero_tag ? 0 : (side == '>') != own_tag ? 22 : 11;
        for (const std::string_view row : split(state.prefix, ';'))
          if (!row.empty()) sequence.steps.push_back(sctp_step(row, port));
        for (const std::string& row :
             {fmt::format("{} vtag={} {}", side, tag, chunk), fmt::format("< vtag=11 data"),
              fmt::format("> vtag=22 data")})
          sequence.steps.push_back(sctp_step(row, port));
      }
    }
  }
  return sequence;
}

}  // namespace

std::vector<Sequence> table_sequences() { return {tcp_table(), sctp_table()}; }

}  // namespace ctwin::test
