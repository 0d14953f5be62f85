// The threads that receive: everything arrives, in order, and they end when they should.
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/posix.h"
#include "ctnetlink/client.h"
#include "ctnetlink/event_reader.h"
#include "ctnetlink/flow_codec.h"
#include "ctnetlink/read_ahead.h"
#include "ctnetlink/uapi.h"
#include "support/fake_backend.h"
#include "support/messages.h"

using namespace ctwin;
using namespace ctwin::test;
using ctnetlink::Client;
using ctnetlink::DumpKind;
using ctnetlink::EventReader;

namespace {

/// A backend whose other side is in the test's hand: a pair of sockets that keep datagrams apart.
class PairBackend final : public Backend {
 public:
  explicit PairBackend(int fd) : fd_(fd) {}

  Status send(std::span<const std::byte> datagram) override {
    if (write(fd_.get(), datagram.data(), datagram.size()) < 0) return Error{errno, {}};
    return {};
  }
  Result<std::span<const std::byte>> receive(std::span<std::byte> buffer) override {
    const ssize_t size = read(fd_.get(), buffer.data(), buffer.size());
    if (size < 0) return Error{errno, {}};
    // The word for a loss, as a kernel socket has an errno for it.
    if (size == 1) {
      ++lost_;
      return Error{ENOBUFS, {}};
    }
    return std::span<const std::byte>(buffer.first(static_cast<size_t>(size)));
  }
  Status join(uint32_t) override { return {}; }
  int fd() const override { return fd_.get(); }
  uint64_t lost() const override { return lost_; }

