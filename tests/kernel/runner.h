// Runs invocations: the tables as the row wants them, then the program, then what is left.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
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

/// Who is compared with conntrack on the kernel: ctwin on the kernel, ctwin on an engine that is
/// kept in a file, or conntrack itself on an engine that is served, by the shim.
enum class Pair { kKernel, kState, kShim };

/// The first of a pair, and the second, whoever that is.
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
    std::string shim;  ///< the library
  };

  /// The tables of both and a folder for the test's files. An error says why it cannot be.
  static Result<Runner> create(const Programs& programs, Pair pair);

  /// Why the pair cannot be compared by this row; empty if it can.
  static std::string_view unfit(const Invocation& invocation, Pair pair);

  /// Tables prepared anew, unless `prepared` says that they are to be taken as they are.
  Run run(Side side, const Invocation& invocation, const Keep& keep = {}, bool prepared = false);

  /// conntrack and then ctwin in one namespace, on the same tables.
  std::pair<Run, Run> run_both(const Invocation& invocation);

  /// Tables of conntrack's side that hold just these entries. Answers with the id of `wanted`.
  uint32_t prepare(const std::vector<FixtureEntry>& entries, const FixtureEntry& wanted);

  unsigned runs() const { return runs_; }
  const std::string& folder() const { return folder_.path(); }

 private:
  struct Place {
    NetworkNamespace space;
    Table table;
    std::string program;
    std::vector<std::string> environment = {};
    std::vector<Entry> left = {};  ///< what the case before left behind
    bool expectations_left = true;
  };
  Runner(PrivateFolder folder, std::optional<Child> engine, Place first, Place second, Pair pair);

  static Result<Place> make_kernel_place(const std::string& program);
  static Result<Place> make_state_place(const std::string& program, const std::string& folder);
  static Result<Place> make_served_place(const Programs& programs, const std::string& folder,
                                         std::optional<Child>& engine);
  Place& place(Side side) { return places_[side == Side::kConntrack ? 0 : 1]; }
  void empty(Place& where);
  void fill(Place& where, const Invocation& invocation);
  void send_packets(Place& where);
  void write_files(const Invocation& invocation);
  void act(Place& where, const std::string& action);
  void begin_case(Place& where, const Invocation& invocation, const Keep& keep, bool prepared,
                  Run& run);
  bool is_ready(Place& where, const Child& child) const;
  Ended execute(const std::string& path, Place& where, const Invocation& invocation,
                const TableState& before);
  Ended execute_with_actions(Place& where, const Program& program, const Invocation& invocation);
  void end_case(Place& where, const Invocation& invocation, const Ended& ended, Run& run);

  PrivateFolder folder_;
  std::optional<Child> engine_;  ///< that is served
  Place places_[2];
  std::vector<FixtureEntry> entries_;
  std::span<const FixtureExpectation> expectations_;
  std::string usual_labels_;
  Pair pair_;
  IdNames names_;
  unsigned runs_ = 0;
};

}  // namespace ctwin::test
