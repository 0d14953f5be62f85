#include "live/clients.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ctwin::live {

namespace dialect = netlink::dialect;
using netlink::Message;

namespace {

// What one client gets in one turn.
constexpr size_t kReadBytes = size_t{128} << 10;
constexpr size_t kReadDatagrams = 64;
constexpr size_t kWriteBytes = size_t{256} << 10;
constexpr size_t kWriteDatagrams = 256;
constexpr int kAccepted = 64;

/// While more waits for a client, no more is read of it.
constexpr size_t kAnswersAhead = size_t{512} << 10;

/// How long nobody is accepted when there is not even a descriptor to refuse one with.
constexpr uint64_t kPauseNs = 1'000'000'000;

bool is_shortage(int code) {
  return code == EMFILE || code == ENFILE || code == ENOMEM || code == ENOBUFS;
}

/// Descriptors that are left for other things than clients.
constexpr rlim_t kReserve = 32;

/// A control message of the engine: `payload` behind its header.
template <typename Payload>
struct Control {
  nlmsghdr header{};
  Payload payload;

  Control(uint16_t type, const nlmsghdr& request, uint32_t port_id, const Payload& content)
      : payload(content) {
    header.nlmsg_len = sizeof header + sizeof payload;
    header.nlmsg_type = type;
    header.nlmsg_seq = request.nlmsg_seq;
    header.nlmsg_pid = port_id;
  }
  std::span<const std::byte> bytes() const {
    static_assert(sizeof(Control) == sizeof(nlmsghdr) + sizeof(Payload));
    return std::as_bytes(std::span(this, 1));
  }
};

template <typename Payload>
bool read_payload(const Message& message, Payload& payload) {
  if (message.body.size() < sizeof payload) return false;
  std::memcpy(&payload, message.body.data(), sizeof payload);
  return true;
}

bool is_control(const nlmsghdr& header) { return header.nlmsg_type >> 8 == dialect::kSubsystem; }

/// The process at the other end, 0 where that is not known.
uint32_t process_behind(int fd) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 || peer.pid < 0) return 0;
  return static_cast<uint32_t>(peer.pid);
}

/// How many clients the limit of open files permits, once it is as high as it may be.
size_t permitted_clients(size_t wanted) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) < 0) return wanted;
  const rlim_t needed = wanted + kReserve;
  if (files.rlim_cur < needed) {
    rlimit raised = files;
    raised.rlim_cur = std::min<rlim_t>(needed, files.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) files = raised;
  }
  if (files.rlim_cur <= kReserve) return 0;
  return std::min<size_t>(wanted, files.rlim_cur - kReserve);
}

