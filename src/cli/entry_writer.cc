#include "cli/entry_writer.h"

#include <algorithm>
#include <cerrno>

#include "cli/build.h"

namespace ctwin::cli {

using ctnetlink::Operation;

namespace {

constexpr size_t kQueue = 128;  // as many as a batch of the client takes

/// What ctnetlink refuses to change, known from the entry's state (netfilter: ctnetlink_change_*).
bool update_will_fail(const Flow& update, const Flow& existing) {
  if (update.has(FlowField::kNatSrc) || update.has(FlowField::kNatDst)) return true;
  if (update.has(FlowField::kTimeout) && (existing.status & kFixedTimeout)) return true;
  if (!update.has(FlowField::kStatus)) return false;
  const uint32_t changed = update.status ^ existing.status;
  const uint32_t cleared = changed & existing.status;
  return (changed & (kExpected | kConfirmed | kDying)) || (cleared & (kSeenReply | kAssured));
}

}  // namespace

EntryWriter::EntryWriter(ctnetlink::Client& client)
    : apart_(ctnetlink::can_read_ahead(client.backend())), client_(client) {}

bool EntryWriter::add(Mode mode, const Flow& flow, size_t tag) {
  std::vector<Entry>& queue = queues_[filling_];
  queue.push_back({mode, tag, 0, false, flow, {}});
  // EXPECTED cannot be asked for: the entry of a reload has no master to be related to.
  if (mode == Mode::kAdd) queue.back().flow.status &= ~uint32_t{kExpected};
  if (queue.size() < kQueue) return true;
  if (!apart_ || failed_) return flush();
  worker_.start([this, &queue] { carry_out(queue); });
  filling_ = (filling_ + 1) % queues_.size();
  return true;
}

bool EntryWriter::flush() {
  worker_.wait();
  carry_out(queues_[filling_]);
  return !failure_;
}

/// Makes the queue the batch, and does what it says unless something has failed before.
void EntryWriter::carry_out(std::vector<Entry>& queue) {
  batch_.swap(queue);
  queue.clear();
  if (failure_) return;
  limit_ = batch_.size();
  if (create_all() && update_existing()) take_back(limit_);
  failed_ = failure_.has_value();
}

void EntryWriter::fail(size_t index, Error error) {
  limit_ = index;
  failure_ = Failure{batch_[index].tag, batch_[index].mode, std::move(error)};
}

bool EntryWriter::conversation_failed(const Status& status) {
  if (!status.ok()) fail(0, status.error());
  return !status.ok();
}

/// Sends everything as new. Sets `limit_` to the first entry that failed for good.
bool EntryWriter::create_all() {
  for (size_t first = 0; first < batch_.size();) {
    size_t next = first;
    while (next < batch_.size() && client_.add(Operation::kCreate, batch_[next].flow)) ++next;
    const Status status = client_.run_batch([&](size_t index, int code, const Flow*) {
      Entry& entry = batch_[first + index];
      entry.code = code;
      entry.created = code == 0;
    });
    if (conversation_failed(status)) return false;
    first = next;
  }
  for (size_t i = 0; i < batch_.size(); ++i) {
    const Entry& entry = batch_[i];
    if (entry.code == 0 || (entry.mode == Mode::kAdd && entry.code == EEXIST)) continue;
    fail(i, {entry.code, {}});
    break;
  }
  return true;
}

bool EntryWriter::update_existing() { return read_existing() && send_updates(); }

bool EntryWriter::read_existing() {
  std::vector<Entry*> asked;
  const auto run = [&] {
    const Status status = client_.run_batch([&](size_t index, int code, const Flow* answer) {
      if (code == 0 && answer) asked[index]->existing = *answer;
    });
    asked.clear();
    return !conversation_failed(status);
  };
  for (size_t i = 0; i < limit_; ++i) {
    Entry& entry = batch_[i];
    if (entry.code != EEXIST) continue;
    if (!client_.add(Operation::kGet, entry.flow)) {
      if (!run()) return false;
      client_.add(Operation::kGet, entry.flow);
    }
    asked.push_back(&entry);
  }
  return run();
}

/// Reads an entry that has been changed since it was read.
bool EntryWriter::read_again(Entry& entry) {
  client_.add(Operation::kGet, entry.flow);
  entry.existing.reset();
  const Status status = client_.run_batch([&](size_t, int code, const Flow* answer) {
    if (code == 0 && answer) entry.existing = *answer;
  });
  return !conversation_failed(status);
}

bool EntryWriter::send_updates() {
  std::vector<size_t> sent;
  std::vector<uint32_t> changed;  // ids
  const auto run = [&] {
    const Status status = client_.run_batch([&](size_t index, int code, const Flow*) {
      const size_t at = sent[index];
      // An entry without room for labels is left without them, as a new one would be.
      const bool no_label_room = code == ENOSPC && batch_[at].flow.has(FlowField::kLabels);
      if (code == 0 || no_label_room || at >= limit_) return;
      // Permission was not missing when the entry was sent as new.
      fail(at, code == EPERM ? Error{EBUSY, "the entry's timeout is fixed"} : Error{code, {}});
    });
    sent.clear();
    return !conversation_failed(status);
  };
  for (size_t i = 0; i < limit_; ++i) {
    Entry& entry = batch_[i];
    if (entry.code != EEXIST) continue;
    if (entry.existing &&
        std::find(changed.begin(), changed.end(), entry.existing->id) != changed.end()) {
      if (!run() || !read_again(entry)) return false;
      if (i >= limit_) break;
    }
    const Flow update =
        entry.existing ? adapt_to_existing(entry.flow, *entry.existing) : entry.flow;
    if (!client_.add(Operation::kCreateOrUpdate, update)) {
      if (!run()) return false;
      if (i >= limit_) break;
      client_.add(Operation::kCreateOrUpdate, update);
    }
    sent.push_back(i);
    if (entry.existing) changed.push_back(entry.existing->id);
    // Nothing may be sent behind an update that can fail before it is known that it did not.
    if ((!entry.existing || update_will_fail(update, *entry.existing)) && !run()) return false;
  }
  return run();
}

/// Deletes what was created at or behind `first`.
void EntryWriter::take_back(size_t first) {
  const auto run = [&] { (void)client_.run_batch([](size_t, int, const Flow*) {}); };
  for (size_t i = first; i < batch_.size(); ++i) {
    if (!batch_[i].created) continue;
    if (client_.add(Operation::kDelete, batch_[i].flow)) continue;
    run();
    client_.add(Operation::kDelete, batch_[i].flow);
  }
  run();
}

}  // namespace ctwin::cli