 private:
  UniqueFd fd_;
  uint64_t lost_ = 0;
};

struct Pair {
  Pair() {
    int ends[2] = {-1, -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    near = std::make_unique<PairBackend>(ends[0]);
    far = UniqueFd(ends[1]);
  }
  void put(const Bytes& bytes) const {
    CHECK(write(far.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  void put_loss() const { put(Bytes(1)); }

  std::unique_ptr<PairBackend> near;
  UniqueFd far;
};

Flow flow_with_id(uint32_t id) {
  Flow flow = tcp_flow();
  flow.set_id(id);
  return flow;
}

/// A datagram that holds nothing but a number.
Bytes numbered(uint32_t number) {
  Bytes bytes(sizeof number);
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

/// Takes until `count` items have come.
struct Taken {
  std::vector<uint32_t> numbers;
  std::string kinds;  ///< a letter each: Datagram, Lost, Caught up, Failed
};
Taken take(EventReader& reader, size_t count) {
  Taken taken;
  EventReader::Batch batch;
  while (taken.kinds.size() < count) {
    if (!reader.take(batch)) {
      pollfd wait{reader.fd(), POLLIN, 0};
      poll(&wait, 1, -1);
      continue;
    }
    for (EventReader::Item item; batch.next(item);) {
      taken.kinds += "DLCF"[static_cast<size_t>(item.kind)];
      if (item.kind != EventReader::Kind::kDatagram) continue;
      uint32_t number = 0;
      std::memcpy(&number, item.datagram.data(), sizeof number);
      taken.numbers.push_back(number);
    }
  }
  return taken;
}

}  // namespace

TEST_CASE("a long dump that a thread receives arrives whole and in order") {
  constexpr uint32_t kFlows = 3000;
  Pair pair;
  const int far = pair.far.get();
  Client client(std::move(pair.near));
  std::thread answerer([far] {
    Bytes request(4096);
    const ssize_t size = read(far, request.data(), request.size());
    request.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
    const uint32_t sequence = message_of(request).header.nlmsg_seq;
    const auto send = [&](Bytes bytes) {
      std::memcpy(bytes.data() + offsetof(nlmsghdr, nlmsg_seq), &sequence, sizeof sequence);
      (void)!write(far, bytes.data(), bytes.size());
    };
    for (uint32_t i = 0; i < kFlows; ++i) send(answer(0, flow_message(flow_with_id(i))));
    send(done());
  });
  std::vector<uint32_t> ids;
  const Status status = client.dump(DumpKind::kTable, nullptr, [&](const Flow& flow) {
    ids.push_back(flow.id);
    return true;
  });
  answerer.join();
  CHECK(status.ok());
  REQUIRE(ids.size() == kFlows);
  CHECK(std::is_sorted(ids.begin(), ids.end()));
}

TEST_CASE("a read-ahead that is given up takes the rest of the dump off the conversation") {
  Pair pair;
  for (int i = 0; i < 100; ++i) pair.put(answer(0, flow_message(flow_with_id(1))));
  pair.put(done());
  pair.put(numbered(7));
  {
    ctnetlink::ReadAhead ahead(*pair.near, {}, 0);
    CHECK(ahead.next().ok());
  }
  Bytes buffer(64);
  const auto rest = pair.near->receive(buffer);
  REQUIRE(rest.ok());
  CHECK(Bytes(rest->begin(), rest->end()) == numbered(7));
}

TEST_CASE("an answerer that goes away in the middle of a dump ends it with an error") {
  Pair pair;
  pair.put(answer(0, flow_message(flow_with_id(1))));
  pair.far = UniqueFd();
  ctnetlink::ReadAhead ahead(*pair.near, {}, 0);
  CHECK(ahead.next().ok());
  const auto next = ahead.next();
  REQUIRE_FALSE(next.ok());
  CHECK_EQ(next.error().code, ECONNRESET);
}

TEST_CASE("an event reader hands over all datagrams in order, while more are coming") {
  constexpr uint32_t kDatagrams = 20'000;
  Pair pair;
  EventReader reader(*pair.near, 1 << 20);
  std::thread sender([&] {
    for (uint32_t i = 0; i < kDatagrams; ++i) pair.put(numbered(i));
  });
  const Taken taken = take(reader, kDatagrams);
  sender.join();
  REQUIRE(taken.numbers.size() == kDatagrams);
  CHECK(std::is_sorted(taken.numbers.begin(), taken.numbers.end()));
}

TEST_CASE("a loss is reported behind what was waiting when it was heard of") {
  Pair pair;
  pair.put(numbered(1));
  pair.put_loss();
  pair.put(numbered(2));
  EventReader reader(*pair.near, 1 << 20);
  CHECK(take(reader, 3).kinds == "DDL");
  pair.put(numbered(3));
  CHECK(take(reader, 1).kinds == "D");
}

TEST_CASE("a mark comes behind everything that was there when it was asked for") {
  Pair pair;
  EventReader reader(*pair.near, 1 << 20);
  for (uint32_t i = 0; i < 50; ++i) pair.put(numbered(i));
  reader.mark();
  const Taken taken = take(reader, 51);
  CHECK(taken.numbers.size() == 50);
  CHECK(taken.kinds.back() == 'C');
}

TEST_CASE("a reader that is stopped leaves what it has received to be taken") {
  Pair pair;
  EventReader reader(*pair.near, 1 << 20);
  pair.put(numbered(1));
  CHECK(take(reader, 1).kinds == "D");
  pair.put(numbered(2));
  pair.put(numbered(3));
  reader.mark();  // so that it is known that they were received
  pollfd empty{pair.near->fd(), POLLIN, 0};
  while (poll(&empty, 1, 0) != 0) {
  }
  reader.stop();
  const Taken taken = take(reader, 2);
  CHECK(taken.numbers == std::vector<uint32_t>{2, 3});
}

TEST_CASE("a reader stops also while nobody makes room for it") {
  Pair pair;
  std::thread sender;
  {
    EventReader reader(*pair.near, 1);
    sender = std::thread([&] {
      const Bytes large(30'000);
      while (send(pair.far.get(), large.data(), large.size(), MSG_NOSIGNAL) > 0) {
      }
    });
    pollfd wait{reader.fd(), POLLIN, 0};
    CHECK(poll(&wait, 1, -1) == 1);
  }
  pair.near.reset();
  sender.join();
}

TEST_CASE("the end of a conversation is told behind its last datagram") {
  Pair pair;
  pair.put(numbered(1));
  pair.far = UniqueFd();
  EventReader reader(*pair.near, 1 << 20);
  CHECK(take(reader, 2).kinds == "DF");
  CHECK_EQ(reader.failure().code, ECONNRESET);
}