UniqueFd make_spare() { return UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

Clients::Clients(Loop& loop, engine::Responder& responder, size_t most)
    : loop_(loop),
      responder_(responder),
      most_(most),
      buffer_(std::max(dialect::kLargestAnswer, dialect::kLargestRequest)) {}

Clients::~Clients() {
  if (listener_ && listening_) loop_.forget(listener_->fd());
  hang_up();
}

void Clients::hang_up() {
  for (const auto& [id, client] : clients_) {
    loop_.forget(client.socket.get());
    responder_.disconnect(client.port_id);
  }
  clients_.clear();
  listeners_.clear();
}

// ---- who comes and goes ----

Status Clients::listen(Listener listener) {
  most_ = permitted_clients(most_);
  if (most_ == 0)
    return Error{EMFILE, "cannot serve on " + listener.path() +
                             ": the limit of open files (ulimit -n) leaves no room for clients"};
  spare_ = make_spare();
  listener_.emplace(std::move(listener));
  return watch_listener();
}

Status Clients::watch_listener() {
  Status watched = loop_.watch(listener_->fd(), EPOLLIN, [this](uint32_t) { accept_some(); });
  listening_ = watched.ok();
  return watched;
}

void Clients::accept_some() {
  for (int i = 0; i < kAccepted; ++i) {
    UniqueFd socket(accept4(listener_->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.get() >= 0) {
      if (clients_.size() >= most_)
        refuse(std::move(socket));
      else
        (void)adopt(std::move(socket));  // at worst its other end is closed
      continue;
    }
    // Whether anybody is left to be accepted shows only where there are descriptors.
    if (is_shortage(errno) && refuse_without_room()) continue;
    if (is_shortage(errno)) pause();
    return;
  }
}

/// Says that there are too many, to one who may not have said anything yet.
void Clients::refuse(UniqueFd socket) {
  struct {
    nlmsghdr header;
    nlmsgerr error;
  } message{};
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = NLMSG_ERROR;
  message.error.error = -EUSERS;
  (void)::send(socket.get(), &message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/// There is no descriptor for one more client: it gets the spare one, to be refused. False, and
/// errno, when that fails as well.
bool Clients::refuse_without_room() {
  spare_ = UniqueFd();
  UniqueFd socket(accept4(listener_->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  const int code = errno;
  const bool accepted = socket.get() >= 0;
  if (accepted) refuse(std::move(socket));
  spare_ = make_spare();
  errno = code;
  return accepted;
}

/// Nobody can even be refused: who connects waits until one of those who are here has gone, or a
/// while has passed.
void Clients::pause() {
  loop_.forget(listener_->fd());
  listening_ = false;
  resume_at_ns_ = monotonic_clock_ns() + kPauseNs;
}

Status Clients::adopt(UniqueFd socket) {
  const Id id = ++last_id_;
  Status watched =
      loop_.watch(socket.get(), EPOLLIN, [this, id](uint32_t events) { handle(id, events); });
  if (!watched) return watched;
  Client& client = clients_[id];
  client.id = id;
  client.port_id = responder_.connect(process_behind(socket.get()));
  responder_.set_room(client.port_id, dialect::kRoomAtFirst);
  client.socket = std::move(socket);
  client.watched = EPOLLIN;
  return {};
}

void Clients::remove(Id id) {
  const auto found = clients_.find(id);
  loop_.forget(found->second.socket.get());
  responder_.disconnect(found->second.port_id);
  listeners_.erase(id);
  clients_.erase(found);
  if (listener_ && !listening_) (void)watch_listener();
}

// ---- turns ----

void Clients::handle(Id id, uint32_t events) {
  Client& client = clients_.at(id);
  // One who has hung up is owed the execution of what it sent, and nothing else.
  if (events & (EPOLLHUP | EPOLLERR)) client.deaf = true;
  Outcome outcome = Outcome::kDone;
  if (client.deaf || !is_owed_much(client)) outcome = read_some(client);
  if (outcome != Outcome::kGone) outcome = write_some(client);
  if (outcome == Outcome::kGone)
    remove(id);
  else
    settle(client, outcome);
}

bool Clients::is_owed_much(const Client& client) const {
  return responder_.waiting(client.port_id) + client.pending.size() >
         std::min(kAnswersAhead, client.room / 2);
}

/// Sets what the loop waits for.
void Clients::settle(Client& client, Outcome written) {
  uint32_t wanted = client.deaf || !is_owed_much(client) ? uint32_t{EPOLLIN} : 0;
  if (written == Outcome::kMore || written == Outcome::kBlocked) wanted |= EPOLLOUT;
  if (wanted == client.watched) return;
  client.watched = wanted;
  loop_.change(client.socket.get(), wanted);
}

void Clients::tend() {
  if (listener_ && !listening_ && monotonic_clock_ns() >= resume_at_ns_) (void)watch_listener();
  // Answers were written when they were made; only events are new, and only to listeners.
  if (events_seen_ == responder_.events()) return;
  events_seen_ = responder_.events();
  for (const Id id : listeners_) {
    Client& client = clients_.at(id);
    if (client.watched & EPOLLOUT) continue;  // what its socket takes is written when it does
    settle(client, write_some(client));
  }
}

void Clients::drain(int milliseconds) {
  const uint64_t begun = monotonic_clock_ns();
  if (listener_ && listening_) loop_.forget(listener_->fd());
  listener_.reset();
  for (auto& [id, client] : clients_) (void)read_some(client);
  for (;;) {
    std::vector<pollfd> waiting;
    for (auto& [id, client] : clients_) {
      const Outcome outcome = write_some(client);
      if (outcome == Outcome::kMore || outcome == Outcome::kBlocked)
        waiting.push_back({client.socket.get(), POLLOUT, 0});
    }
    const int left = milliseconds - static_cast<int>((monotonic_clock_ns() - begun) / 1'000'000);
    if (waiting.empty() || left <= 0) return;
    (void)poll(waiting.data(), waiting.size(), left);
  }
}

// ---- reading ----

Clients::Outcome Clients::read_some(Client& client) {
  size_t bytes = 0;
  for (size_t count = 0; count < kReadDatagrams && bytes < kReadBytes; ++count) {
    if (!client.deaf && is_owed_much(client)) break;
    const ssize_t size = recv(client.socket.get(), buffer_.data(), dialect::kLargestRequest,
                              MSG_DONTWAIT | MSG_TRUNC);
    if (size == 0) return Outcome::kGone;
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) break;
      // Its last words may still be there: this error is told once.
      if (errno != ECONNRESET) return Outcome::kGone;
      client.deaf = true;
      continue;
    }
    bytes += static_cast<size_t>(size);
    take_request(client, static_cast<size_t>(size));
  }
  return Outcome::kDone;
}

/// The first `size` bytes of the buffer, or all of it and more that is lost.
void Clients::take_request(Client& client, size_t size) {
  const std::span<const std::byte> datagram =
      std::span(buffer_).first(std::min<size_t>(size, dialect::kLargestRequest));
  nlmsghdr first{};
  if (datagram.size() < sizeof first) return;  // the kernel, too, has nothing to say to it
  std::memcpy(&first, datagram.data(), sizeof first);
  if (size > dialect::kLargestRequest)
    responder_.acknowledge(client.port_id, first, EMSGSIZE);
  else if (is_control(first))
    take_control(client, datagram);
  else
    responder_.request(client.port_id, datagram);
}

void Clients::take_control(Client& client, std::span<const std::byte> datagram) {
  netlink::MessageReader reader(datagram);
  for (Message message; reader.next(message);) {
    const int code = obey(client, message);
    if (code != kAnswered) responder_.acknowledge(client.port_id, message.header, code);
  }
}

/// Carries out one control message; 0 or an errno to answer with, or kAnswered.
int Clients::obey(Client& client, const Message& message) {
  switch (message.header.nlmsg_type) {
    case dialect::kHello: return greet(client, message);
    case dialect::kJoin:
    case dialect::kLeave: {
      dialect::Groups groups;
      if (!read_payload(message, groups)) return EINVAL;
      const bool joins = message.header.nlmsg_type == dialect::kJoin;
      client.groups = joins ? client.groups | groups.groups : client.groups & ~groups.groups;
      listeners_.erase(client.id);
      if (client.groups != 0) listeners_.insert(client.id);
      joins ? responder_.join(client.port_id, groups.groups)
            : responder_.leave(client.port_id, groups.groups);
      return 0;
    }
    case dialect::kRoom: {
      dialect::Room room;
      if (!read_payload(message, room)) return EINVAL;
      client.room = static_cast<size_t>(std::min<uint64_t>(room.bytes, dialect::kMostRoom));
      responder_.set_room(client.port_id, client.room);
      return 0;
    }
    default: return EOPNOTSUPP;
  }
}

int Clients::greet(Client& client, const Message& message) {
  dialect::Hello hello;
  if (!read_payload(message, hello)) return EINVAL;
  if (hello.magic != dialect::kMagic) return EPROTO;
  if (hello.version != dialect::kVersion) return EPROTONOSUPPORT;
  client.largest = std::clamp(hello.largest_answer, dialect::kLeastAnswer, dialect::kLargestAnswer);
  client.gathers = (hello.flags & dialect::kGather) != 0;
  dialect::Welcome welcome;
  welcome.port_id = client.port_id;
  welcome.largest_answer = static_cast<uint32_t>(client.largest);
  welcome.most_clients = static_cast<uint32_t>(most_);
  welcome.room = client.room;
  responder_.answer(client.port_id,
                    Control(dialect::kWelcome, message.header, client.port_id, welcome).bytes());
  return kAnswered;
}

// ---- writing ----

Clients::Outcome Clients::write_some(Client& client) {
  size_t bytes = 0;
  for (size_t count = 0; count < kWriteDatagrams && bytes < kWriteBytes; ++count) {
    if (client.pending.empty() && !responder_.ready(client.port_id)) return Outcome::kMore;
    const std::span<const std::byte> datagram =
        client.pending.empty() ? next_datagram(client) : client.pending;
    if (datagram.empty()) return Outcome::kDone;
    bytes += datagram.size();
    if (!client.deaf && ::send(client.socket.get(), datagram.data(), datagram.size(),
                               MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
      if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == ENOMEM) {
        if (client.pending.empty()) client.pending.assign(datagram.begin(), datagram.end());
        return Outcome::kBlocked;
      }
      client.deaf = true;  // what it still has to say is read
    }
    client.pending.clear();
  }
  return Outcome::kMore;
}

/// What is to be sent next, in the buffer; nothing when there is nothing.
std::span<const std::byte> Clients::next_datagram(Client& client) {
  const std::span<std::byte> space = std::span(buffer_).first(client.largest);
  const auto received = responder_.receive(client.port_id, space);
  if (!received) {
    if (received.error().code == EMSGSIZE) return next_datagram(client);
    if (received.error().code != ENOBUFS) return {};
    const Control overrun(NLMSG_OVERRUN, {}, client.port_id,
                          dialect::Lost{responder_.lost(client.port_id)});
    std::memcpy(space.data(), overrun.bytes().data(), overrun.bytes().size());
    return space.first(overrun.bytes().size());
  }
  size_t size = received->size();
  while (client.gathers) {
    const size_t begin = netlink::align(size);
    const size_t next = responder_.next_size(client.port_id);
    if (next == 0 || begin + next > space.size() / 2) break;
    std::fill(space.begin() + static_cast<ptrdiff_t>(size),
              space.begin() + static_cast<ptrdiff_t>(begin), std::byte{0});
    const auto more = responder_.receive(client.port_id, space.subspan(begin));
    if (!more) break;
    size = begin + more->size();
  }
  return space.first(size);
}

}  // namespace ctwin::live
