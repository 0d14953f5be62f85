#include "cli/commands.h"

#include <cerrno>
#include <functional>

#include "cli/build.h"
#include "cli/entry_writer.h"
#include "cli/nat_questions.h"
#include "cli/questions.h"
#include "cli/selection.h"
#include "cli/stats.h"

namespace ctwin::cli {

using ctnetlink::Client;
using ctnetlink::DumpKind;
using ctnetlink::Operation;

namespace {

std::string counted(size_t count, std::string_view what) {
  return std::to_string(count).append(" ").append(what);
}

/// The summary, and the exit code: finding nothing is a failure, except for a listing.
int summarize(Session& session, size_t count, std::string_view what, bool nothing_is_fine) {
  session.messages.say(counted(count, what));
  return count == 0 && !nothing_is_fine ? kOtherProblem : 0;
}

int summarize_changes(Session& session, const Arguments& arguments, const Outcome& outcome,
                      std::string_view what) {
  if (!outcome.error) return summarize(session, outcome.count, what, false);
  const int code = session.operation_failed(*outcome.error, arguments);
  if (outcome.count != 0) session.messages.say(counted(outcome.count, what));
  return code;
}

/// -u of words that select nothing, such as SRC_NAT, is refused: it would select everything.
bool selects_nothing(const Arguments& arguments) {
  const StatusList& status = arguments.status;
  return arguments.given.has(Option::kStatus) && status.set == 0 && status.clear == 0 &&
         !status.unset;
}

// ---- listing ----

/// Reads the counters of the entries that a listing selects and zeroes just these.
class ZeroingLister {
 public:
  ZeroingLister(Client& client, FlowPrinter& printer) : client_(client), printer_(printer) {}

  Status add(const Flow& flow) {
    if (!client_.add(Operation::kGetAndZero, flow)) {
      if (Status status = flush(); !status) return status;
      client_.add(Operation::kGetAndZero, flow);
    }
    queue_.push_back(flow);
    return {};
  }

  Status flush() {
    Status status = client_.run_batch([&](size_t index, int, const Flow* answer) {
      Flow& flow = queue_[index];
      if (!answer || answer->id != flow.id) return;  // gone, or another entry by now
      flow.counters_orig = answer->counters_orig;
      flow.counters_reply = answer->counters_reply;
      printer_.print({.flow = flow});
      ++count_;
    });
    queue_.clear();
    return status;
  }

  size_t count() const { return count_; }

 private:
  Client& client_;
  FlowPrinter& printer_;
  std::vector<Flow> queue_;
  size_t count_ = 0;
};

Status list_and_zero(Session& session, Client& client, const Selection& selection,
                     FlowPrinter& printer, size_t& count) {
  auto modifier = session.modifier();
  if (!modifier) return modifier.error();
  ZeroingLister lister(**modifier, printer);
  Status failed;
  Status status = client.dump(DumpKind::kTable, &selection.pushed_down(), [&](const Flow& flow) {
    if (selection.matches(flow)) failed = lister.add(flow);
    return failed.ok() && !session.is_over();
  });
  if (failed.ok()) failed = lister.flush();
  count = lister.count();
  return status.ok() ? failed : status;
}

bool is_filtered(const Arguments& arguments) {
  const OptionSet& given = arguments.given;
  for (const Option option : {Option::kFamily, Option::kSrcNat, Option::kDstNat, Option::kAnyNat})
    if (given.has(option)) return true;
  return arguments.filter || arguments.questions.who_had;
}

int list_entries(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  const Selection selection(session, arguments);
  FlowPrinter printer(session, print_options(arguments, session.label_map(arguments)));
  size_t count = 0;
  Status status;
  if (dump_kind(arguments) == DumpKind::kTableAndZero && is_filtered(arguments)) {
    status = list_and_zero(session, **client, selection, printer, count);
  } else {
    status = (*client)->dump(dump_kind(arguments), &selection.pushed_down(), [&](const Flow& flow) {
      if (!selection.matches(flow)) return !session.is_over();
      printer.print({.flow = flow});
      ++count;
      return !session.is_over();
    });
  }
  printer.finish();
  if (!status) return session.operation_failed(status.error(), arguments);
  return summarize(session, count, "flow entries have been shown.", !arguments.questions.who_had);
}

int list_expectations(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  FlowPrinter printer(session, print_options(arguments, nullptr));
  size_t count = 0;
  Status status =
      (*client)->dump_expectations(arguments.family, [&](const Expectation& expectation) {
        printer.print({.expectation = expectation, .now = session.now()});
        ++count;
        return !session.is_over();
      });
  printer.finish();
  if (!status) return session.operation_failed(status.error(), arguments);
  return summarize(session, count, "expectations have been shown.", true);
}

/// -G asks for the original tuple; what conntrack says when only the reply's is there.
int incomplete_query(const Arguments& arguments) {
  const OptionSet& given = arguments.given;
  if (!given.has(Option::kSrc) || !given.has(Option::kDst)) return EINVAL;
  const TransportKind kind = transport_kind(arguments.proto.value_or(0));
  const bool wants_ports = kind == TransportKind::kPorts || kind == TransportKind::kKeys;
  return wants_ports && !given.has(Option::kSport) ? ENODATA : 0;
}

int get_entry(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  if (const int code = incomplete_query(arguments); code != 0)
    return session.operation_failed({code, {}}, arguments);
  const Selection selection(session, arguments);
  FlowPrinter printer(session, print_options(arguments, session.label_map(arguments)));
  size_t count = 0;
  int failed = 0;
  (*client)->add(Operation::kGet, build_query(arguments));
  Status status = (*client)->run_batch([&](size_t, int code, const Flow* answer) {
    failed = code;
    if (!answer || !selection.matches(*answer)) return;
    printer.print({.flow = *answer});
    ++count;
  });
  printer.finish();
  if (status.ok() && failed != 0) status = Error{failed, {}};
  if (!status) return session.operation_failed(status.error(), arguments);
  return summarize(session, count, "flow entries have been shown.", false);
}

int get_expectation(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  FlowPrinter printer(session, print_options(arguments, nullptr));
  Status status =
      (*client)->get_expectation(build_expectation(arguments), [&](const Expectation& expectation) {
        printer.print({.expectation = expectation, .now = session.now()});
        return true;
      });
  printer.finish();
  return status.ok() ? 0 : session.operation_failed(status.error(), arguments);
}

// ---- changing ----

/// Entries on their way to being deleted, printed when it is known that they were.
class Deleter {
 public:
  Deleter(Client& client, FlowPrinter& printer) : client_(client), printer_(printer) {}

