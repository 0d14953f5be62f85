// Clients of a served engine that send any bytes, read when they like and hang up. What they get is
// whole netlink messages, as large as they asked for; what waits for them stays within its room;
// and whoever comes behind them is served as if nothing had happened.
//
//   input := step*
//   step  := what:u8 size:u16 bytes{size}      little endian; the last one may be short
//
// Bit 3 of `what` says which of two clients; its lower bits, what that does:
//   0 sends the bytes as a datagram           1 the same, with the first message's length set right
//   2 reads what waits for it                 3 hangs up, and another one comes in its place
// or what happens besides:
//   4 and above: `size` % 4000 seconds pass, and a turn of the engine's loop
// Bytes follow only what is sent.
#include <cstring>
#include <string>

#include "fuzz.h"
#include "live/clients.h"
#include "unit/live/peer.h"

using namespace ctwin;
using namespace ctwin::test;
namespace dialect = ctwin::netlink::dialect;

namespace {

constexpr uint32_t kEntries = 12;
constexpr size_t kMostDatagrams = 100'000;  // far more than any input can ask for

struct SmallTable {
  SmallTable() {
    settings.max_entries = kEntries;
    settings.acct = true;
    tracker.advance(kStart);
  }
  conntrack::Settings settings;
  conntrack::Tracker tracker{settings, kEntries, 1};
  nat::Nat nat{tracker};
  engine::Responder responder{tracker, nat};
};

class Server {
 public:
  Server() {
    for (std::optional<Peer>& peer : peers_) peer.emplace(dial());
  }

  void send(size_t who, std::span<const std::byte> datagram) { (void)peers_[who]->send(datagram); }
  void replace(size_t who) {
    peers_[who].emplace(dial());
    turn();
  }
  void pass(uint64_t seconds) {
    table_.tracker.advance(table_.tracker.now_ns() + seconds * kSecond);
    turn();
  }
  void turn() {
    if (!loop_->turn(0)) fuzz::fail("the loop has failed", "", "");
    clients_.tend();
  }
  size_t read(size_t who) { return read(*peers_[who]); }
  void read_all() {
    for (size_t idle = 0; idle < 4;) {
      turn();
      const size_t got = read(0) + read(1);
      idle = got == 0 ? idle + 1 : 0;
    }
  }

  /// One who comes later is greeted, and sees all entries.
  void check_newcomer() {
    const Peer peer = dial();
    if (!peer.send(control_message(dialect::kHello, dialect::Hello{}, 77)) ||
        !peer.send(request_for(IPCTNL_MSG_CT_GET, NLM_F_DUMP, {}, 78)))
      fuzz::fail("nobody takes a newcomer's words", "", "");
    bool greeted = false, ended = false;
    size_t entries = 0;
    for (int i = 0; i < 4; ++i) {
      turn();
      while (const auto datagram = peer.receive()) {
        if (datagram->empty()) fuzz::fail("a newcomer is turned away", "", "");
        netlink::MessageReader reader(*datagram);
        for (netlink::Message message; reader.next(message);) {
          greeted |= message.header.nlmsg_type == dialect::kWelcome;
          ended |= message.is_done();
          entries += message.header.nlmsg_seq == 78 && !message.is_done();
        }
      }
    }
    if (!greeted || !ended || entries != table_.tracker.count())
      fuzz::fail("a newcomer sees another table", std::to_string(entries),
                 std::to_string(table_.tracker.count()));
  }

 private:
  Peer dial() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
      fuzz::fail("no sockets", "", "");
    Peer peer{UniqueFd(ends[1])};
    if (!clients_.adopt(UniqueFd(ends[0]))) fuzz::fail("nobody is taken any more", "", "");
    return peer;
  }

  static size_t read(const Peer& peer) {
    size_t count = 0;
    while (const auto datagram = peer.receive()) {
      if (datagram->empty()) break;  // it has said goodbye
      if (datagram->size() > dialect::kLargestAnswer) fuzz::fail("a datagram is too large", "", "");
      netlink::MessageReader reader(*datagram);
      for (netlink::Message message; reader.next(message);) {
      }
      if (reader.malformed()) fuzz::fail("a datagram is torn", std::to_string(count), "");
      if (++count > kMostDatagrams) fuzz::fail("datagrams without end", "", "");
    }
    return count;
  }

  SmallTable table_;
  std::unique_ptr<live::Loop> loop_ = std::move(*live::Loop::make());
  live::Clients clients_{*loop_, table_.responder};
  std::optional<Peer> peers_[2];
};

void set_length(Bytes& datagram) {
  if (datagram.size() < sizeof(nlmsghdr)) return;
  const auto length = static_cast<uint32_t>(datagram.size());
  std::memcpy(datagram.data(), &length, sizeof length);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Server server;
  for (size_t at = 0; at + 3 <= size;) {
    const unsigned what = data[at];
    const size_t who = what >> 3 & 1;
    const size_t number = data[at + 1] | static_cast<size_t>(data[at + 2]) << 8;
    at += 3;
    switch (what & 7) {
      case 0:
      case 1: {
        const size_t have = std::min(number, size - at);
        const auto bytes = std::as_bytes(std::span(data + at, have));
        Bytes datagram(bytes.begin(), bytes.end());
        if ((what & 7) == 1) set_length(datagram);
        server.send(who, datagram);
        at += have;
        break;
      }
      case 2: server.read(who); break;
      case 3: server.replace(who); break;
      default: server.pass(number % 4000);
    }
  }
  server.read_all();
  server.check_newcomer();
  return 0;
}
