// The typed client of a conntrack table: requests and answers as Flows over any Backend.
//
// One Client holds one conversation and runs one thing at a time: a dump, a batch or a single
// request. A command that changes what it walks uses two (see BackendSource). Events come to a
// Client of their own, which has joined groups and only listens.
//
// Batches are pipelined. Requests are appended to one datagram; only the last asks for an ACK, and
// since an answerer works through a datagram in order and reports every failure by its sequence
// number, silence about an earlier request means success. Limits on a batch keep all its answers
// within a default socket buffer, so that none can be dropped.
//
// A long dump is received by a thread while its flows are looked at (read_ahead.h). It is not split
// over several conversations to be made faster: that would take conditions of which each entry
// fulfils just one for as long as it lives, and that tear a table into comparable parts. There are
// none: marks, labels and status bits change between two dumps, families, zones and translations do
// not but are nearly always the same. Where the filter needs the family named and the user named
// none, there are two dumps, one a family, and these run side by side.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ctnetlink/filter_codec.h"
#include "ctnetlink/read_ahead.h"
#include "ctnetlink/stats_codec.h"
#include "ctwin/backend.h"
#include "ctwin/expectation.h"
#include "ctwin/filter.h"
#include "ctwin/flow.h"
#include "netlink/message.h"

namespace ctwin::ctnetlink {

/// What a dump reads.
enum class DumpKind : uint8_t { kTable, kTableAndZero, kDying, kUnconfirmed };

/// What a request of a batch does.
enum class Operation : uint8_t {
  kCreate,          ///< new entry; EEXIST when there is one
  kCreateOrUpdate,  ///< new entry, or change the one there is
  kUpdate,          ///< change an entry; ENOENT when there is none
  kDelete,          ///< by tuple and, where the flow has one, id
  kGet,             ///< read one entry
  kGetAndZero,      ///< read one entry and zero its counters
};

/// Sees one flow; false ends the walk.
using FlowSink = std::function<bool(const Flow&)>;
using ExpectationSink = std::function<bool(const Expectation&)>;

/// Sees the outcome of request `index` of a batch: errno (0 is success) and, for the reading
/// operations, what was read. Called once a request, in the order in which they were added.
using OutcomeSink = std::function<void(size_t index, int code, const Flow* answer)>;

/// One event message as it came off the wire.
struct FlowEvent {
  EventKind kind = EventKind::kNone;
  uint32_t port_id = 0;  ///< netlink port of the program that caused it, 0 for packets
  const Flow& flow;
};
struct ExpectationEvent {
  EventKind kind = EventKind::kNone;
  const Expectation& expectation;
};
struct EventSinks {
  std::function<bool(const FlowEvent&)> flow;
  std::function<bool(const ExpectationEvent&)> expectation;
};

class Client {
 public:
  /// `source` opens more conversations with the same table where a dump can make use of them; it
  /// outlives the client, or is null.
  explicit Client(std::unique_ptr<Backend> backend, BackendSource* source = nullptr);
  ~Client();

  Backend& backend() { return *backend_; }

  /// Walks the flows that `filter` selects, or all when it is null, each once; what is remembered
  /// for that takes eight bytes a flow that was answered. A dump that the
  /// answerer marks as interrupted (NLM_F_DUMP_INTR: entries may be missing or doubled) is asked
  /// for again and hands out what is new; it fails with EINTR when that does not help either.
  Status dump(DumpKind kind, const Filter* filter, const FlowSink& sink);

  /// Walks the expectations of a family, AF_UNSPEC for all.
  Status dump_expectations(uint8_t family, const ExpectationSink& sink);

  /// Appends a request to the batch. False when the batch is full: run it, then add again.
  /// A flow too large for an empty batch cannot occur: the largest encodes to under 2 KiB.
  bool add(Operation operation, const Flow& flow);
  bool batch_empty() const { return batch_size_ == 0; }
  /// Sends the batch and reports every outcome; fails only where the conversation itself does,
  /// and then outcomes that are not known are not reported.
  Status run_batch(const OutcomeSink& sink);

  Status flush(uint8_t family);
  Result<GlobalStats> global_stats();
  Result<std::vector<CpuStats>> cpu_stats();
  Result<std::vector<CpuStats>> expectation_cpu_stats();

  Status create_expectation(const Expectation& expectation);
  Status delete_expectation(const Expectation& expectation);
  Status get_expectation(const Expectation& expectation, const ExpectationSink& sink);
  Status flush_expectations();

  /// Waits for one datagram of events and hands its messages to `sinks`. Fails with EINTR after a
  /// signal and with ENOBUFS when events were lost.
  Status receive_events(const EventSinks& sinks);
  /// The second half of that: for datagrams that somebody else has received.
  Status deliver_events(std::span<const std::byte> datagram, const EventSinks& sinks);

 private:
  using MessageSink = std::function<void(const netlink::Message&)>;

  netlink::AttrWriter begin_request(uint8_t subsystem, uint8_t type, uint16_t flags, uint8_t family,
                                    uint8_t version = 0);
  Status send_request();
  std::span<std::byte> room() { return {receive_buffer_.get(), kDatagramBytes}; }
  Result<std::span<const std::byte>> receive();
  Status converse(const MessageSink& sink);
  Status collect(const MessageSink& sink);
  std::optional<Status> hand_out(std::span<const std::byte> datagram, bool& interrupted,
                                 const MessageSink& sink);
  Status dump_once(DumpKind kind, const Filter* filter, const FlowSink& sink);
  void begin_dump(DumpKind kind, uint8_t family, const Filter* filter, bool with_tuples);
  Status collect_flows(const FlowSink& sink);
  Status dump_each_family(DumpKind kind, const Filter& filter, const DumpFamilies& families,
                          const FlowSink& sink);
  Client* second();
  Result<std::vector<CpuStats>> dump_cpu_stats(uint8_t subsystem, uint8_t type);
  Status request_expectation(uint8_t type, uint16_t flags, const Expectation& expectation,
                             const MessageSink& sink);

  std::unique_ptr<Backend> backend_;
  BackendSource* source_;
  std::unique_ptr<Client> second_;         ///< for the second of two dumps, opened when needed
  std::unique_ptr<ReadAhead> read_ahead_;  ///< while a dump is received by a thread
  std::unique_ptr<std::byte[]> receive_buffer_;  ///< kDatagramBytes, no page touched in vain
  netlink::MessageWriter request_;
  netlink::MessageWriter batch_;
  uint32_t sequence_ = 0;     ///< of the last request made
  uint32_t batch_first_ = 0;  ///< sequence number of the batch's first request
  size_t batch_size_ = 0;     ///< requests in the batch
  size_t batch_readers_ = 0;  ///< of these, the ones that are answered with a flow
  Flow scratch_;
};

/// What is said of an answer that does not parse.
Error torn_answer();

}  // namespace ctwin::ctnetlink
