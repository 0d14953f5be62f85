// The running kernel's ctnetlink, over an AF_NETLINK socket of libmnl.
#pragma once

#include <memory>

#include "ctwin/backend.h"

namespace ctwin::backend {

/// Opens NETLINK_NETFILTER sockets in the network namespace that the process is in. Opening needs
/// no privilege; most requests need CAP_NET_ADMIN and fail with EPERM without it.
std::unique_ptr<BackendSource> kernel_source();

}  // namespace ctwin::backend
