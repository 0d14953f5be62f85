// A library to preload (LD_PRELOAD) that gives a program a served engine for the kernel: its
// NETLINK_NETFILTER sockets become conversations on the unix socket that CTWIN_SHIM_SOCKET names.
//
// The program calls what it always calls: socket, bind, getsockname, setsockopt and getsockopt,
// send* and recv*, close. To it the engine's datagrams come from a netlink socket of port 0.
// Waiting (poll, select) works by itself, since its descriptor is the unix socket; so do socket
// filters, which the kernel applies to what arrives there. Not for programs with several threads.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <vector>

#include "backend/engine_socket.h"

namespace {

namespace dialect = ctwin::netlink::dialect;

/// What stands behind a descriptor that the program takes for a netlink socket.
struct Conversation {
  uint32_t port_id = 0;
  uint32_t groups = 0;
  int receive_buffer = 212'992;  ///< as a new socket's
  std::deque<std::vector<std::byte>> strays;
};

/// Never destroyed: programs close their sockets at any time.
std::map<int, Conversation>& conversations() {
  static auto* all = new std::map<int, Conversation>;
  return *all;
}

Conversation* find(int fd) {
  const auto found = conversations().find(fd);
  return found == conversations().end() ? nullptr : &found->second;
}

/// The function of this name that the program would have called without us.
template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

int fail(int code) {
  errno = code;
  return -1;
}

int connect_instead(const char* path, int type) {
  dialect::Hello hello;
  hello.largest_answer = dialect::kLeastAnswer;  // no netlink program reads into less
  auto made = ctwin::backend::connect_engine(path, hello);
  if (!made) {
    std::fprintf(stderr, "netfilter_shim: %s\n", made.error().text.c_str());
    return fail(EPROTONOSUPPORT);
  }
  // The descriptor is the program's from here on, to be closed by it.
  const int fd = fcntl(made->fd.get(), type & SOCK_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 3);
  if (fd < 0) return -1;
  if (type & SOCK_NONBLOCK) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  conversations()[fd] = {};
  conversations()[fd].port_id = made->welcome.port_id;
  return fd;
}

int change_groups(int fd, Conversation& with, uint16_t type, uint32_t groups) {
  const auto keep = [&with](std::span<const std::byte> datagram) {
    with.strays.emplace_back(datagram.begin(), datagram.end());
  };
  const ctwin::Status changed = ctwin::backend::change_groups(fd, type, groups, keep);
  if (!changed) return fail(changed.error().code);
  with.groups = type == dialect::kJoin ? with.groups | groups : with.groups & ~groups;
  return 0;
}

int change_membership(int fd, Conversation& with, int option, const void* value, socklen_t length) {
  if (option != NETLINK_ADD_MEMBERSHIP && option != NETLINK_DROP_MEMBERSHIP) return 0;
  int group = 0;
  if (length < sizeof group) return fail(EINVAL);
  std::memcpy(&group, value, sizeof group);
  if (group < 1 || group > 32) return fail(EINVAL);
  return change_groups(fd, with,
                       option == NETLINK_ADD_MEMBERSHIP ? dialect::kJoin : dialect::kLeave,
                       1u << (group - 1));
}

/// The kernel keeps twice what is asked for, to have room for what it notes beside the bytes, and
/// not less than there must be.
int change_buffer(int fd, Conversation& with, const void* value, socklen_t length) {
  int bytes = 0;
  if (length < sizeof bytes) return fail(EINVAL);
  std::memcpy(&bytes, value, sizeof bytes);
  constexpr int kLeast = 2304, kMost = 1 << 30;
  bytes = std::clamp(bytes, 0, kMost / 2);
  const auto keep = [&with](std::span<const std::byte> datagram) {
    with.strays.emplace_back(datagram.begin(), datagram.end());
  };
  const ctwin::Status changed = ctwin::backend::set_room(fd, static_cast<uint64_t>(bytes), keep);
  if (!changed) return fail(changed.error().code);
  with.receive_buffer = std::max(bytes * 2, kLeast);
  return 0;
}

void fill_address(sockaddr* address, socklen_t* length, uint32_t port_id, uint32_t groups) {
  if (!address || !length) return;
  sockaddr_nl netlink{};
  netlink.nl_family = AF_NETLINK;
  netlink.nl_pid = port_id;
  netlink.nl_groups = groups;
  std::memcpy(address, &netlink, std::min<size_t>(*length, sizeof netlink));
  *length = sizeof netlink;
}

/// The bytes were received into `message`; is it the engine's word that others were lost?
bool is_overrun(const msghdr& message, ssize_t size) {
  nlmsghdr header{};
  if (size < static_cast<ssize_t>(sizeof header) || message.msg_iovlen == 0 ||
      message.msg_iov[0].iov_len < sizeof header)
    return false;
  std::memcpy(&header, message.msg_iov[0].iov_base, sizeof header);
  return header.nlmsg_type == NLMSG_OVERRUN;
}

ssize_t receive_stray(Conversation& with, msghdr* message) {
  const std::vector<std::byte> stray = std::move(with.strays.front());
  with.strays.pop_front();
  size_t at = 0;
  for (size_t i = 0; i < message->msg_iovlen && at < stray.size(); ++i) {
    const iovec& part = message->msg_iov[i];
    const size_t size = std::min(part.iov_len, stray.size() - at);
    std::memcpy(part.iov_base, stray.data() + at, size);
    at += size;
  }
  message->msg_flags = at < stray.size() ? MSG_TRUNC : 0;
  message->msg_controllen = 0;
  return static_cast<ssize_t>(at);
}

}  // namespace

