// -E: prints events while they happen.
//
// A thread receives (ctnetlink/event_reader.h) and this one prints; output is flushed whenever
// nothing more is waiting, so a quiet stream shows every event at once and a burst is written in
// large pieces. The watch ends at a signal, when nobody reads its output any more, or at the limit
// that it was given; none of these has to wait for a next event. What had been received when a
// signal came is printed before the end.
//
// The socket's buffer is made large, since what does not fit in it is lost, and the kernel is told
// which events need not be put there at all (ctnetlink/event_filter.h). When something is lost all
// the same, it is said, and the table is listed again to tell what was missed (resync.h). An engine
// in this process loses nothing and is asked from here, without a thread.
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/posix.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/program_names.h"
#include "cli/progress.h"
#include "cli/questions.h"
#include "cli/resync.h"
#include "cli/selection.h"
#include "ctnetlink/event_filter.h"
#include "ctnetlink/event_reader.h"
#include "ctnetlink/uapi.h"

namespace ctwin::cli {

using ctnetlink::ExpectationEvent;
using ctnetlink::FlowEvent;

namespace {

// Memory is used only while events wait.
constexpr size_t kDefaultBufferBytes = size_t{128} << 20;
constexpr size_t kQueueBytes = size_t{256} << 20;
constexpr std::string_view kOverrun =
    "WARNING: We have hit ENOBUFS! We are losing events.\n"
    "This message means that the current netlink socket buffer size is too small.\n"
    "Please, check --buffer-size in conntrack(8) manpage.\n";

EventList wanted_events(const Arguments& arguments) {
  if (arguments.given.has(Option::kEventMask)) return arguments.events;
  EventList all;
  all.created = all.updated = all.destroyed = true;
  return all;
}

uint32_t event_groups(const Arguments& arguments) {
  if (arguments.table == Table::kExpect) return ctnetlink::kExpectGroups;
  const EventList events = wanted_events(arguments);
  uint32_t groups = 0;
  if (events.created) groups |= ctnetlink::group_bit(NFNLGRP_CONNTRACK_NEW);
  if (events.updated) groups |= ctnetlink::group_bit(NFNLGRP_CONNTRACK_UPDATE);
  if (events.destroyed) groups |= ctnetlink::group_bit(NFNLGRP_CONNTRACK_DESTROY);
  return groups;
}

class Watcher {
 public:
  Watcher(Session& session, const Arguments& arguments, ctnetlink::Client& client)
      : session_(session),
        expect_(arguments.table == Table::kExpect),
        client_(client),
        fd_(client.backend().fd()),
        selection_(session, arguments),
        arguments_(arguments),
        grouped_(!arguments.questions.group_by.empty()),
        groups_(arguments.questions.group_by),
        printer_(session, print_options(arguments, session.label_map(arguments))) {
    const Questions& questions = arguments.questions;
    const EventList wanted = wanted_events(arguments);
    // Without the ends of entries there would be no end of what is to be remembered.
    const bool may_resync = fd_ >= 0 && !questions.no_resync && wanted.destroyed;
    if (!expect_ && !grouped_ && (may_resync || questions.snapshot))
      resync_.emplace(session, selection_, wanted, may_resync);
  }

  /// Has the answerer leave out what would never be shown, as far as it can. A picture of the table
  /// must also be told of the ends of entries that are not what they were when they were shown.
  void hold_back_others() {
    if (expect_) return;  // all of them are shown
    const auto program =
        ctnetlink::compile_event_filter(selection_.pushed_down(), resync_.has_value());
    if (!program.empty()) client_.backend().set_filter(program);
  }

  int run() {
    sinks_ = make_sinks();
    if (fd_ >= 0) reader_.emplace(client_.backend(), kQueueBytes);
    if (session_.feed() && session_.feed()->is_endless()) stop_after(arguments_.questions.duration);
    Status status = begin();
    while (status.ok() && wait()) status = reader_ ? read_batch() : receive();
    if (reader_) {
      reader_->stop();
      while (status.ok() && !is_enough() && reader_->take(batch_)) status = handle_batch();
      announce_loss();
    }
    printer_.finish();
    if (!status) return failed(status.error());
    return summarize();
  }

