#include "backend/engine_socket.h"

#include <linux/netlink.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

namespace ctwin::backend {

namespace dialect = netlink::dialect;

namespace {

/// An engine answers between two packets; one that takes longer is stopped, or none.
constexpr int kPatience = 10;  // seconds

constexpr const char* kStart = "; `ctwin --serve PATH' starts an engine";

std::string owner_and_mode(const struct stat& found) {
  const passwd* user = getpwuid(found.st_uid);
  std::string text = user ? user->pw_name : std::to_string(found.st_uid);
  text += ", mode 0";
  for (int shift = 6; shift >= 0; shift -= 3)
    text += static_cast<char>('0' + ((found.st_mode >> shift) & 7));
  return text;
}

/// Why nobody was there.
Error not_connected(const std::string& path, int code) {
  struct stat found {};
  const bool is_there = stat(path.c_str(), &found) == 0;
  switch (code) {
    case ENOENT: return {code, "nobody serves on " + path + ": there is no such socket" + kStart};
    case ECONNREFUSED:
      if (is_there && !S_ISSOCK(found.st_mode))
        return {ENOTSOCK, "nobody serves on " + path + ": it is no socket" + kStart};
      return {code,
              "nobody serves on " + path + ": the engine that made this socket has ended" + kStart};
    case EACCES:
    case EPERM:
      return {code, "no permission to use " + path +
                        (is_there ? ": it belongs to " + owner_and_mode(found) : std::string()) +
                        "; --socket-mode and --socket-group of --serve let others use it"};
    case EPROTOTYPE: return {code, path + " is the socket of another program, no engine's"};
    case EAGAIN:
      return {ETIMEDOUT, "the engine on " + path + " takes no clients; is it stopped, or busy?"};
    default: return {code, "cannot connect to " + path + ": " + std::strerror(code)};
  }
}

/// What the other end's answer to Hello means, if it is none of welcome.
Error not_welcome(const std::string& path, int code) {
  switch (code) {
    case EUSERS:
      return {code, "the engine on " + path + " has as many clients as it can serve; try later"};
    case EPROTONOSUPPORT:
      return {code, "the engine on " + path + " speaks another version of the protocol than " +
                        std::to_string(dialect::kVersion) + "; use the same ctwin for both"};
    case ETIMEDOUT:
      return {code, "nothing answers on " + path + " within " + std::to_string(kPatience) +
                        " s: the engine is stopped or busy, or it is no engine"};
    default: return {EPROTO, "what serves on " + path + " is no ctwin engine"};
  }
}

void limit_waiting(int fd, int option, int seconds) {
  const timeval limit{seconds, 0};
  (void)setsockopt(fd, SOL_SOCKET, option, &limit, sizeof limit);
}

template <typename Payload>
Status send_control(int fd, uint16_t type, const Payload& payload) {
  struct {
    nlmsghdr header;
    Payload payload;
  } message{};
  message.header.nlmsg_len = sizeof message.header + sizeof payload;
  message.header.nlmsg_type = type;
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  message.header.nlmsg_seq = type;  // nothing else has this number and waits for an answer
  message.payload = payload;
  static_assert(sizeof message == sizeof(nlmsghdr) + sizeof payload);
  if (send(fd, &message, sizeof message, MSG_NOSIGNAL) < 0) return Error{errno, {}};
  return {};
}

/// Receives one datagram; fails with ETIMEDOUT when none comes.
Result<size_t> receive(int fd, std::span<std::byte> buffer) {
  for (;;) {
    pollfd source{fd, POLLIN, 0};
    const int ready = poll(&source, 1, kPatience * 1000);
    if (ready == 0) return Error{ETIMEDOUT, {}};
    const ssize_t size = ready < 0 ? -1 : recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size > 0) return static_cast<size_t>(size);
    if (size == 0) return Error{ECONNRESET, {}};
    if (errno != EINTR && errno != EAGAIN) return Error{errno, {}};
  }
}

/// The errno of an error message, negative for what is none.
int error_code(std::span<const std::byte> datagram, const nlmsghdr& header) {
  int32_t code = 0;
  if (header.nlmsg_type != NLMSG_ERROR || datagram.size() < sizeof header + sizeof code) return -1;
  std::memcpy(&code, datagram.data() + sizeof header, sizeof code);
  return code <= 0 && code > INT32_MIN ? -code : -1;
}

template <typename Payload>
Status control(int fd, uint16_t type, const Payload& payload, const Stray& stray) {
  if (Status sent = send_control(fd, type, payload); !sent) return sent;
  std::vector<std::byte> buffer(dialect::kLargestAnswer);
  for (;;) {
    const auto size = receive(fd, buffer);
    if (!size) return size.error();
    const auto datagram = std::span<const std::byte>(buffer).first(*size);
    nlmsghdr header{};
    if (datagram.size() >= sizeof header) std::memcpy(&header, datagram.data(), sizeof header);
    const int code = header.nlmsg_seq == type ? error_code(datagram, header) : -1;
    if (code == 0) return {};
    if (code > 0) return Error{code, {}};
    stray(datagram);
  }
}

/// The answer to Hello. One who is turned away may learn of the closed socket first, and of the
/// reason then.
Result<dialect::Welcome> await_welcome(int fd) {
  std::vector<std::byte> buffer(dialect::kLeastAnswer);
  auto size = receive(fd, buffer);
  if (!size && size.error().code == ECONNRESET) size = receive(fd, buffer);
  if (!size) return size.error();
  const auto datagram = std::span<const std::byte>(buffer).first(*size);
  nlmsghdr header{};
  dialect::Welcome welcome;
  if (datagram.size() < sizeof header) return Error{EPROTO, {}};
  std::memcpy(&header, datagram.data(), sizeof header);
  if (const int code = error_code(datagram, header); code > 0) return Error{code, {}};
  if (header.nlmsg_type != dialect::kWelcome || datagram.size() < sizeof header + sizeof welcome)
    return Error{EPROTO, {}};
  std::memcpy(&welcome, datagram.data() + sizeof header, sizeof welcome);
  if (welcome.magic != dialect::kMagic) return Error{EPROTO, {}};
  if (welcome.version != dialect::kVersion) return Error{EPROTONOSUPPORT, {}};
  return welcome;
}

}  // namespace

Result<EngineSocket> connect_engine(const std::string& path, const dialect::Hello& hello) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return Error{ENAMETOOLONG, "'" + path + "' cannot be a socket: its path would have 1 to " +
                                   std::to_string(sizeof address.sun_path - 1) + " bytes"};
  std::memcpy(address.sun_path, path.data(), path.size());
  EngineSocket made{UniqueFd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)), {}};
  const int fd = made.fd.get();
  if (fd < 0) return Error{errno, std::string("cannot make a socket: ") + std::strerror(errno)};
  limit_waiting(fd, SO_SNDTIMEO, kPatience);
  while (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
    if (errno != EINTR) return not_connected(path, errno);
  // One who is turned away may be so before it speaks; the reason is there to be read.
  (void)send_control(fd, dialect::kHello, hello);
  const auto welcome = await_welcome(fd);
  if (!welcome) return not_welcome(path, welcome.error().code);
  limit_waiting(fd, SO_SNDTIMEO, 0);
  made.welcome = *welcome;
  return made;
}

Status change_groups(int fd, uint16_t type, uint32_t groups, const Stray& stray) {
  return control(fd, type, dialect::Groups{groups}, stray);
}

Status set_room(int fd, uint64_t bytes, const Stray& stray) {
  return control(fd, dialect::kRoom, dialect::Room{bytes}, stray);
}

}  // namespace ctwin::backend
