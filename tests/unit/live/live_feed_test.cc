#include "live/live_feed.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <deque>

#include "support/packet_builder.h"

using namespace ctwin;
using namespace ctwin::live;
using namespace ctwin::test;

namespace {

/// The world's end of a device of the test's own making.
struct Wire {
  std::deque<Bytes> incoming;
  std::vector<Bytes> sent;
  UniqueFd bell;  ///< written to when there is something to read
  bool broken = false;

  void ring() { REQUIRE(write(bell.get(), "!", 1) == 1); }
  void bring(const Bytes& packet) {
    incoming.push_back(packet);
    ring();
  }
};

class WireDevice final : public io::LiveDevice {
 public:
  WireDevice(const std::string& name, Wire& wire) : names_{name}, wire_(wire) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    bell_ = UniqueFd(ends[0]);
    wire_.bell = UniqueFd(ends[1]);
  }

  const std::string& name() const override { return names_.front(); }
  int fd() const override { return bell_.get(); }
  Result<size_t> read(std::span<io::CapturedPacket> packets) override {
    if (wire_.broken) return Error{EIO, name() + ": broken"};
    char rings[64];
    while (::read(bell_.get(), rings, sizeof rings) > 0) {
    }
    size_t count = 0;
    for (read_.clear(); count < packets.size() && !wire_.incoming.empty(); ++count) {
      read_.push_back(std::move(wire_.incoming.front()));
      wire_.incoming.pop_front();
      packets[count] = {};
      packets[count].bytes = read_.back();
    }
    return count;
  }
  const std::vector<std::string>& interfaces() const override { return names_; }
  bool has_times() const override { return false; }
  bool checksums_are_finished() const override { return true; }
  void write(const engine::Departure& packet) override {
    wire_.sent.emplace_back(packet.bytes.begin(), packet.bytes.end());
  }
  std::string last_words() const override { return name() + " says goodbye"; }

 private:
  std::vector<std::string> names_;
  Wire& wire_;
  UniqueFd bell_;
  std::deque<Bytes> read_;
};

engine::Engine::Options router() {
  engine::Engine::Options options;
  options.setup.emplace();
  const Status read = setup::read_setup_text("setup",
                                             "ip addr add 10.0.0.1/24 dev a\n"
                                             "ip addr add 10.0.1.1/24 dev b\n"
                                             "ip addr add 10.0.2.1/24 dev c\n"
                                             "sysctl -w net.ipv4.ip_forward=1\n",
                                             *options.setup);
  REQUIRE(read.ok());
  options.settings = options.setup->settings;
  return options;
}

/// An engine that lives, with a device named a and what its feed says.
struct Living {
  explicit Living(LiveFeed::Options options = {}) : engine(router()) {
    auto made = Loop::make();
    REQUIRE(made);
    loop = std::move(*made);
    options.remark = [this](std::string_view text) { remarks.emplace_back(text); };
    feed.emplace(*loop, engine, std::move(options));
    engine.on_output([this](const engine::Departure& departure) { feed->depart(departure); });
    add("a", wire);
  }
  void add(const std::string& name, Wire& to) {
    REQUIRE(feed->add(std::make_unique<WireDevice>(name, to)).ok());
  }

  engine::Engine engine;
  std::unique_ptr<Loop> loop;
  std::optional<LiveFeed> feed;
  std::vector<std::string> remarks;
  Wire wire;
};

Bytes datagram(const char* from, const char* to, uint16_t sport = 1000) {
  return udp_packet({.src = from, .dst = to}, {.sport = sport, .dport = 53}).bytes;
}

}  // namespace

TEST_CASE("what comes by one device leaves by another") {
  Living living;
  Wire other;
  living.add("b", other);
  living.wire.bring(datagram("10.0.0.2", "10.0.1.2"));
  while (other.sent.empty()) REQUIRE(living.feed->step());
  CHECK(living.engine.tracker().count() == 1);
  CHECK(other.sent.size() == 1);
  CHECK(other.sent[0][8] == datagram("10.0.0.2", "10.0.1.2")[8] - 1);  // time to live
  CHECK(living.wire.sent.empty());
}

