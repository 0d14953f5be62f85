// The clients of an engine that is served on a unix socket.
//
// Each client is a conversation with the Responder (netlink/dialect.h has the language). Nobody is
// waited for: what a client does not take waits in its conversation's queue, whose room is limited,
// and while much of it waits no more is read of that client. What a client gets in one turn of the
// loop is limited as well, so that all get their share. Nothing that a client sends, and no way in
// which it goes away, touches the others.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/posix.h"
#include "ctwin/result.h"
#include "engine/responder.h"
#include "live/listener.h"
#include "live/loop.h"
#include "netlink/dialect.h"
#include "netlink/message.h"

namespace ctwin::live {

class Clients {
 public:
  /// Clients at a time, if the limit of open files permits so many.
  static constexpr size_t kMost = 1000;

  /// `loop` and `responder` outlive it.
  Clients(Loop& loop, engine::Responder& responder, size_t most = kMost);
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  /// Takes clients from a socket, too.
  Status listen(Listener listener);
  /// Talks to the other end of `socket`, a connected one.
  Status adopt(UniqueFd socket);

  /// To be called behind every turn of the loop, when packets have passed and time too: sends the
  /// events of the turn on their way.
  void tend();
  /// No more clients, no more requests; what waits is sent for up to `milliseconds`.
  void drain(int milliseconds);

  size_t size() const { return clients_.size(); }

 private:
  struct Client {
    UniqueFd socket;
    engine::Responder::PortId port_id = 0;
    uint32_t groups = 0;
    size_t gather = 0;               ///< joins messages up to so many bytes
    std::vector<std::byte> pending;  ///< taken out of the queue, and not yet sent
    uint32_t watched = 0;            ///< events of epoll
  };
  using Id = uint64_t;
  /// Whether a client is still there.
  enum class Outcome : uint8_t { kDone, kMore, kBlocked, kGone };

  void accept_some();
  void refuse(UniqueFd socket);
  bool accept_without_descriptors();
  void handle(Id id, uint32_t events);
  Outcome read_some(Client& client);
  Outcome write_some(Client& client);
  Outcome send(Client& client, std::span<const std::byte> datagram);
  bool fill_pending(Client& client);
  void take_request(Client& client, std::span<const std::byte> datagram);
  void refuse_request(Client& client, std::span<const std::byte> start, int code);
  void control(Client& client, const netlink::Message& message);
  int obey(Client& client, const netlink::Message& message);
  void settle(Id id, Client& client, Outcome written);
  void remove(Id id);

  Loop& loop_;
  engine::Responder& responder_;
  size_t most_;
  std::optional<Listener> listener_;
  bool listening_ = false;  ///< false while no descriptor can be had for one more client
  UniqueFd spare_;          ///< given up for a moment to tell a client that there are too many
  std::map<Id, Client> clients_;
  Id last_id_ = 0;
  std::vector<std::byte> buffer_;
  bool draining_ = false;
};

}  // namespace ctwin::live
