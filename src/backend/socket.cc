#include "backend/socket.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <optional>
#include <vector>

#include "backend/engine_socket.h"

namespace ctwin::backend {

namespace dialect = netlink::dialect;

namespace {

class SocketBackend final : public Backend {
 public:
  SocketBackend(EngineSocket socket, std::string path)
      : socket_(std::move(socket)), path_(std::move(path)) {}

  Status send(std::span<const std::byte> datagram) override {
    if (datagram.size() > socket_.welcome.largest_request) return Error{EMSGSIZE, {}};
    while (::send(fd(), datagram.data(), datagram.size(), MSG_NOSIGNAL) < 0) {
      if (errno == EPIPE || errno == ECONNRESET) return gone();
      if (errno != EINTR) return Error{errno, {}};
    }
    return {};
  }

  Result<std::span<const std::byte>> receive(std::span<std::byte> buffer) override {
    if (!strays_.empty()) return receive_stray(buffer);
    const ssize_t size = recv(fd(), buffer.data(), buffer.size(), MSG_TRUNC);
    if (size == 0 || (size < 0 && errno == ECONNRESET)) return gone();
    if (size < 0) return Error{errno, {}};
    if (static_cast<size_t>(size) > buffer.size()) return Error{EMSGSIZE, {}};
    return checked(buffer.first(static_cast<size_t>(size)));
  }

  Status join(uint32_t groups) override {
    return change_groups(fd(), dialect::kJoin, groups, keep_strays());
  }

  size_t set_room(size_t bytes) override {
    const size_t permitted = std::min<size_t>(bytes, socket_.welcome.most_room);
    return backend::set_room(fd(), permitted, keep_strays()).ok() ? permitted
                                                                  : socket_.welcome.room;
  }

  int fd() const override { return socket_.fd.get(); }
  uint64_t lost() const override { return lost_; }

 private:
  Error gone() const { return {ECONNRESET, "the engine on " + path_ + " has gone away"}; }

  Stray keep_strays() {
    return [this](std::span<const std::byte> datagram) {
      strays_.emplace_back(datagram.begin(), datagram.end());
    };
  }

  Result<std::span<const std::byte>> receive_stray(std::span<std::byte> buffer) {
    const std::vector<std::byte> stray = std::move(strays_.front());
    strays_.pop_front();
    if (stray.size() > buffer.size()) return Error{EMSGSIZE, {}};
    std::copy(stray.begin(), stray.end(), buffer.begin());
    return checked(buffer.first(stray.size()));
  }

  /// The datagram, unless it is the engine's word that others were lost.
  Result<std::span<const std::byte>> checked(std::span<const std::byte> datagram) {
    nlmsghdr header{};
    dialect::Lost lost;
    if (datagram.size() < sizeof header) return datagram;
    std::memcpy(&header, datagram.data(), sizeof header);
    if (header.nlmsg_type != NLMSG_OVERRUN) return datagram;
    if (datagram.size() >= sizeof header + sizeof lost)
      std::memcpy(&lost, datagram.data() + sizeof header, sizeof lost);
    lost_ = lost.datagrams;
    return Error{ENOBUFS, {}};
  }

  EngineSocket socket_;
  std::string path_;
  std::deque<std::vector<std::byte>> strays_;  ///< came while an answer was waited for
  uint64_t lost_ = 0;
};

class SocketSource final : public BackendSource {
 public:
  SocketSource(std::string path, EngineSocket first)
      : path_(std::move(path)), first_(std::move(first)) {}

  static Result<EngineSocket> connect(const std::string& path) {
    dialect::Hello hello;
    hello.flags = dialect::kGather;
    return connect_engine(path, hello);
  }

  Result<std::unique_ptr<Backend>> open() override {
    auto socket = first_ ? std::move(*first_) : connect(path_);
    first_.reset();
    if (!socket) return socket.error();
    return std::unique_ptr<Backend>(std::make_unique<SocketBackend>(std::move(*socket), path_));
  }

 private:
  std::string path_;
  std::optional<Result<EngineSocket>> first_;
};

}  // namespace

Result<std::unique_ptr<BackendSource>> socket_source(const std::string& path) {
  auto first = SocketSource::connect(path);
  if (!first) return first.error();
  return std::unique_ptr<BackendSource>(std::make_unique<SocketSource>(path, std::move(*first)));
}

}  // namespace ctwin::backend
