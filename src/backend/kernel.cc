#include "backend/kernel.h"

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace ctwin::backend {

namespace {

struct CloseSocket {
  void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};
using Socket = std::unique_ptr<mnl_socket, CloseSocket>;

class KernelBackend final : public Backend {
 public:
  explicit KernelBackend(Socket socket) : socket_(std::move(socket)) {}

  Status send(std::span<const std::byte> datagram) override {
    if (mnl_socket_sendto(socket_.get(), datagram.data(), datagram.size()) < 0)
      return Error{errno, {}};
    return {};
  }

  Result<std::span<const std::byte>> receive(std::span<std::byte> buffer) override {
    const ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    if (size < 0) return Error{errno == ENOSPC ? EMSGSIZE : errno, {}};
    return std::span<const std::byte>(buffer.first(static_cast<size_t>(size)));
  }

  Status join(uint32_t groups) override {
    for (int group = 1; groups != 0; ++group, groups >>= 1) {
      if ((groups & 1) == 0) continue;
      if (mnl_socket_setsockopt(socket_.get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
        return Error{errno, {}};
    }
    return {};
  }

  /// Past the system's limit where that is permitted.
  size_t set_room(size_t bytes) override {
    int size = static_cast<int>(std::min<size_t>(bytes, INT32_MAX));
    if (setsockopt(fd(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
      (void)setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    socklen_t length = sizeof size;
    (void)getsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &size, &length);
    return static_cast<size_t>(size);
  }

  void set_filter(std::span<const sock_filter> program) override {
    const sock_fprog attached{static_cast<uint16_t>(program.size()),
                              const_cast<sock_filter*>(program.data())};
    (void)setsockopt(fd(), SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached);
  }

  uint64_t lost() const override {
    constexpr size_t kDrops = 8;  // SK_MEMINFO_DROPS of linux/sock_diag.h
    uint32_t info[16] = {};
    socklen_t length = sizeof info;
    if (getsockopt(fd(), SOL_SOCKET, SO_MEMINFO, info, &length) < 0) return 0;
    return length > kDrops * sizeof(uint32_t) ? info[kDrops] : 0;
  }

  int fd() const override { return mnl_socket_get_fd(socket_.get()); }

 private:
  Socket socket_;
};

class KernelSource final : public BackendSource {
 public:
  Result<std::unique_ptr<Backend>> open() override {
    Socket socket(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC));
    if (!socket) return Error{errno, "cannot open a netfilter netlink socket"};
    if (mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
      return Error{errno, "cannot bind a netfilter netlink socket"};
    int on = 1;  // errors come back without a copy of the request; older kernels may refuse
    (void)mnl_socket_setsockopt(socket.get(), NETLINK_CAP_ACK, &on, sizeof on);
    return std::unique_ptr<Backend>(std::make_unique<KernelBackend>(std::move(socket)));
  }
};

}  // namespace

std::unique_ptr<BackendSource> kernel_source() { return std::make_unique<KernelSource>(); }

}  // namespace ctwin::backend
