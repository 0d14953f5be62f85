// Creates entries in pipelined batches, with the outcome that doing them one by one would have.
//
// Entries are sent many at a time and the answerer works through all of them, yet the first failure
// must end the run and leave what came behind it undone. So every entry is first sent as a new one
// that must not exist (NLM_F_EXCL): whatever succeeds was created here and can be taken back. The
// entries of -A that turn out to exist are then read, the request is adapted to what is there, and
// they are updated in a second batch. Of these updates only the last of a batch may be one that the
// entry's state lets expect to fail, since an update cannot be taken back.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

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

  explicit EntryWriter(ctnetlink::Client& client) : client_(client) {}

  /// Queues an entry; sends the queue when it is full. False once an entry has failed.
  bool add(Mode mode, const Flow& flow, size_t tag);

  /// Sends what is queued. False once an entry has failed.
  bool flush();

  size_t done() const { return done_; }
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

  bool create_all();
  bool update_existing();
  bool read_existing();
  bool read_again(Entry& entry);
  bool send_updates();
  void take_back(size_t first);
  void fail(size_t index, Error error);
  bool conversation_failed(const Status& status);  ///< sets the failure

  ctnetlink::Client& client_;
  std::vector<Entry> queue_;
  size_t limit_ = 0;  ///< entries before this index are to be carried out
  size_t done_ = 0;
  std::optional<Failure> failure_;
};

}  // namespace ctwin::cli
