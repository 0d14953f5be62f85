// The backend that talks to a served engine, and an engine that serves it in a thread of its own.
#include "backend/socket.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "live/clients.h"
#include "unit/engine/conversation.h"

using namespace ctwin;
using namespace ctwin::test;
using ctnetlink::Operation;

namespace {

class Engine {
 public:
  Engine() : loop_(std::move(*live::Loop::make())), clients_(*loop_, table_.responder) {
    char name[] = "/tmp/ctwin-test-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    folder_ = name;
    auto listener = live::Listener::open({path(), 0600, {}});
    REQUIRE(listener.ok());
    REQUIRE(clients_.listen(std::move(*listener)).ok());
    thread_ = std::thread([this] { work(); });
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() {
    end();
    std::filesystem::remove_all(folder_);
  }

  /// What was asked is answered, and the socket is gone.
  void end() {
    if (!thread_.joinable()) return;
    ended_ = true;
    (void)backend::socket_source(path());  // wakes it up
    thread_.join();
  }
  std::string path() const { return folder_ + "/engine"; }

 private:
  void work() {
    while (!ended_) {
      (void)loop_->turn(-1);
      clients_.tend();
    }
    clients_.drain(0);
    clients_.hang_up();
  }

  Table table_;
  std::unique_ptr<live::Loop> loop_;
  live::Clients clients_;
  std::string folder_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

std::unique_ptr<Backend> open(BackendSource& source) {
  auto backend = source.open();
  REQUIRE(backend.ok());
  return std::move(*backend);
}

}  // namespace

TEST_CASE("several conversations with an engine elsewhere see one table") {
  const Engine engine;
  const auto source = backend::socket_source(engine.path());
  REQUIRE(source.ok());
  ctnetlink::Client first(open(**source)), second(open(**source));
  CHECK(run(first, Operation::kCreate, udp_flow(1)) == 0);
  CHECK(run(second, Operation::kCreate, udp_flow(1)) == EEXIST);
  for (uint16_t port = 2; port <= 500; ++port)
    REQUIRE(run(second, Operation::kCreate, udp_flow(port)) == 0);
  CHECK(listed(first).size() == 500);
}

TEST_CASE("events come once groups are joined, and losses are counted") {
  const Engine engine;
  const auto source = backend::socket_source(engine.path());
  REQUIRE(source.ok());
  ctnetlink::Client writer(open(**source));
  const auto listener = open(**source);
  CHECK(listener->fd() >= 0);
  CHECK(listener->set_room(100) == 100);
  REQUIRE(listener->join(ctnetlink::kConntrackGroups).ok());
  CHECK(run(writer, Operation::kCreate, udp_flow(1)) == 0);
  Bytes buffer(65536);
  CHECK(listener->receive(buffer).error().code == ENOBUFS);
  CHECK(listener->lost() == 1);
  CHECK(listener->set_room(SIZE_MAX) == netlink::dialect::kMostRoom);
  CHECK(run(writer, Operation::kDelete, udp_flow(1)) == 0);
  const auto event = listener->receive(buffer);
  REQUIRE(event.ok());
  CHECK(netlink::MessageReader(*event).malformed() == false);
  CHECK(run(writer, Operation::kCreate, udp_flow(2)) == 0);
  Bytes small(20);
  CHECK(listener->receive(small).error().code == EMSGSIZE);
}

TEST_CASE("what comes while a control message waits for its answer is not lost") {
  const Engine engine;
  const auto source = backend::socket_source(engine.path());
  REQUIRE(source.ok());
  ctnetlink::Client writer(open(**source));
  const auto listener = open(**source);
  REQUIRE(listener->join(ctnetlink::group_bit(NFNLGRP_CONNTRACK_NEW)).ok());
  CHECK(run(writer, Operation::kCreate, udp_flow(1)) == 0);
  CHECK(run(writer, Operation::kCreate, udp_flow(2)) == 0);
  REQUIRE(listener->join(ctnetlink::group_bit(NFNLGRP_CONNTRACK_DESTROY)).ok());
  CHECK(run(writer, Operation::kDelete, udp_flow(1)) == 0);
  Bytes buffer(65536);
  for (int events = 0; events < 3;) {
    const auto datagram = listener->receive(buffer);
    REQUIRE(datagram.ok());
    netlink::MessageReader reader(*datagram);
    for (netlink::Message message; reader.next(message); ++events)
      CHECK(message.type() ==
            (events < 2 ? uint8_t{IPCTNL_MSG_CT_NEW} : uint8_t{IPCTNL_MSG_CT_DELETE}));
  }
}

TEST_CASE("a request that is too large is refused here, and one to an engine that is gone fails") {
  Engine engine;
  const auto source = backend::socket_source(engine.path());
  REQUIRE(source.ok());
  const auto backend = open(**source);
  CHECK(backend->send(Bytes(netlink::dialect::kLargestRequest + 1)).error().code == EMSGSIZE);
  engine.end();
  Bytes buffer(100);
  const auto received = backend->receive(buffer);
  REQUIRE_FALSE(received.ok());
  CHECK(received.error().code == ECONNRESET);
  CHECK(received.error().text.find(engine.path()) != std::string::npos);
  CHECK(backend->send(Bytes(16)).error().code == ECONNRESET);
  const auto none = (*source)->open();
  REQUIRE_FALSE(none.ok());
  CHECK(none.error().code == ENOENT);
}
