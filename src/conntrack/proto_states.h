// The states of the protocols that have any, numbered as ctnetlink shows them.
#pragma once

#include <cstdint>

namespace ctwin::conntrack {

/// enum tcp_conntrack
enum class TcpState : uint8_t {
  kNone,
  kSynSent,
  kSynRecv,
  kEstablished,
  kFinWait,
  kCloseWait,
  kLastAck,
  kTimeWait,
  kClose,
  kSynSent2,  ///< simultaneous open: LISTEN in some headers
};

/// enum sctp_conntrack
enum class SctpState : uint8_t {
  kNone,
  kClosed,
  kCookieWait,
  kCookieEchoed,
  kEstablished,
  kShutdownSent,
  kShutdownRecd,
  kShutdownAckSent,
  kHeartbeatSent,
};

}  // namespace ctwin::conntrack