  void add(const Flow& flow) {
    if (!client_.add(Operation::kDelete, deletion(flow))) {
      flush();
      client_.add(Operation::kDelete, deletion(flow));
    }
    queue_.push_back(flow);
  }

  void finish() { flush(); }
  const Outcome& outcome() const { return outcome_; }

 private:
  void flush() {
    Status status = client_.run_batch([&](size_t index, int code, const Flow*) {
      if (code == ENOENT) return;  // it went away by itself
      if (code != 0) {
        if (!outcome_.error) outcome_.error = Error{code, entry_name(queue_[index])};
        return;
      }
      printer_.print({.flow = queue_[index], .verb = SaveVerb::kDelete});
      ++outcome_.count;
    });
    if (!status && !outcome_.error) outcome_.error = status.error();
    queue_.clear();
  }

  /// What the answerer needs to find the very entry.
  static Flow deletion(const Flow& flow) {
    Flow request;
    request.orig = flow.orig;
    request.fields.add(FlowField::kOrig);
    if (flow.has(FlowField::kZone)) request.set_zone(flow.zone);
    if (flow.has(FlowField::kId)) request.set_id(flow.id);
    return request;
  }

  Client& client_;
  FlowPrinter& printer_;
  std::vector<Flow> queue_;
  Outcome outcome_;
};

/// Entries on their way to being changed: each update is followed by a reading of the entry, which
/// is printed.
class Updater {
 public:
  Updater(Client& client, FlowPrinter& printer) : client_(client), printer_(printer) {}

  void add(const Flow& entry, const Flow& update) {
    if (!enqueue(update)) {
      flush();
      enqueue(update);
    }
    queue_.push_back(entry);
    // What is bound to fail ends the batch, so that nothing behind it is changed.
    if (bound_to_fail(entry, update)) flush();
  }

  void finish() {
    if (!outcome_.error) flush();
  }
  const Outcome& outcome() const { return outcome_; }

 private:
  void flush() {
    int failed = 0;  // errno of the update in front of the reading
    Status status = client_.run_batch([&](size_t index, int code, const Flow* answer) {
      if (index % 2 == 0)
        failed = code;
      else
        settle(queue_[index / 2], failed, answer);
    });
    if (!status && !outcome_.error) outcome_.error = status.error();
    queue_.clear();
  }

  bool enqueue(const Flow& update) {
    // A batch holds fewer readings than updates, so asking for the reading first would be wrong:
    // the pair goes in together or not at all.
    if (queue_.size() == kPairs) return false;
    client_.add(Operation::kUpdate, update);
    client_.add(Operation::kGet, update);
    return true;
  }

  static bool bound_to_fail(const Flow& entry, const Flow& update) {
    if (update.has(FlowField::kTimeout) && (entry.status & kFixedTimeout)) return true;
    return update.has(FlowField::kStatus) && ((update.status ^ entry.status) & kExpected);
  }

  void settle(const Flow& entry, int failed, const Flow* answer) {
    const bool no_label_room = failed == ENOSPC;
    if (failed == ENOENT || no_label_room) return;
    if (failed != 0) {
      if (outcome_.error) return;
      outcome_.error = Error{failed, entry_name(entry)};
      if (failed == EPERM && (entry.status & kFixedTimeout))
        outcome_.error = Error{EBUSY, "the entry's timeout is fixed: " + entry_name(entry)};
      return;
    }
    if (!answer || answer->id != entry.id) return;  // gone since, or another entry by now
    printer_.print({.flow = *answer});
    ++outcome_.count;
  }

