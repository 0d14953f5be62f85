// A client's end of the socket of a served engine: how a conversation begins and is set up. What it
// says is specified in netlink/dialect.h.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "base/posix.h"
#include "ctwin/result.h"
#include "netlink/dialect.h"

namespace ctwin::backend {

struct EngineSocket {
  UniqueFd fd;  ///< blocking
  netlink::dialect::Welcome welcome;
};

/// Connects and says hello. Errors name the path, what is the matter there and what to do.
Result<EngineSocket> connect_engine(const std::string& path, const netlink::dialect::Hello& hello);

/// Datagrams that come while one waits for something else.
using Stray = std::function<void(std::span<const std::byte> datagram)>;

/// Makes the conversation a member of multicast groups, or no longer (kJoin, kLeave); waits for the
/// engine to say that it is.
Status change_groups(int fd, uint16_t type, uint32_t groups, const Stray& stray);
/// Sets how many bytes may wait in the engine, and waits for the engine to confirm.
Status set_room(int fd, uint64_t bytes, const Stray& stray);

}  // namespace ctwin::backend
