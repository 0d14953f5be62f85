// The two that must answer alike: ctnetlink of the kernel, in a network namespace of its own, and
// the engine's Responder. What each says is turned into text in which nothing is left that may
// differ.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ctwin/result.h"
#include "request_builder.h"

namespace ctwin::test {

/// A message as text, and the seconds that it speaks of, which may differ by one.
struct Said {
  std::string text;
  std::optional<uint32_t> timeout;
};

/// What came of a datagram.
struct Outcome {
  std::vector<Said> answers;
  std::vector<Said> events;
  std::vector<Said> table;
};

class Side {
 public:
  virtual ~Side() = default;

  /// Sends a datagram, and reads what comes of it. A request with the id kAnyEntry gets the
  /// real one of the entry whose original tuple it carries.
  Outcome ask(const Bytes& datagram, bool look_at_table);
  /// Makes the table empty, unseen.
  void clear();

 protected:
  virtual void send(const Bytes& datagram) = 0;
  /// The next datagram for the requester, or for the listener; empty when there is none.
  virtual Bytes receive(bool listener) = 0;
  virtual uint32_t port_id() const = 0;

 private:
  std::vector<Said> read_all(bool listener);
  void learn_id(std::span<const std::byte> attributes);
  Bytes with_real_id(Bytes datagram) const;

  std::map<Bytes, uint32_t> ids_;  ///< by original tuple and zone
};

/// Sysctls are what the kernel has in a new namespace, but for these.
struct SideOptions {
  bool acct = false;
  bool timestamp = false;
};

Result<std::unique_ptr<Side>> kernel_side(const SideOptions& options);
std::unique_ptr<Side> engine_side(const SideOptions& options);

/// Empty when both outcomes are the same, else what differs.
std::string difference(Outcome kernel, Outcome engine);

}  // namespace ctwin::test
