// Backends for tests: one that plays a script, one that records a real one.
//
// A script is a list of exchanges, used up in order: every datagram sent takes the next one, whose
// replies are then received. Replies are written, or were recorded, with sequence numbers counted
// from 0 for the first message of the request; on delivery they are moved to the numbers that the
// request really used. Receiving where the script has nothing fails with ETIMEDOUT instead of
// waiting, so that a client that wants too much is found out.
#pragma once

#include <deque>
#include <memory>
#include <variant>
#include <vector>

#include "ctwin/backend.h"
#include "support/messages.h"

namespace ctwin::test {

/// A datagram to receive, or the errno to fail with.
using Reply = std::variant<Bytes, int>;

struct Exchange {
  std::vector<Reply> replies;
  int send_error = 0;  ///< errno of the send itself
};

/// What a FakeBackend will answer and what it was asked; the test keeps a hand on it.
struct Script {
  std::deque<Exchange> exchanges;
  std::deque<Reply> pending;  ///< may be filled by hand: events, leftovers
  std::vector<Bytes> sent;
  uint32_t joined = 0;
  int join_error = 0;

  Script& then(std::vector<Reply> replies);
};

class FakeBackend final : public Backend {
 public:
  explicit FakeBackend(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  Status send(std::span<const std::byte> datagram) override;
  Result<std::span<const std::byte>> receive(std::span<std::byte> buffer) override;
  Status join(uint32_t groups) override;
  int fd() const override { return -1; }

 private:
  std::shared_ptr<Script> script_;
};

/// Passes everything through and keeps a copy of the datagrams that were received.
class RecordingBackend final : public Backend {
 public:
  RecordingBackend(std::unique_ptr<Backend> real, std::shared_ptr<Bytes> recording)
      : real_(std::move(real)), recording_(std::move(recording)) {}

  Status send(std::span<const std::byte> datagram) override { return real_->send(datagram); }
  Result<std::span<const std::byte>> receive(std::span<std::byte> buffer) override;
  Status join(uint32_t groups) override { return real_->join(groups); }
  int fd() const override { return real_->fd(); }

 private:
  std::unique_ptr<Backend> real_;
  std::shared_ptr<Bytes> recording_;
};

/// The outcome of request `index`: an errno, or 0 for an ACK.
Bytes ack(uint32_t index, int code = 0);
/// The end of a dump; `flags` may hold NLM_F_DUMP_INTR.
Bytes done(uint16_t flags = 0);
/// `message` as part of the answer to request `index`, with `flags` in its header.
Bytes answer(uint32_t index, Bytes message, uint16_t flags = NLM_F_MULTI);
/// Several messages in one datagram.
Bytes datagram_of(const std::vector<Bytes>& messages);
/// Recorded replies to one request, renumbered from 0.
std::vector<Reply> replay(const std::vector<Bytes>& datagrams);

}  // namespace ctwin::test
