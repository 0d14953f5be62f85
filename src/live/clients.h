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
#include <set>
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
  static constexpr size_t kMost = 10'000;

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
  /// Ends all conversations.
  void hang_up();

  size_t size() const { return clients_.size(); }

 private:
  using Id = uint64_t;
  struct Client {
    Id id = 0;
    UniqueFd socket;
    engine::Responder::PortId port_id = 0;
    uint32_t groups = 0;
    size_t room = netlink::dialect::kRoomAtFirst;
    size_t largest = netlink::dialect::kLeastAnswer;  ///< bytes of a datagram that it takes
    bool gathers = false;                             ///< takes datagrams put together
    bool deaf = false;                                ///< has closed its end, or hung up
    std::vector<std::byte> pending;                   ///< taken out of the queue, and not yet sent
    uint32_t watched = 0;                             ///< events of epoll
  };
  /// What came of reading or writing: all is done, the turn's share is, the socket takes no more,
  /// or the client has gone.
  enum class Outcome : uint8_t { kDone, kMore, kBlocked, kGone };
  static constexpr int kAnswered = -1;

  Status watch_listener();
  void accept_some();
  static void refuse(UniqueFd socket);
  bool refuse_without_room();
  void pause();
  void remove(Id id);
  void handle(Id id, uint32_t events);
  bool is_owed_much(const Client& client) const;
  void settle(Client& client, Outcome written);

  Outcome read_some(Client& client);
  void take_request(Client& client, size_t size);
  void take_control(Client& client, std::span<const std::byte> datagram);
  int obey(Client& client, const netlink::Message& message);
  int greet(Client& client, const netlink::Message& message);

  Outcome write_some(Client& client);
  std::span<const std::byte> next_datagram(Client& client);

  Loop& loop_;
  engine::Responder& responder_;
  size_t most_;
  std::optional<Listener> listener_;
  bool listening_ = false;     ///< false while no descriptor can be had for one more client
  uint64_t resume_at_ns_ = 0;  ///< by monotonic_clock_ns
  UniqueFd spare_;             ///< given up for a moment to tell a client that there are too many
  std::map<Id, Client> clients_;
  std::set<Id> listeners_;    ///< those that are in a group
  uint64_t events_seen_ = 0;  ///< of the Responder, when they were last sent on their way
  Id last_id_ = 0;
  std::vector<std::byte> buffer_;  ///< of what is being read or written
};

}  // namespace ctwin::live
