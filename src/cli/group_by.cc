#include "cli/group_by.h"

#include <algorithm>
#include <cstring>

#include "cli/columns.h"
#include "cli/json.h"

namespace ctwin::cli {

namespace {

constexpr std::string_view kSumNames[] = {"flows",   "share",     "packets",  "bytes",
                                          "assured", "unreplied", "droppable"};

bool is_within(uint8_t state, uint8_t first, uint8_t last) {
  return first <= state && state <= last;
}

/// Whether a connection is being closed, by the states for which the kernel's can_early_drop says
/// so: FIN_WAIT to CLOSE of TCP, SHUTDOWN_SENT to SHUTDOWN_ACK_SENT of SCTP, CLOSEREQ to TIMEWAIT
/// of DCCP.
bool is_closing(const Flow& flow) {
  return (flow.has(FlowField::kTcpState) && is_within(flow.tcp_state, 4, 8)) ||
         (flow.has(FlowField::kSctpState) && is_within(flow.sctp_state, 5, 7)) ||
         (flow.has(FlowField::kDccpState) && is_within(flow.dccp_state, 5, 7));
}

/// What may go when the table is full: entries that are not assured, at once for a new one; and
/// those that are being closed, which the kernel clears away in the background then.
bool is_droppable(const Flow& flow, uint32_t status) {
  if ((status & (kOffload | kHwOffload | kDying)) != 0) return false;
  return (status & kAssured) == 0 || is_closing(flow);
}

}  // namespace

void GroupSums::add(const Flow& flow) {
  ++flows;
  for (const auto& [field, counters] :
       {std::pair(FlowField::kCountersOrig, &flow.counters_orig),
        std::pair(FlowField::kCountersReply, &flow.counters_reply)}) {
    if (!flow.has(field)) continue;
    packets += counters->packets;
    bytes += counters->bytes;
  }
  const uint32_t status = flow.has(FlowField::kStatus) ? flow.status : 0;
  assured += (status & kAssured) != 0;
  unreplied += (status & kSeenReply) == 0;
  droppable += is_droppable(flow, status);
}

void Groups::add(const Flow& flow) {
  counted_ |= flow.has(FlowField::kCountersOrig) || flow.has(FlowField::kCountersReply);
  total_.add(flow);
  key_.clear();
  for (const GroupColumn& column : columns_) {
    const GroupCell cell = cell_of(column, flow);
    key_.append(reinterpret_cast<const char*>(&cell), sizeof cell);
  }
  auto found = sums_.find(std::string_view(key_));
  if (found == sums_.end()) {
    if (sums_.size() == max_groups_) return rest_.add(flow);
    found = sums_.emplace(key_, GroupSums{}).first;
  }
  found->second.add(flow);
}

std::vector<Groups::Group> Groups::sorted(size_t top) const {
  /// What decides mostly stands in the vector itself: the groups lie far apart.
  struct Ranked {
    uint64_t flows, bytes;
    Group group;
  };
  std::vector<Ranked> ranked;
  ranked.reserve(sums_.size());
  for (const auto& group : sums_)
    ranked.push_back({group.second.flows, group.second.bytes, &group});
  const auto before = [](const Ranked& a, const Ranked& b) {
    if (a.flows != b.flows) return a.flows > b.flows;
    if (a.bytes != b.bytes) return a.bytes > b.bytes;
    return a.group->first < b.group->first;
  };
  top = std::min(top, ranked.size());
  const auto end = ranked.begin() + static_cast<ptrdiff_t>(top);
  std::nth_element(ranked.begin(), end, ranked.end(), before);
  std::sort(ranked.begin(), end, before);
  std::vector<Group> groups;
  groups.reserve(top);
  for (size_t i = 0; i < top; ++i) groups.push_back(ranked[i].group);
  return groups;
}

std::vector<GroupCell> Groups::cells(std::string_view key) const {
  std::vector<GroupCell> cells(columns_.size());
  std::memcpy(cells.data(), key.data(), key.size());
  return cells;
}

std::vector<std::string> Groups::line(std::vector<std::string> cells, const GroupSums& sums) const {
  cells.push_back(std::to_string(sums.flows));
  cells.push_back(percent(sums.flows, total_.flows));
  cells.push_back(counted_ ? std::to_string(sums.packets) : "-");
  cells.push_back(counted_ ? std::to_string(sums.bytes) : "-");
  cells.push_back(percent(sums.assured, sums.flows));
  cells.push_back(percent(sums.unreplied, sums.flows));
  cells.push_back(std::to_string(sums.droppable));
  return cells;
}

void Groups::print_table(size_t top, fmt::memory_buffer& out) const {
  std::vector<std::vector<std::string>> lines(1);
  for (const GroupColumn& column : columns_) lines[0].emplace_back(column.name);
  lines[0].insert(lines[0].end(), std::begin(kSumNames), std::end(kSumNames));
  for (const Group group : sorted(top)) {
    std::vector<std::string> names;
    const std::vector<GroupCell> values = cells(group->first);
    for (size_t i = 0; i < values.size(); ++i) names.push_back(cell_text(columns_[i], values[i]));
    lines.push_back(line(std::move(names), group->second));
  }
  if (rest_.flows != 0)
    lines.push_back(line(std::vector<std::string>(columns_.size(), "(rest)"), rest_));
  print_columns(lines, columns_.size(), out);
}

void Groups::print_json(const Group* group, const GroupSums& sums, fmt::memory_buffer& out) const {
  Writer writer(out);
  {
    JsonList object('{', writer);
    if (group) {
      JsonList keys('{', object.key("group"));
      const std::vector<GroupCell> values = cells((*group)->first);
      for (size_t i = 0; i < values.size(); ++i) write_cell(columns_[i], values[i], keys);
    } else {
      object.word_or_null("group", {});
    }
    object.number("flows", sums.flows);
    object.number_or_null("packets", counted_, sums.packets);
    object.number_or_null("bytes", counted_, sums.bytes);
    object.number("assured", sums.assured);
    object.number("unreplied", sums.unreplied);
    object.number("droppable", sums.droppable);
  }
  writer.character('\n');
}

void Groups::print_json(size_t top, fmt::memory_buffer& out) const {
  for (const Group group : sorted(top)) print_json(&group, group->second, out);
  if (rest_.flows != 0) print_json(nullptr, rest_, out);
}

}  // namespace ctwin::cli
