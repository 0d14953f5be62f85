#include "ctnetlink/client.h"

#include <cerrno>
#include <ctime>

#include "ctnetlink/expect_codec.h"
#include "ctnetlink/filter_codec.h"
#include "ctnetlink/flow_codec.h"
#include "ctnetlink/uapi.h"

namespace ctwin::ctnetlink {

using netlink::AttrWriter;
using netlink::Message;
using netlink::MessageReader;

namespace {

constexpr size_t kRequestBytes = 4096;
constexpr size_t kBatchBytes = 1 << 16;

// A dump that is over after a few datagrams is not worth a thread.
constexpr unsigned kShortDump = 4;

// A flow in an answer is charged to the socket with about 5 KiB, a failure with 1 KiB, and a
// default buffer takes 208 KiB.
constexpr size_t kBatchRequests = 128;
constexpr size_t kBatchReaders = 32;

struct WireOperation {
  uint8_t type;
  uint16_t flags;
};

WireOperation wire_operation(Operation operation) {
  switch (operation) {
    case Operation::kCreate: return {IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL};
    case Operation::kCreateOrUpdate: return {IPCTNL_MSG_CT_NEW, NLM_F_CREATE};
    case Operation::kUpdate: return {IPCTNL_MSG_CT_NEW, 0};
    case Operation::kDelete: return {IPCTNL_MSG_CT_DELETE, 0};
    case Operation::kGet: return {IPCTNL_MSG_CT_GET, 0};
    case Operation::kGetAndZero: return {IPCTNL_MSG_CT_GET_CTRZERO, 0};
  }
  return {};
}

bool is_reader(Operation operation) {
  return operation == Operation::kGet || operation == Operation::kGetAndZero;
}

EventKind event_kind(const Message& message, uint8_t new_type, uint8_t delete_type) {
  if (message.type() == delete_type) return EventKind::kDestroy;
  if (message.type() != new_type) return EventKind::kNone;
  return message.header.nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL) ? EventKind::kNew
                                                                  : EventKind::kUpdate;
}

}  // namespace

Error torn_answer() { return {EBADMSG, "the answer is cut short or damaged"}; }

Client::Client(std::unique_ptr<Backend> backend, BackendSource* source)
    : backend_(std::move(backend)),
      source_(source),
      receive_buffer_(std::make_unique_for_overwrite<std::byte[]>(kDatagramBytes)),
      request_(kRequestBytes),
      batch_(kBatchBytes),
      sequence_(static_cast<uint32_t>(std::time(nullptr))) {}

Client::~Client() = default;

AttrWriter Client::begin_request(uint8_t subsystem, uint8_t type, uint16_t flags, uint8_t family,
                                 uint8_t version) {
  request_.clear();
  return request_.begin(subsystem, type, flags, ++sequence_, family, version);
}

Status Client::send_request() { return backend_->send(request_.bytes()); }

/// One datagram of an answer, from whoever receives.
Result<std::span<const std::byte>> Client::receive() {
  return read_ahead_ ? read_ahead_->next() : receive_answer(*backend_, room());
}

/// Sends the request and passes its answers to `sink` until a done or error message ends them.
Status Client::converse(const MessageSink& sink) {
  if (Status sent = send_request(); !sent) return sent;
  return collect(sink);
}

/// The answers to the request that was sent last. A long answer is received by a thread.
Status Client::collect(const MessageSink& sink) {
  bool interrupted = false;
  std::optional<Status> end;
  for (unsigned count = 0; !end; ++count) {
    if (count == kShortDump && !read_ahead_ && can_read_ahead(*backend_))
      read_ahead_ = std::make_unique<ReadAhead>(*backend_, std::span<const std::byte>(), sequence_);
    const auto datagram = receive();
    end = datagram ? hand_out(*datagram, interrupted, sink) : Status(datagram.error());
  }
  read_ahead_.reset();
  return *end;
}

