// Runs invocations: the tables as the row wants them, then the program, then what is left.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "invocation.h"
#include "namespace.h"
#include "normalise.h"
#include "table.h"

namespace ctwin::test {

/// What {dir}/other-labels holds; {dir}/labels is the usual file, {dir}/none does not exist.
constexpr const char* kOtherLabels = "1 one\n40 vierzig\n7 seven\n";

/// Exit code of a test that says why it cannot run.
constexpr int kSkipped = 77;

enum class Side { kConntrack, kCtwin };

/// Entries that a program gets to see; the others are taken out of the table before it runs.
using Keep = std::function<bool(const Entry&)>;

struct Run {
  Observation seen;
  TableState before;  ///< with the entries that were taken out
  TableState after;
  std::vector<Entry> hidden;  ///< those that were taken out
};

class Runner {
 public:
  struct Programs {
    std::string conntrack;
    std::string ctwin;
  };

  /// Two namespaces with rules and a folder for the test's files. An error says why it cannot be.
  static Result<Runner> create(const Programs& programs);

  /// Tables prepared anew, unless `prepared` says that they are to be taken as they are.
  Run run(Side side, const Invocation& invocation, const Keep& keep = {}, bool prepared = false);

  /// conntrack and then ctwin in one namespace, on the same tables.
  std::pair<Run, Run> run_both(const Invocation& invocation);

  /// Tables of conntrack's side that hold just these entries. Answers with the id of `wanted`.
  uint32_t prepare(const std::vector<FixtureEntry>& entries, const FixtureEntry& wanted);

  unsigned runs() const { return runs_; }
  const std::string& folder() const { return folder_.path(); }
  const std::string& usual_labels() const { return usual_labels_; }

 private:
  struct Place {
    NetworkNamespace space;
    Table table;
    std::vector<Entry> left = {};  ///< what the case before left behind
    bool expectations_left = true;
  };
  Runner(PrivateFolder folder, Place first, Place second, Programs programs)
      : folder_(std::move(folder)),
        places_{std::move(first), std::move(second)},
        programs_(std::move(programs)) {}

  static Result<Place> make_place();
  Place& place(Side side) { return places_[side == Side::kConntrack ? 0 : 1]; }
  void empty(Place& where);
  void fill(Place& where, const Invocation& invocation);
  void send_packets(Place& where);
  void write_files(const Invocation& invocation);
  void act(Place& where, const std::string& action);
  void begin_case(Place& where, const Invocation& invocation, const Keep& keep, bool prepared,
                  Run& run);
  Ended execute(Place& where, Side side, const Invocation& invocation, const TableState& before);
  Ended execute_with_actions(Place& where, const Program& program, const Invocation& invocation);
  void end_case(Place& where, const Invocation& invocation, const Ended& ended, Run& run);

  PrivateFolder folder_;
  Place places_[2];
  Programs programs_;
  std::string usual_labels_;
  IdNames names_;
  unsigned runs_ = 0;
};

}  // namespace ctwin::test