 private:
  ctnetlink::EventSinks make_sinks() {
    if (expect_)
      return {{}, [this](const ExpectationEvent& event) {
                printer_.print({event.expectation, event.kind, session_.now()});
                ++count_;
                return !is_enough();
              }};
    return {[this](const FlowEvent& event) {
              if (is_late()) return false;
              show(event);
              return !is_enough();
            },
            {}};
  }

  void show(const FlowEvent& event) {
    if (!selection_.matches(event.flow)) {
      if (resync_) resync_->pass_over(event.kind, event.flow);
      return;
    }
    if (grouped_) {
      ++count_;
      return groups_.add(event.flow);
    }
    const EventKind kind = resync_ ? resync_->judge(event.kind, event.flow) : event.kind;
    if (kind == EventKind::kNone && event.kind != EventKind::kNone) return;
    print(event, kind);
  }

  void print(const FlowEvent& event, EventKind kind) {
    FlowRecord record = record_of(event.flow, kind);
    record.port_id = event.port_id;
    if (event.port_id != 0) record.program = programs_.find(event.port_id);
    printer_.print(record);
    ++count_;
  }

  FlowRecord record_of(const Flow& flow, EventKind kind) const {
    FlowRecord record{.flow = flow, .event = kind};
    record.verb = kind == EventKind::kDestroy  ? SaveVerb::kDelete
                  : kind == EventKind::kUpdate ? SaveVerb::kUpdate
                                               : SaveVerb::kAdd;
    record.now = session_.now();
    record.event_time = flow.has(FlowField::kTimestampEvent) ? flow.timestamp_event : record.now;
    return record;
  }

  /// The listing that a watch may begin with. The subscription is older, so nothing falls between.
  Status begin() {
    if (!resync_ || !arguments_.questions.snapshot) return {};
    Status status = resync_->begin([this](const Flow& flow, EventKind) {
      printer_.print({.flow = flow, .now = session_.now()});
    });
    settle();
    return status;
  }

  /// Events that come from now on happened behind the listing.
  void settle() { reader_ ? reader_->mark() : resync_->caught_up(); }

  /// From an engine in this process, which has nothing to wait for.
  Status receive() {
    Status status = client_.receive_events(sinks_);
    if (status.ok() || status.error().code == EINTR) return {};
    if (status.error().code != EAGAIN) return status;
    over_ = !step_feed(session_);
    return {};
  }

  /// Whether the event in hand came behind --duration, by the clock of captures, which begins with
  /// the first event.
  bool is_late() {
    if (duration_ns_ == 0 || reader_) return false;
    const uint64_t time = session_.now();
    if (first_event_ == 0) first_event_ = time;
    over_ |= time - first_event_ >= duration_ns_;
    return over_;
  }

  Status read_batch() {
    Status status = handle_batch();
    if (status.ok() && lost_ != lost_told_ && !ended()) status = tell_lost();
    return status;
  }

  Status handle_batch() {
    using Kind = ctnetlink::EventReader::Kind;
    for (ctnetlink::EventReader::Item item; !is_enough() && batch_.next(item);) {
      switch (item.kind) {
        case Kind::kDatagram:
          if (Status status = client_.deliver_events(item.datagram, sinks_); !status) return status;
          break;
        case Kind::kLost:
          session_.messages.raw(kOverrun);
          lost_ = item.number;
          break;
        case Kind::kCaughtUp:
          if (resync_) resync_->caught_up();
          break;
        case Kind::kFailed: return reader_->failure();
      }
    }
    return {};
  }

  /// Says within the output, where programs read it, how many events were lost since it was said
  /// last, whether that can be made up for or not; and answers with their number.
  uint64_t announce_loss() {
    const uint64_t lost = lost_ - std::exchange(lost_told_, lost_);
    if (lost == 0 || !arguments_.output.json || grouped_) return lost;
    print_lost_json(lost, lost_, session_.now(), session_.output.buffer());
    session_.output.end_line();
    return lost;
  }