/// Passes on the messages of a datagram; answers with the outcome if the end is among them.
std::optional<Status> Client::hand_out(std::span<const std::byte> datagram, bool& interrupted,
                                       const MessageSink& sink) {
  MessageReader reader(datagram);
  for (Message message; reader.next(message);) {
    if (message.header.nlmsg_seq != sequence_) continue;  // left over from an earlier request
    interrupted |= (message.header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (message.is_error() || message.is_done()) {
      const bool bare_end = message.is_done() && message.body.empty();
      if (const int code = message.error_code(); code != 0 && !bare_end) return Error{code, {}};
      if (interrupted) return Error{EINTR, "the table changed under the dump; run it again"};
      return Status();
    }
    sink(message);
  }
  if (reader.malformed()) return torn_answer();
  return {};
}

Status Client::dump_expectations(uint8_t family, const ExpectationSink& sink) {
  const AttrWriter attrs =
      begin_request(NFNL_SUBSYS_CTNETLINK_EXP, IPCTNL_MSG_EXP_GET, NLM_F_DUMP, family);
  request_.end(attrs);
  Expectation expectation;
  bool wanted = true;
  return converse([&](const Message& message) {
    if (wanted && decode_expectation(message, expectation)) wanted = sink(expectation);
  });
}

bool Client::add(Operation operation, const Flow& flow) {
  const bool reader = is_reader(operation);
  if (batch_size_ == kBatchRequests || (reader && batch_readers_ == kBatchReaders)) return false;
  if (batch_size_ == 0) batch_first_ = sequence_ + 1;
  const auto [type, flags] = wire_operation(operation);
  const uint8_t family = flow.has(FlowField::kOrig) ? flow.orig.family() : flow.reply.family();
  AttrWriter attrs = batch_.begin(NFNL_SUBSYS_CTNETLINK, type, flags, sequence_ + 1, family);
  encode_flow(flow, operation == Operation::kDelete, attrs);
  if (!batch_.end(attrs)) return false;
  ++sequence_;
  ++batch_size_;
  batch_readers_ += reader;
  return true;
}

Status Client::run_batch(const OutcomeSink& sink) {
  const size_t size = batch_size_;
  if (size == 0) return {};
  batch_.acknowledge_last();
  Status sent = backend_->send(batch_.bytes());
  batch_.clear();
  batch_size_ = batch_readers_ = 0;
  if (!sent) return sent;

  size_t next = 0;  // the first request whose outcome has not been reported
  const auto report = [&](size_t index, int code, const Flow* answer) {
    while (next < index) sink(next++, 0, nullptr);  // passed over in silence: done
    if (next > index) return;                       // the ACK behind an answer
    sink(next++, code, answer);
  };
  for (;;) {
    auto datagram = receive();
    if (!datagram) return datagram.error();
    MessageReader reader(*datagram);
    for (Message message; reader.next(message);) {
      const size_t index = message.header.nlmsg_seq - batch_first_;
      if (index >= size) continue;
      if (message.is_error() || message.is_done()) {
        const bool last = index == size - 1;
        report(index, message.error_code(), nullptr);
        if (last) return {};
      } else {
        const bool intact = decode_flow(message, scratch_);
        report(index, intact ? 0 : EBADMSG, intact ? &scratch_ : nullptr);
      }
    }
    if (reader.malformed()) return torn_answer();
  }
}

Status Client::flush(uint8_t family) {
  // The kernel honours the family of a flush only where the header's version is not 0.
  const uint8_t version = family == AF_UNSPEC ? 0 : 1;
  const AttrWriter attrs =
      begin_request(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family, version);
  request_.end(attrs);
  return converse([](const Message&) {});
}

Result<GlobalStats> Client::global_stats() {
  const AttrWriter attrs =
      begin_request(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS, NLM_F_ACK, AF_UNSPEC);
  request_.end(attrs);
  GlobalStats stats;
  Status status = converse([&](const Message& message) { stats = decode_global_stats(message); });
  if (!status) return status.error();
  return stats;
}

Result<std::vector<CpuStats>> Client::dump_cpu_stats(uint8_t subsystem, uint8_t type) {
  const AttrWriter attrs = begin_request(subsystem, type, NLM_F_DUMP, AF_UNSPEC);
  request_.end(attrs);
  std::vector<CpuStats> all;
  Status status =
      converse([&](const Message& message) { all.push_back(decode_cpu_stats(message)); });
  if (!status) return status.error();
  return all;
}

Result<std::vector<CpuStats>> Client::cpu_stats() {
  return dump_cpu_stats(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS_CPU);
}

Result<std::vector<CpuStats>> Client::expectation_cpu_stats() {
  return dump_cpu_stats(NFNL_SUBSYS_CTNETLINK_EXP, IPCTNL_MSG_EXP_GET_STATS_CPU);
}

Status Client::request_expectation(uint8_t type, uint16_t flags, const Expectation& expectation,
                                   const MessageSink& sink) {
  AttrWriter attrs =
      begin_request(NFNL_SUBSYS_CTNETLINK_EXP, type, static_cast<uint16_t>(flags | NLM_F_ACK),
                    expectation.expected.family());
  encode_expectation(expectation, attrs);
  if (!request_.end(attrs)) return Error{EMSGSIZE, "the request is too large"};
  return converse(sink);
}

Status Client::create_expectation(const Expectation& expectation) {
  return request_expectation(IPCTNL_MSG_EXP_NEW, NLM_F_CREATE | NLM_F_EXCL, expectation,
                             [](const Message&) {});
}

Status Client::delete_expectation(const Expectation& expectation) {
  return request_expectation(IPCTNL_MSG_EXP_DELETE, 0, expectation, [](const Message&) {});
}

Status Client::get_expectation(const Expectation& expectation, const ExpectationSink& sink) {
  Expectation answer;
  return request_expectation(IPCTNL_MSG_EXP_GET, 0, expectation, [&](const Message& message) {
    if (decode_expectation(message, answer)) sink(answer);
  });
}

Status Client::flush_expectations() {
  const AttrWriter attrs =
      begin_request(NFNL_SUBSYS_CTNETLINK_EXP, IPCTNL_MSG_EXP_DELETE, NLM_F_ACK, AF_UNSPEC);
  request_.end(attrs);
  return converse([](const Message&) {});
}

Status Client::receive_events(const EventSinks& sinks) {
  auto datagram = backend_->receive(room());
  if (!datagram) return datagram.error();
  if (datagram->empty()) return Error{ECONNRESET, "the table has gone away"};
  return deliver_events(*datagram, sinks);
}

Status Client::deliver_events(std::span<const std::byte> datagram, const EventSinks& sinks) {
  MessageReader reader(datagram);
  Expectation expectation;
  for (Message message; reader.next(message);) {
    if (message.is_error() || message.is_done()) continue;
    bool wanted = true;
    if (message.subsystem() == NFNL_SUBSYS_CTNETLINK && sinks.flow) {
      const EventKind kind = event_kind(message, IPCTNL_MSG_CT_NEW, IPCTNL_MSG_CT_DELETE);
      decode_flow(message, scratch_);
      wanted = sinks.flow({kind, message.header.nlmsg_pid, scratch_});
    } else if (message.subsystem() == NFNL_SUBSYS_CTNETLINK_EXP && sinks.expectation) {
      const EventKind kind = event_kind(message, IPCTNL_MSG_EXP_NEW, IPCTNL_MSG_EXP_DELETE);
      if (decode_expectation(message, expectation)) wanted = sinks.expectation({kind, expectation});
    }
    if (!wanted) return {};
  }
  if (reader.malformed()) return torn_answer();
  return {};
}

}  // namespace ctwin::ctnetlink