  static constexpr size_t kPairs = 32;
  Client& client_;
  FlowPrinter& printer_;
  std::vector<Flow> queue_;
  Outcome outcome_;
};

/// Has a Changer look at every selected entry, until it fails or a signal comes.
template <typename Changer, typename Add>
Outcome change_selected(Session& session, const Arguments& arguments, const Add& add) {
  auto client = session.client();
  if (!client) return {0, client.error()};
  auto modifier = session.modifier();
  if (!modifier) return {0, modifier.error()};
  const Selection selection(session, arguments);
  FlowPrinter printer(session, print_options(arguments, session.label_map(arguments)));
  Changer changer(**modifier, printer);
  const Status status =
      (*client)->dump(DumpKind::kTable, &selection.pushed_down(), [&](const Flow& flow) {
        if (selection.matches(flow)) std::invoke(add, changer, flow);
        return !changer.outcome().error && stop_signal == 0;
      });
  changer.finish();
  Outcome outcome = changer.outcome();
  if (!status && !outcome.error) outcome.error = status.error();
  return outcome;
}

int create_entry(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  const bool adds = arguments.command == Command::kAdd;
  EntryWriter writer(**client);
  writer.add(adds ? EntryWriter::Mode::kAdd : EntryWriter::Mode::kCreate, build_entry(arguments),
             0);
  writer.flush();
  if (const auto& failure = writer.failure())
    return session.operation_failed(failure->error, arguments);
  return summarize(session, 1,
                   adds ? "flow entries have been added." : "flow entries have been created.",
                   false);
}

int create_expectation(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  Status status = (*client)->create_expectation(build_expectation(arguments));
  return status.ok() ? 0 : session.operation_failed(status.error(), arguments);
}

int delete_expectation(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  Status status = (*client)->delete_expectation(build_expectation(arguments));
  if (!status) return session.operation_failed(status.error(), arguments);
  return summarize(session, 1, "expectations have been deleted.", false);
}

int flush_table(Session& session, const Arguments& arguments) {
  if (arguments.table == Table::kConntrack) {
    const Outcome outcome = flush_entries(session, arguments);
    if (outcome.error) return session.operation_failed(*outcome.error, arguments);
    session.messages.say("connection tracking table has been emptied.");
    return 0;
  }
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  if (Status status = (*client)->flush_expectations(); !status)
    return session.operation_failed(status.error(), arguments);
  session.messages.say("expectation table has been emptied.");
  return 0;
}

int run_on_expectations(Session& session, const Arguments& arguments) {
  switch (arguments.command) {
    case Command::kList: return list_expectations(session, arguments);
    case Command::kGet: return get_expectation(session, arguments);
    case Command::kCreate: return create_expectation(session, arguments);
    case Command::kDelete: return delete_expectation(session, arguments);
    case Command::kCount: return count_expectations(session, arguments);
    default: return flush_table(session, arguments);
  }
}

}  // namespace

Outcome delete_entries(Session& session, const Arguments& arguments) {
  if (selects_nothing(arguments)) return {0, Error{EINVAL, {}}};
  if (arguments.questions.dry_run) return rehearse(session, arguments);
  return change_selected<Deleter>(session, arguments, &Deleter::add);
}

Outcome update_entries(Session& session, const Arguments& arguments) {
  if (arguments.questions.dry_run) return rehearse(session, arguments);
  Flow update;
  return change_selected<Updater>(session, arguments, [&](Updater& updater, const Flow& flow) {
    if (build_update(arguments, flow, update)) updater.add(flow, update);
  });
}

Outcome flush_entries(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return {0, client.error()};
  if (Status status = (*client)->flush(arguments.family); !status) return {0, status.error()};
  return {};
}

int run_command(Session& session, const Arguments& arguments) {
  if (arguments.command == Command::kStats) return show_stats(session, arguments);
  if (arguments.table == Table::kExpect) return run_on_expectations(session, arguments);
  const bool dry_run = arguments.questions.dry_run;
  switch (arguments.command) {
    case Command::kList:
      if (selects_nothing(arguments)) return session.operation_failed({EINVAL, {}}, arguments);
      if (arguments.questions.nat_usage) return show_nat_usage(session, arguments);
      return arguments.questions.group_by.empty() ? list_entries(session, arguments)
                                                  : list_groups(session, arguments);
    case Command::kGet: return get_entry(session, arguments);
    case Command::kCreate:
    case Command::kAdd: return create_entry(session, arguments);
    case Command::kUpdate:
      return summarize_changes(
          session, arguments, update_entries(session, arguments),
          dry_run ? "flow entries would be updated." : "flow entries have been updated.");
    case Command::kDelete:
      return summarize_changes(
          session, arguments, delete_entries(session, arguments),
          dry_run ? "flow entries would be deleted." : "flow entries have been deleted.");
    case Command::kCount: return count_entries(session, arguments);
    default: return flush_table(session, arguments);
  }
}

}  // namespace ctwin::cli
