#include "cli/stats.h"

#include <charconv>

#include "base/posix.h"
#include "cli/selection.h"
#include "ctnetlink/uapi.h"

namespace ctwin::cli {

namespace {

constexpr const char* kCountFile = "/proc/sys/net/netfilter/nf_conntrack_count";
constexpr const char* kMaxFile = "/proc/sys/net/netfilter/nf_conntrack_max";
constexpr const char* kStatsFile = "/proc/net/stat/nf_conntrack";

std::string_view counter_name(uint16_t type) {
  switch (type) {
    case CTA_STATS_SEARCHED: return "searched";
    case CTA_STATS_FOUND: return "found";
    case CTA_STATS_NEW: return "new";
    case CTA_STATS_INVALID: return "invalid";
    case CTA_STATS_IGNORE: return "ignore";
    case CTA_STATS_DELETE: return "delete";
    case CTA_STATS_DELETE_LIST: return "delete_list";
    case CTA_STATS_INSERT: return "insert";
    case CTA_STATS_INSERT_FAILED: return "insert_failed";
    case CTA_STATS_DROP: return "drop";
    case CTA_STATS_EARLY_DROP: return "early_drop";
    case CTA_STATS_ERROR: return "error";
    case CTA_STATS_SEARCH_RESTART: return "search_restart";
    case CTA_STATS_CLASH_RESOLVE: return "clash_resolve";
    case CTA_STATS_CHAIN_TOOLONG: return "chaintoolong";
    default: return {};
  }
}

std::string_view expectation_counter_name(uint16_t type) {
  switch (type) {
    case CTA_STATS_EXP_NEW: return "expect_new";
    case CTA_STATS_EXP_CREATE: return "expect_create";
    case CTA_STATS_EXP_DELETE: return "expect_delete";
    default: return {};
  }
}

void print_cpu(const ctnetlink::CpuStats& stats, bool expect, fmt::memory_buffer& out) {
  auto at = fmt::appender(out);
  fmt::format_to(at, "cpu={:<4}\t", stats.cpu);
  int unknown = 0;
  for (const auto& [type, value] : stats.counters) {
    const std::string_view name = expect ? expectation_counter_name(type) : counter_name(type);
    if (!name.empty())
      fmt::format_to(at, "{}={} ", name, value);
    else
      fmt::format_to(at, "unknown{}={} ", ++unknown, value);
  }
  out.push_back('\n');
}

/// The words of a line, split at blanks.
std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

/// A header of names, then a line of hexadecimal numbers for each CPU.
Status print_proc_stats(fmt::memory_buffer& out) {
  auto text = read_file(kStatsFile);
  if (!text) return text.error();
  std::string_view rest = *text;
  std::vector<std::string_view> names;
  for (unsigned cpu = 0; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const auto words = split(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (names.empty()) {
      names = words;
      continue;
    }
    auto at = fmt::appender(out);
    fmt::format_to(at, "cpu={:<4}\t", cpu++);
    for (size_t i = 0; i < words.size() && i < names.size(); ++i) {
      uint64_t value = 0;
      std::from_chars(words[i].data(), words[i].data() + words[i].size(), value, 16);
      fmt::format_to(at, "{}={} ", names[i], value);
    }
    out.push_back('\n');
  }
  return {};
}

void print_number(Session& session, uint64_t number) {
  fmt::format_to(fmt::appender(session.output.buffer()), "{}\n", number);
}

/// The number in a file of /proc.
Result<uint32_t> read_number(const char* path) {
  const auto text = read_file(path);
  if (!text) return text.error();
  uint32_t number = 0;
  if (std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc{})
    return Error{EBADMSG, {}};
  return number;
}

/// How many entries there are and how many there may be, from /proc where ctnetlink does not say.
Result<ctnetlink::GlobalStats> read_global_stats(ctnetlink::Client& client) {
  auto stats = client.global_stats();
  if (!stats) {
    const auto entries = read_number(kCountFile);
    if (!entries) return stats.error();
    stats = ctnetlink::GlobalStats{*entries, {}};
  }
  if (!stats->max_entries && client.backend().fd() >= 0)
    if (const auto most = read_number(kMaxFile)) stats->max_entries = *most;
  return stats;
}

Result<uint64_t> count_selected(Session& session, ctnetlink::Client& client,
                                const Arguments& arguments) {
  const Selection selection(session, arguments);
  uint64_t count = 0;
  const Status status =
      client.dump(ctnetlink::DumpKind::kTable, &selection.pushed_down(), [&](const Flow& flow) {
        count += selection.matches(flow);
        return stop_signal == 0;
      });
  if (!status) return status.error();
  return count;
}

/// entries=12 max=262144 full=0.0%; a maximum of 0 is none.
void print_fill(Session& session, const ctnetlink::GlobalStats& stats) {
  auto at = fmt::appender(session.output.buffer());
  fmt::format_to(at, "entries={}", stats.entries);
  if (stats.max_entries) fmt::format_to(at, " max={}", *stats.max_entries);
  if (const uint32_t most = stats.max_entries.value_or(0); most != 0)
    fmt::format_to(at, " full={:.1f}%", 100.0 * stats.entries / most);
  fmt::format_to(at, "\n");
}

}  // namespace

int count_entries(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  const bool whole_table = !arguments.filter;
  const bool verbose = arguments.questions.verbose;
  Result<ctnetlink::GlobalStats> stats = ctnetlink::GlobalStats{};
  if (whole_table || verbose) stats = read_global_stats(**client);
  if (!stats) return session.operation_failed(stats.error(), arguments);
  if (whole_table) {
    print_number(session, stats->entries);
  } else {
    const auto count = count_selected(session, **client, arguments);
    if (!count) return session.operation_failed(count.error(), arguments);
    print_number(session, *count);
  }
  if (verbose) print_fill(session, *stats);
  return 0;
}

int count_expectations(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  size_t count = 0;
  Status status = (*client)->dump_expectations(AF_UNSPEC, [&](const Expectation&) {
    ++count;
    return true;
  });
  if (!status) return session.operation_failed(status.error(), arguments);
  print_number(session, count);
  return 0;
}

int show_stats(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  const bool expect = arguments.table == Table::kExpect;
  const auto stats = expect ? (*client)->expectation_cpu_stats() : (*client)->cpu_stats();
  if (stats) {
    for (const ctnetlink::CpuStats& cpu : *stats) print_cpu(cpu, expect, session.output.buffer());
    return 0;
  }
  if (print_proc_stats(session.output.buffer()).ok()) return 0;
  return session.operation_failed(stats.error(), arguments);
}

}  // namespace ctwin::cli