TEST_CASE("a burst is more than a turn, and all of it passes") {
  Living living;
  Wire other;
  living.add("b", other);
  constexpr size_t kBurst = 1000;
  for (size_t i = 0; i < kBurst; ++i)
    living.wire.incoming.push_back(
        datagram("10.0.0.2", "10.0.1.2", static_cast<uint16_t>(1000 + i)));
  living.wire.ring();
  // A device stays readable for as long as it has packets.
  size_t turns = 0;
  while (living.feed->progress().packets < kBurst && turns < kBurst) {
    if (!living.wire.incoming.empty() && turns > 0) living.wire.ring();
    REQUIRE(living.feed->step());
    ++turns;
  }
  CHECK(turns > 1);
  CHECK(other.sent.size() == kBurst);
}

TEST_CASE("what leaves by a device that is not there is counted and told in the end") {
  Living living;
  living.wire.bring(datagram("10.0.0.2", "10.0.2.2"));
  while (living.feed->progress().packets == 0) REQUIRE(living.feed->step());
  living.feed->say_last_words();
  CHECK(living.remarks == std::vector<std::string>{"a says goodbye",
                                                   "1 packets left by c, which is "
                                                   "no device of --tun"});
}

TEST_CASE("a device that breaks is done without, and the last one ends the feed") {
  Living living;
  Wire other;
  living.add("b", other);
  living.wire.broken = true;
  living.wire.ring();
  while (living.remarks.empty()) REQUIRE(living.feed->step());
  CHECK(living.remarks == std::vector<std::string>{"a: broken"});
  CHECK(living.feed->status().ok());
  other.broken = true;
  other.ring();
  while (living.feed->step()) {
  }
  REQUIRE_FALSE(living.feed->status().ok());
  CHECK(living.feed->status().error().text == "b: broken");
}

TEST_CASE("whoever is served keeps the feed going, and is tended to behind every turn") {
  size_t tended = 0;
  Living living;
  living.feed->serve([&] { ++tended; });
  living.wire.broken = true;
  living.wire.ring();
  while (living.remarks.empty()) REQUIRE(living.feed->step());
  CHECK(living.feed->status().ok());
  CHECK(tended > 0);
}

TEST_CASE("before it waits it lets others show what there is, and asks whether it is to wait") {
  size_t shown = 0, asked = 0;
  LiveFeed::Options options;
  options.before_wait = [&] { ++shown; };
  options.interrupted = [&] {
    ++asked;
    return true;  // it would wait for long: nothing comes
  };
  Living living(std::move(options));
  for (int i = 0; i < 3; ++i) REQUIRE(living.feed->step());
  CHECK(shown == asked);
  CHECK(asked >= 2);
}

TEST_CASE("the clock goes on from the engine's time, and entries expire by it") {
  Living living;
  constexpr uint64_t kFuture = 4'000'000'000'000'000'000;
  living.engine.advance(kFuture);
  living.wire.bring(datagram("10.0.0.2", "10.0.2.2"));
  while (living.feed->progress().packets == 0) REQUIRE(living.feed->step());
  CHECK(living.engine.now_ns() >= kFuture);
  CHECK(living.engine.tracker().count() == 1);
  // Nothing but time passes, up to where the next look is due, as often as it takes.
  while (living.engine.tracker().count() != 0)
    living.engine.advance(living.engine.tracker().next_look_ns(UINT64_MAX / 4));
  CHECK(living.engine.now_ns() < kFuture + 31'000'000'000);
}

TEST_CASE("the feed ends with the reader of its output") {
  Living living;
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const UniqueFd output(ends[1]);
  UniqueFd reader(ends[0]);
  living.feed->end_with_reader_of(output.get());
  reader = {};
  while (living.feed->step()) {
  }
  CHECK(living.feed->status().ok());
}
