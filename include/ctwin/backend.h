// The seam: a conversation in ctnetlink datagrams with whoever keeps a conntrack table.
//
// A Backend carries bytes and knows nothing of their meaning beyond netlink's multicast groups.
// The kernel, an engine behind a unix socket, an engine in this process and the recordings of the
// tests all answer the same datagrams, so everything above the seam is written once.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "ctwin/result.h"

namespace ctwin {

class Backend {
 public:
  virtual ~Backend() = default;

  /// Sends one datagram: one or more netlink messages, back to back.
  virtual Status send(std::span<const std::byte> datagram) = 0;

  /// Waits for one datagram and returns the part of `buffer` that it fills. Errors: EINTR when a
  /// signal came first, EAGAIN when nothing is there and nothing can come while one waits, ENOBUFS
  /// when the answerer had to drop messages for want of room, EMSGSIZE when the datagram did not
  /// fit (it is lost).
  virtual Result<std::span<const std::byte>> receive(std::span<std::byte> buffer) = 0;

  /// Subscribes to the multicast groups whose NFNLGRP_* number n has bit n-1 set in `groups`.
  virtual Status join(uint32_t groups) = 0;

  /// Sets how many bytes may wait to be received before messages are dropped, as far as that is
  /// permitted; answers with what it came to.
  virtual size_t set_room(size_t bytes) { return bytes; }

  /// From now on only datagrams of which the program, classic BPF as SO_ATTACH_FILTER takes it,
  /// makes something other than 0 need to be received; others take no room and are not lost. Where
  /// that is not possible, all are.
  virtual void set_filter(std::span<const sock_filter> /*program*/) {}

  /// How many datagrams the answerer has dropped in this conversation for want of room.
  virtual uint64_t lost() const { return 0; }

  /// A descriptor for poll(2), -1 where there is none.
  virtual int fd() const = 0;

  /// When the datagram received last was made, ns since the epoch, by an answerer that has a clock
  /// of its own; nothing where it is the clock on the wall.
  virtual std::optional<uint64_t> received_at() const { return std::nullopt; }
};

/// Opens one more conversation with the same table. Commands that change entries while they walk
/// a dump use two.
class BackendSource {
 public:
  virtual ~BackendSource() = default;
  virtual Result<std::unique_ptr<Backend>> open() = 0;
};

}  // namespace ctwin
