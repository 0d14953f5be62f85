// What an engine and its clients say to each other over a unix socket, beside ctnetlink itself.
//
//   socket    := AF_UNIX, SOCK_SEQPACKET           datagram := message*
//   message   := a netlink message as the kernel would take or send it  |  control
//   control   := nlmsghdr payload                  numbers in the host's byte order
//
//   client:  kHello    Hello       the first thing to say, if it is said   answered with kWelcome
//            kJoin     Groups      multicast groups to be a member of          \ answered with an
//            kLeave    Groups      and to be a member of no more                } error message,
//            kRoom     Room        how much may wait before messages are lost  /  0 is an ACK
//   engine:  kWelcome  Welcome     with the sequence number of the Hello
//            NLMSG_OVERRUN Lost    messages were lost before this one; read ENOBUFS
//
// A datagram is a client's either in ctnetlink or in control messages; the first message decides.
// Control messages are answered whether they ask for it (NLM_F_ACK) or not. A datagram of no bytes
// ends the conversation. man/ctwin-engine.8 is the specification.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ctwin::netlink::dialect {

/// A subsystem that nfnetlink does not have.
constexpr uint16_t kSubsystem = 0xc7;
constexpr uint16_t kHello = kSubsystem << 8 | 0;
constexpr uint16_t kWelcome = kSubsystem << 8 | 1;
constexpr uint16_t kJoin = kSubsystem << 8 | 2;
constexpr uint16_t kLeave = kSubsystem << 8 | 3;
constexpr uint16_t kRoom = kSubsystem << 8 | 4;

constexpr uint32_t kMagic = 0x6e777463;  ///< "ctwn" where the lowest byte comes first
constexpr uint32_t kVersion = 1;

/// Limits, which the Welcome tells.
constexpr uint32_t kLargestRequest = 1 << 16;  ///< bytes of a client's datagram
constexpr uint32_t kLargestAnswer = 1 << 16;   ///< bytes of the engine's datagrams
constexpr uint32_t kLeastAnswer = 1 << 12;     ///< a client has to take as much
constexpr size_t kRoomAtFirst = size_t{1} << 20;
constexpr size_t kMostRoom = size_t{64} << 20;

/// Flag of a Hello: datagrams may be put together. Without it each event comes by itself.
constexpr uint32_t kGather = 1;

struct Hello {
  uint32_t magic = kMagic;
  uint32_t version = kVersion;
  uint32_t largest_answer = kLargestAnswer;  ///< bytes of a datagram that the client takes
  uint32_t flags = 0;
};

struct Welcome {
  uint32_t magic = kMagic;
  uint32_t version = kVersion;
  uint32_t port_id = 0;  ///< the client's, as in nlmsg_pid
  uint32_t largest_request = kLargestRequest;
  uint32_t largest_answer = kLargestAnswer;  ///< of what was asked for, what is given
  uint32_t most_clients = 0;
  uint64_t room = kRoomAtFirst;
  uint64_t most_room = kMostRoom;
};

/// Bit n-1 is the group NFNLGRP_* n.
struct Groups {
  uint32_t groups = 0;
};

/// Bytes; more than kMostRoom is kMostRoom.
struct Room {
  uint64_t bytes = 0;
};

/// Datagrams lost in this conversation, from its beginning.
struct Lost {
  uint64_t datagrams = 0;
};

}  // namespace ctwin::netlink::dialect