extern "C" {

int socket(int family, int type, int protocol) noexcept {
  const char* path = std::getenv("CTWIN_SHIM_SOCKET");
  if (path && family == AF_NETLINK && protocol == NETLINK_NETFILTER)
    return connect_instead(path, type);
  return next<decltype(socket)>("socket")(family, type, protocol);
}

int bind(int fd, const sockaddr* address, socklen_t length) noexcept {
  Conversation* with = find(fd);
  if (!with) return next<decltype(bind)>("bind")(fd, address, length);
  sockaddr_nl netlink{};
  if (!address || length < sizeof netlink || address->sa_family != AF_NETLINK) return fail(EINVAL);
  std::memcpy(&netlink, address, sizeof netlink);
  return netlink.nl_groups == 0 ? 0 : change_groups(fd, *with, dialect::kJoin, netlink.nl_groups);
}

int getsockname(int fd, sockaddr* address, socklen_t* length) noexcept {
  const Conversation* with = find(fd);
  if (!with) return next<decltype(getsockname)>("getsockname")(fd, address, length);
  fill_address(address, length, with->port_id, with->groups);
  return 0;
}

int setsockopt(int fd, int level, int option, const void* value, socklen_t length) noexcept {
  Conversation* with = find(fd);
  if (with && level == SOL_NETLINK) return change_membership(fd, *with, option, value, length);
  if (with && level == SOL_SOCKET && (option == SO_RCVBUF || option == SO_RCVBUFFORCE))
    return change_buffer(fd, *with, value, length);
  return next<decltype(setsockopt)>("setsockopt")(fd, level, option, value, length);
}

int getsockopt(int fd, int level, int option, void* value, socklen_t* length) noexcept {
  const Conversation* with = find(fd);
  if (!with || level != SOL_SOCKET || option != SO_RCVBUF)
    return next<decltype(getsockopt)>("getsockopt")(fd, level, option, value, length);
  if (*length < sizeof with->receive_buffer) return fail(EINVAL);
  std::memcpy(value, &with->receive_buffer, sizeof with->receive_buffer);
  *length = sizeof with->receive_buffer;
  return 0;
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  const auto real = next<decltype(sendmsg)>("sendmsg");
  if (!find(fd)) return real(fd, message, flags);
  msghdr plain = *message;
  plain.msg_name = nullptr;
  plain.msg_namelen = 0;
  return real(fd, &plain, flags | MSG_NOSIGNAL);
}

ssize_t sendto(int fd, const void* bytes, size_t size, int flags, const sockaddr* to,
               socklen_t length) {
  if (!find(fd)) return next<decltype(sendto)>("sendto")(fd, bytes, size, flags, to, length);
  return next<decltype(sendto)>("sendto")(fd, bytes, size, flags | MSG_NOSIGNAL, nullptr, 0);
}

ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  return sendto(fd, bytes, size, flags, nullptr, 0);
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
  const auto real = next<decltype(recvmsg)>("recvmsg");
  Conversation* with = find(fd);
  if (!with) return real(fd, message, flags);
  void* const name = message->msg_name;
  socklen_t name_length = message->msg_namelen;
  message->msg_name = nullptr;
  message->msg_namelen = 0;
  const ssize_t size =
      with->strays.empty() ? real(fd, message, flags) : receive_stray(*with, message);
  const int code = errno;
  fill_address(static_cast<sockaddr*>(name), &name_length, 0, 0);
  message->msg_name = name;
  message->msg_namelen = name ? name_length : 0;
  if (size > 0 && is_overrun(*message, size)) return fail(ENOBUFS);
  errno = code;
  return size;
}

ssize_t recvfrom(int fd, void* bytes, size_t size, int flags, sockaddr* from, socklen_t* length) {
  if (!find(fd)) return next<decltype(recvfrom)>("recvfrom")(fd, bytes, size, flags, from, length);
  iovec part{bytes, size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  const ssize_t received = recvmsg(fd, &message, flags);
  if (received >= 0) fill_address(from, length, 0, 0);
  return received;
}

ssize_t recv(int fd, void* bytes, size_t size, int flags) {
  return recvfrom(fd, bytes, size, flags, nullptr, nullptr);
}

int close(int fd) {
  conversations().erase(fd);
  return next<decltype(close)>("close")(fd);
}

}  // extern "C"
