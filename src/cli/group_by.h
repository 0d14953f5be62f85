// --group-by: entries summed up by what they have in common.
//
// Memory grows with the number of groups, not of entries, and has a bound: kMaxGroups groups are
// kept, which take about 140 bytes and 17 more a key each. What comes after these and belongs to
// none of them is summed up as the rest.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cli/group_keys.h"
#include "cli/output.h"

namespace ctwin::cli {

/// What is known of the entries of a group together.
struct GroupSums {
  uint64_t flows = 0;
  uint64_t packets = 0;  ///< of both directions
  uint64_t bytes = 0;
  uint64_t assured = 0;
  uint64_t unreplied = 0;
  uint64_t droppable = 0;  ///< which a full table drops to make room

  void add(const Flow& flow);
};

class Groups {
 public:
  static constexpr size_t kMaxGroups = size_t{1} << 18;

  explicit Groups(GroupColumns columns, size_t max_groups = kMaxGroups)
      : columns_(std::move(columns)), max_groups_(max_groups) {}

  void add(const Flow& flow);

  uint64_t flows() const { return total_.flows; }
  size_t size() const { return sums_.size(); }
  /// Entries that are in no group.
  uint64_t rest() const { return rest_.flows; }

  /// The groups with most entries first, at most `top` of them; then the rest, if there is one.
  /// Groups of the same size stand in the order of their bytes, then of their keys.
  void print_table(size_t top, fmt::memory_buffer& out) const;
  void print_json(size_t top, fmt::memory_buffer& out) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  using Sums = std::unordered_map<std::string, GroupSums, Hash, std::equal_to<>>;
  using Group = const Sums::value_type*;

  std::vector<Group> sorted(size_t top) const;
  std::vector<GroupCell> cells(std::string_view key) const;
  std::vector<std::string> line(std::vector<std::string> cells, const GroupSums& sums) const;
  void print_json(const Group* group, const GroupSums& sums, fmt::memory_buffer& out) const;

  GroupColumns columns_;
  size_t max_groups_;
  Sums sums_;
  GroupSums total_, rest_;
  bool counted_ = false;  ///< any entry had counters
  std::string key_;       ///< of the entry in hand
};

}  // namespace ctwin::cli
