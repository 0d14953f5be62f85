#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include <cerrno>
#include <cstring>

#include "wire.h"

namespace ctwin::test {

namespace {

Error failed(const char* what) {
  return {errno, std::string("cannot ") + what + ": " + std::strerror(errno)};
}

class KernelWire final : public Wire {
 public:
  explicit KernelWire(mnl_socket* socket) : socket_(socket) {}
  KernelWire(const KernelWire&) = delete;
  KernelWire& operator=(const KernelWire&) = delete;
  ~KernelWire() override { mnl_socket_close(socket_); }

  Status bind() {
    if (mnl_socket_bind(socket_, 0, MNL_SOCKET_AUTOPID) < 0) return failed("bind a netlink socket");
    int one = 1;
    mnl_socket_setsockopt(socket_, NETLINK_CAP_ACK, &one, sizeof one);
    return {};
  }
  Status send(std::string_view datagram) override {
    if (mnl_socket_sendto(socket_, datagram.data(), datagram.size()) < 0)
      return failed("send to the kernel");
    return {};
  }
  Result<size_t> receive(std::span<char> buffer) override {
    const ssize_t size = mnl_socket_recvfrom(socket_, buffer.data(), buffer.size());
    if (size < 0) return failed("receive from the kernel");
    return static_cast<size_t>(size);
  }

 private:
  mnl_socket* socket_;
};

}  // namespace

Result<WireSource> kernel_wires(const NetworkNamespace& where) {
  mnl_socket* socket =
      where.inside([] { return mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC); });
  if (!socket) return failed("open a netlink socket");
  const auto wire = std::make_shared<KernelWire>(socket);
  if (Status bound = wire->bind(); !bound) return bound.error();
  return WireSource([wire] { return Result<std::shared_ptr<Wire>>(wire); });
}

}  // namespace ctwin::test
