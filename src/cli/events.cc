// -E: prints events while they happen.
//
// One loop receives a datagram, prints its events and goes on; output is flushed whenever nothing
// more is waiting, so a quiet stream shows every event at once and a burst is written in large
// pieces. The watch ends at a signal, or when nobody reads its output any more; neither has to wait
// for a next event. The socket's buffer is made large, since what does not fit in it is lost; the
// kernel counts what it had to drop and the summary tells.
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/signals.h"
#include "cli/commands.h"
#include "cli/program_names.h"
#include "cli/progress.h"
#include "cli/questions.h"
#include "cli/selection.h"
#include "ctnetlink/uapi.h"

namespace ctwin::cli {

using ctnetlink::ExpectationEvent;
using ctnetlink::FlowEvent;

namespace {

constexpr size_t kDefaultBufferBytes = size_t{128} << 20;  // memory is used only while events wait
constexpr std::string_view kOverrun =
    "WARNING: We have hit ENOBUFS! We are losing events.\n"
    "This message means that the current netlink socket buffer size is too small.\n"
    "Please, check --buffer-size in conntrack(8) manpage.\n";

uint32_t event_groups(const Arguments& arguments) {
  if (arguments.table == Table::kExpect) return ctnetlink::kExpectGroups;
  const EventList& events = arguments.events;
  if (!arguments.given.has(Option::kEventMask)) return ctnetlink::kConntrackGroups;
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
        printer_(session, print_options(arguments, session.label_map(arguments))) {}

  int run() {
    const ctnetlink::EventSinks sinks = make_sinks();
    while (wait()) {
      const Status status = client_.receive_events(sinks);
      if (status.ok() || status.error().code == EINTR) continue;
      if (status.error().code == EAGAIN) {
        if (!step_feed(session_)) break;
        continue;
      }
      if (status.error().code != ENOBUFS) return report(status.error());
      session_.messages.raw(kOverrun);
    }
    printer_.finish();
    return summarize();
  }

 private:
  ctnetlink::EventSinks make_sinks() {
    if (expect_)
      return {{}, [this](const ExpectationEvent& event) {
                printer_.print({event.expectation, event.kind, session_.now()});
                ++count_;
                return true;
              }};
    return {[this](const FlowEvent& event) {
              if (!selection_.matches(event.flow)) return true;
              grouped_ ? groups_.add(event.flow) : print(event);
              return true;
            },
            {}};
  }

  void print(const FlowEvent& event) {
    FlowRecord record{.flow = event.flow, .event = event.kind};
    record.verb = event.kind == EventKind::kDestroy  ? SaveVerb::kDelete
                  : event.kind == EventKind::kUpdate ? SaveVerb::kUpdate
                                                     : SaveVerb::kAdd;
    record.now = session_.now();
    record.event_time =
        event.flow.has(FlowField::kTimestampEvent) ? event.flow.timestamp_event : record.now;
    record.port_id = event.port_id;
    if (event.port_id != 0) record.program = programs_.find(event.port_id);
    printer_.print(record);
    ++count_;
  }

  bool ended() const { return stop_signal != 0 || session_.output.closed(); }

  /// Waits for something to receive; false when the watch is over.
  bool wait() {
    if (ended()) return false;
    if (fd_ < 0) return true;  // an engine in this process: nothing to wait for
    pollfd sources[] = {{fd_, POLLIN, 0}, {STDOUT_FILENO, 0, 0}};
    if (poll(sources, 1, 0) != 0) return true;
    session_.output.flush();
    programs_.forget();  // the next event may be minutes away, and ports are used again
    // A signal between the look at its mark and the wait would be missed.
    const HeldSignals held;
    if (ended()) return false;
    (void)ppoll(sources, 2, nullptr, &held.before());
    return !ended() && (sources[1].revents & (POLLERR | POLLHUP)) == 0;
  }

  int report(const Error& error) {
    printer_.finish();
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
  uint64_t count_ = 0;
};

}  // namespace

int watch_events(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  Backend& backend = (*client)->backend();
  const bool chosen = arguments.given.has(Option::kBufferSize);
  const size_t size = backend.set_room(chosen ? arguments.buffer_size : kDefaultBufferBytes);
  if (Status joined = backend.join(event_groups(arguments)); !joined)
    return session.operation_failed(joined.error(), arguments);
  if (chosen)
    session.messages.raw("NOTICE: Netlink socket buffer size has been set to " +
                         std::to_string(size) + " bytes.\n");
  return Watcher(session, arguments, **client).run();
}

}  // namespace ctwin::cli