  /// Events were lost, and all that came behind them up to now has been shown.
  Status tell_lost() {
    const uint64_t lost = announce_loss();
    if (!resync_ || !resync_->can_repeat()) return {};
    session_.messages.say(std::to_string(lost) +
                          " events were lost; the table is listed again to tell what changed.");
    Status status = resync_->repeat([this](const Flow& flow, EventKind kind) {
      FlowRecord record = record_of(flow, kind);
      record.resync = true;
      printer_.print(record);
      ++count_;
      ++recovered_;
    });
    settle();
    return status;
  }

  bool is_enough() const {
    const auto& limit = arguments_.questions.limit;
    return (limit && count_ >= *limit) || session_.output.closed();
  }

  bool ended() const { return over_ || stop_signal != 0 || is_enough(); }

  /// What is left of --duration, if there is an end; false when nothing is left.
  bool time_left(std::optional<timespec>& left) const {
    if (duration_ns_ == 0 || !reader_) return true;
    const uint64_t passed = monotonic_clock_ns() - begun_ns_;
    if (passed >= duration_ns_) return false;
    left = timespec_of(duration_ns_ - passed);
    return true;
  }

  /// Takes what was received, else waits for something; false when the watch is over.
  bool wait() {
    std::optional<timespec> left;
    if (ended() || !time_left(left)) return false;
    if (!reader_) return true;
    if (reader_->take(batch_)) return true;
    pollfd sources[] = {{reader_->fd(), POLLIN, 0}, {STDOUT_FILENO, 0, 0}};
    session_.output.flush();
    programs_.forget();  // the next event may be minutes away, and ports are used again
    // A signal between the look at its mark and the wait would be missed.
    const HeldSignals held;
    if (ended()) return false;
    (void)ppoll(sources, 2, left ? &*left : nullptr, &held.before());
    return !ended() && (sources[1].revents & (POLLERR | POLLHUP)) == 0;
  }

  int failed(const Error& error) {
    std::string text =
        std::string("failed to received netlink event: ") + std::strerror(error.code);
    if (!error.text.empty()) text += " (" + error.text + ")";
    return session_.messages.report({kOtherProblem, text});
  }

  int summarize() {
    if (grouped_)
      print_groups(session_, arguments_, groups_, "flow events");
    else
      session_.messages.say(std::to_string(count_) + (expect_ ? " expectation" : " flow") +
                            " events have been shown.");
    if (const uint64_t lost = client_.backend().lost(); lost != 0)
      session_.messages.say(std::to_string(lost) + " events have been lost.");
    if (recovered_ != 0)
      session_.messages.say(std::to_string(recovered_) +
                            " changes have been recovered from the table.");
    return 0;
  }

  Session& session_;
  const bool expect_;
  ctnetlink::Client& client_;
  const int fd_;
  const Selection selection_;
  const Arguments& arguments_;
  const bool grouped_;
  Groups groups_;
  FlowPrinter printer_;
  ProgramNames programs_;
  const uint64_t duration_ns_ = uint64_t{arguments_.questions.duration} * 1'000'000;  ///< 0: no end
  const uint64_t begun_ns_ = monotonic_clock_ns();
  std::optional<Resync> resync_;
  std::optional<ctnetlink::EventReader> reader_;
  ctnetlink::EventReader::Batch batch_;
  ctnetlink::EventSinks sinks_;
  uint64_t count_ = 0;
  uint64_t lost_ = 0;       ///< as reported so far
  uint64_t lost_told_ = 0;  ///< of these, what has been dealt with
  uint64_t recovered_ = 0;
  uint64_t first_event_ = 0;  ///< of captures, ns since the epoch; 0: none yet
  bool over_ = false;
};

}  // namespace

int watch_events(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  Backend& backend = (*client)->backend();
  const bool chosen = arguments.given.has(Option::kBufferSize);
  const size_t size = backend.set_room(chosen ? arguments.buffer_size : kDefaultBufferBytes);
  Watcher watcher(session, arguments, **client);
  watcher.hold_back_others();
  if (Status joined = backend.join(event_groups(arguments)); !joined)
    return session.operation_failed(joined.error(), arguments);
  if (chosen)
    session.messages.raw("NOTICE: Netlink socket buffer size has been set to " +
                         std::to_string(size) + " bytes.\n");
  return watcher.run();
}

}  // namespace ctwin::cli
