// Creates entries in pipelined batches, with the outcome that doing them one by one would have.
//
// Entries are sent many at a time and the answerer works through all of them, yet the first failure
// must end the run and leave what came behind it undone. So every entry is first sent as a new one
// that must not exist (NLM_F_EXCL): whatever succeeds was created here and can be taken back. The
// entries of -A that turn out to exist are then read, the request is adapted to what is there, and
// they are updated in a second batch. Of these updates only the last of a batch may be one that the
// entry's state lets expect to fail, since an update cannot be taken back.
//
// A batch is carried out by a thread while the caller makes the entries of the next ones, where the
// table is somebody else's and there is more than one processor. No batch is begun before it is
// known that nothing failed.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <vector>

#include "base/worker.h"
#include "ctnetlink/client.h"

namespace ctwin::cli {

class EntryWriter {
 public:
  enum class Mode : uint8_t { kCreate, kAdd };

  /// The first entry that failed.
  struct Failure {
    size_t tag = 0;  ///< as given to `add`
    Mode mode = Mode::kCreate;
    Error error;
  };

  /// Until the next `flush` the client is the writer's alone.
  explicit EntryWriter(ctnetlink::Client& client);

  /// Queues an entry; has the queue carried out when it is full. False when it is known that an
  /// entry has failed.
  bool add(Mode mode, const Flow& flow, size_t tag);

  /// Carries out what is queued, and waits for it. False when an entry has failed.
  bool flush();

  /// Known once `add` or `flush` has answered with false.
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  struct Entry {
    Mode mode;
    size_t tag;
    int code = 0;
    bool created = false;
    Flow flow;
    std::optional<Flow> existing;
  };

  void carry_out(std::vector<Entry>& queue);
  bool create_all();
  bool update_existing();
  bool read_existing();
  bool read_again(Entry& entry);
  bool send_updates();
  void take_back(size_t first);
  void fail(size_t index, Error error);
  bool conversation_failed(const Status& status);  ///< sets the failure

  const bool apart_;  ///< batches are carried out by the worker
  /// One is filled while one waits for the worker and it empties one.
  std::array<std::vector<Entry>, 3> queues_;
  size_t filling_ = 0;
  std::atomic<bool> failed_ = false;

  // Of the batch, and so the worker's while it has one.
  ctnetlink::Client& client_;
  std::vector<Entry> batch_;
  size_t limit_ = 0;  ///< entries before this index are to be carried out
  std::optional<Failure> failure_;

  Worker worker_;
};

}  // namespace ctwin::cli
