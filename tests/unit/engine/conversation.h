// A Responder over an empty table, and clients that talk to it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conntrack/tracker.h"
#include "ctnetlink/client.h"
#include "ctnetlink/flow_codec.h"
#include "ctnetlink/uapi.h"
#include "engine/responder.h"
#include "support/messages.h"

namespace ctwin::test {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kStart = 1'700'000'000 * kSecond;

/// A conversation with the Responder, as a Backend.
class Conversation final : public Backend {
 public:
  explicit Conversation(engine::Responder& responder)
      : responder_(responder), id_(responder.connect()) {}
  ~Conversation() override { responder_.disconnect(id_); }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  Status send(std::span<const std::byte> datagram) override {
    responder_.request(id_, datagram);
    return {};
  }
  Result<std::span<const std::byte>> receive(std::span<std::byte> buffer) override {
    return responder_.receive(id_, buffer);
  }
  Status join(uint32_t groups) override {
    responder_.join(id_, groups);
    return {};
  }
  int fd() const override { return -1; }
  uint32_t id() const { return id_; }
  uint64_t lost() const override { return responder_.lost(id_); }
  uint64_t time() const { return responder_.received_at(id_); }
  size_t set_room(size_t bytes) override {
    responder_.set_room(id_, bytes);
    return bytes;
  }

  /// The next message, alone in its datagram or the first of it; nothing when none waits.
  struct Received {
    Bytes bytes;
    netlink::Message message;
    Flow flow;
  };
  std::optional<Received> next() {
    Received received;
    received.bytes.resize(65536);
    const auto datagram = receive(received.bytes);
    if (!datagram) return std::nullopt;
    received.bytes.resize(datagram->size());
    received.message = message_of(received.bytes);
    if (!received.message.is_error()) ctnetlink::decode_flow(received.message, received.flow);
    return received;
  }

 private:
  engine::Responder& responder_;
  uint32_t id_;
};

struct Table {
  explicit Table(uint32_t entries = 1000) : tracker(settings, entries, 1) {
    tracker.advance(kStart);
  }

  conntrack::Settings settings;
  conntrack::Tracker tracker;
  nat::Nat nat{tracker};
  engine::Responder responder{tracker, nat};

  void pass(uint64_t seconds) { tracker.advance(tracker.now_ns() + seconds * kSecond); }
  std::unique_ptr<Conversation> talk() { return std::make_unique<Conversation>(responder); }
  ctnetlink::Client client() { return ctnetlink::Client(talk()); }
  /// A conversation that has joined the groups of events.
  std::unique_ptr<Conversation> listen() {
    auto listener = talk();
    (void)listener->join(ctnetlink::kConntrackGroups);
    return listener;
  }
};

/// 10.0.0.1:port -> 10.0.0.2:53, with 1000 s to live.
inline Flow udp_flow(uint16_t port) {
  Flow flow;
  flow.orig = port_tuple(IPPROTO_UDP, "10.0.0.1", port, "10.0.0.2", 53);
  flow.reply = mirrored(flow.orig);
  flow.fields.add(FlowField::kOrig);
  flow.fields.add(FlowField::kReply);
  flow.set_timeout(1000);
  return flow;
}

/// The errno of one operation.
inline int run(ctnetlink::Client& client, ctnetlink::Operation operation, const Flow& flow,
               Flow* answer = nullptr) {
  client.add(operation, flow);
  int outcome = -1;
  (void)client.run_batch([&](size_t, int code, const Flow* read) {
    outcome = code;
    if (read && answer) *answer = *read;
  });
  return outcome;
}

inline std::vector<Flow> listed(ctnetlink::Client& client, const Filter* filter = nullptr) {
  std::vector<Flow> flows;
  (void)client.dump(ctnetlink::DumpKind::kTable, filter, [&](const Flow& flow) {
    flows.push_back(flow);
    return true;
  });
  return flows;
}

}  // namespace ctwin::test
